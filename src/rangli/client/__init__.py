"""What callers install: a typed, asynchronous client of rangli's services.

    async with RangliClient("127.0.0.1:7700", tenant="default") as rangli:
        quote = await rangli.pricing.quote(QuoteRequest(currency="USD", lines=[...]))

Messages are the ones of `rangli.v1`. What the server refuses raises `CallRefused`. Calls that meet
a server that goes away are retried: a change carries a request_id, which makes that safe.
"""

from rangli.client.admission import admission_token
from rangli.client.client import RangliClient
from rangli.client.errors import CallRefused, FieldViolation
from rangli.client.pricing import adjustments_of
from rangli.client.tls import Tls

__all__ = [
    "CallRefused",
    "FieldViolation",
    "RangliClient",
    "Tls",
    "adjustments_of",
    "admission_token",
]

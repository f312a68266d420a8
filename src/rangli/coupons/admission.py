"""Admission tokens: a tenant's gate has let a user come to a batch.

`v1.<expires>.<mac>`, as the client's `admission_token` describes and makes them.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import datetime

_TOKEN = re.compile(r"v1\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)


def why_not(
    key: bytes, token: str, *, tenant: str, batch_id: str, user_id: str, now: datetime
) -> str:
    """ADMISSION_REFUSED's `why`; "" if the token lets this user come at that time."""
    if not token:
        return "MISSING"
    match = _TOKEN.fullmatch(token)
    if match is None:
        return "OTHER_USER"
    expires, mac = match.groups()
    said = "\0".join(("rangli-admission", "v1", tenant, batch_id, user_id, expires))
    own = urlsafe_b64encode(hmac.digest(key, said.encode(), "sha256")).decode().rstrip("=")
    if not hmac.compare_digest(mac, own):
        return "OTHER_USER"
    return "EXPIRED" if now.timestamp() >= int(expires) else ""

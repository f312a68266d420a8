"""From a quote request to a cart; everything wrong with it is named."""

from __future__ import annotations

from datetime import datetime

from rangli.core.clock import micros
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import printable
from rangli.core.money import (
    CART_MINOR_MAX,
    LINE_MINOR_MAX,
    LINES_MAX,
    QUANTITY_MAX,
    known_currency,
)
from rangli.pricing.cart import Cart, Credential, Line
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import micros_of

_CREDENTIALS_MAX = 100
_GROUPS_MAX = 50
_TAGS_MAX = 20
# Enough to mend a request; a cart of 500 bad lines need not be told 500 times.
_VIOLATIONS_MAX = 20


def cart_of(request: pb.QuoteRequest, now: datetime) -> Cart:
    """The cart the request describes; raises Invalid with the first violations found."""
    reader = _Reader()
    cart = reader.cart(request, now)
    if reader.violations:
        raise Invalid.fields(*reader.violations[:_VIOLATIONS_MAX])
    return cart


class _Reader:
    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def bad(self, field: str, description: str) -> None:
        self.violations.append(Violation(field, description))

    def text(self, value: str, field: str, most: int) -> str:
        if len(value) > most or not printable(value):
            self.bad(field, f"must be at most {most} printable characters")
        return value

    def name(self, value: str, field: str, most: int) -> str:
        if not 1 <= len(value) <= most or not printable(value):
            self.bad(field, f"is required: 1 to {most} printable characters")
        return value

    def cart(self, request: pb.QuoteRequest, now: datetime) -> Cart:
        if not known_currency(request.currency):
            self.bad("currency", 'must be an ISO 4217 code such as "USD"')
        at_us = (
            micros_of(request.priced_at, "priced_at")
            if request.HasField("priced_at")
            else (micros(now))
        )
        if len(request.user_groups) > _GROUPS_MAX:
            self.bad("user_groups", f"at most {_GROUPS_MAX}")
        return Cart(
            currency=request.currency,
            lines=self.lines(request),
            user_id=self.text(request.user_id, "user_id", 100),
            user_groups=tuple(
                self.text(group, f"user_groups[{number}]", 100)
                for number, group in enumerate(request.user_groups)
            ),
            store_id=self.text(request.store_id, "store_id", 100),
            channel=self.text(request.channel, "channel", 50),
            credentials=self.credentials(request),
            at_us=at_us,
            explain=request.explain,
        )

    def lines(self, request: pb.QuoteRequest) -> list[Line]:
        if not 1 <= len(request.lines) <= LINES_MAX:
            self.bad("lines", f"must be 1 to {LINES_MAX}, not {len(request.lines)}")
            return []
        lines = [
            self.line(message, f"lines[{number}]", request)
            for number, message in enumerate(request.lines)
        ]
        if len({line.line_id for line in lines}) < len(lines):
            self.duplicates([line.line_id for line in lines], "lines[{}].line_id")
        whole = sum(line.list_minor * line.quantity for line in lines)
        if whole > CART_MINOR_MAX:
            self.bad("lines", f"list prices come to more than {CART_MINOR_MAX}")
        return lines

    def line(self, message: pb.CartLine, at: str, request: pb.QuoteRequest) -> Line:
        quantity, list_minor = message.quantity, message.list_minor
        if not 1 <= quantity <= QUANTITY_MAX:
            self.bad(f"{at}.quantity", f"must be 1 to {QUANTITY_MAX}, not {quantity}")
        if not message.HasField("list_minor"):
            self.bad(f"{at}.list_minor", "is required: the list price of one unit")
        elif list_minor < 0 or list_minor * quantity > LINE_MINOR_MAX:
            self.bad(f"{at}.list_minor", f"times quantity must be 0 to {LINE_MINOR_MAX}")
        if message.currency and message.currency != request.currency:
            self.bad(f"{at}.currency", "must be the cart's: one currency a cart")
        if len(message.tags) > _TAGS_MAX:
            self.bad(f"{at}.tags", f"at most {_TAGS_MAX}")
        return Line(
            line_id=self.name(message.line_id, f"{at}.line_id", 64),
            sku=self.name(message.sku, f"{at}.sku", 100),
            quantity=quantity,
            list_minor=list_minor,
            category_path=self.text(message.category_path, f"{at}.category_path", 200)
            if message.HasField("category_path")
            else None,
            brand=self.text(message.brand, f"{at}.brand", 100)
            if message.HasField("brand")
            else None,
            tags=tuple(self.name(tag, f"{at}.tags", 100) for tag in message.tags),
            store_id=self.text(message.store_id, f"{at}.store_id", 100) or request.store_id,
            position=message.position,
        )

    def credentials(self, request: pb.QuoteRequest) -> list[Credential]:
        if len(request.credentials) > _CREDENTIALS_MAX:
            self.bad("credentials", f"at most {_CREDENTIALS_MAX}")
            return []
        credentials = [
            Credential(
                self.name(message.credential_id, f"credentials[{number}].credential_id", 100),
                self.name(message.activity_id, f"credentials[{number}].activity_id", 100),
                micros_of(message.expires_at, f"credentials[{number}].expires_at")
                if message.HasField("expires_at")
                else None,
            )
            for number, message in enumerate(request.credentials)
        ]
        self.duplicates(
            [credential.credential_id for credential in credentials],
            "credentials[{}].credential_id",
        )
        return credentials

    def duplicates(self, names: list[str], field: str) -> None:
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            if first.setdefault(name, number) != number:
                self.bad(field.format(number), f"is that of number {first[name]} again")

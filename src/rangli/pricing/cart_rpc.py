"""From a quote request to a cart; everything wrong with it is named."""

from __future__ import annotations

from datetime import datetime

from rangli.core.clock import micros
from rangli.core.errors import Invalid, Violation
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
    """Reads a request and collects what is wrong with it.

    A field's path is put together only if it is to be named: this is on the way of every quote.
    """

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._item: tuple[str, int] | None = None  # the repeated field and number that is read

    def bad(self, field: str, description: str) -> None:
        if self._item is not None:
            field = f"{self._item[0]}[{self._item[1]}].{field}"
        self.violations.append(Violation(field, description))

    def text(self, value: str, field: str, most: int) -> str:
        if len(value) > most or not value.isprintable():
            self.bad(field, f"must be at most {most} printable characters")
        return value

    def name(self, value: str, field: str, most: int) -> str:
        if not 1 <= len(value) <= most or not value.isprintable():
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
        currency, store_id = request.currency, request.store_id
        lines = []
        for number, message in enumerate(request.lines):
            self._item = ("lines", number)
            lines.append(self.line(message, currency, store_id))
        self._item = None
        self.duplicates([line.line_id for line in lines], "lines[{}].line_id")
        whole = sum(line.list_minor * line.quantity for line in lines)
        if whole > CART_MINOR_MAX:
            self.bad("lines", f"list prices come to more than {CART_MINOR_MAX}")
        return lines

    def line(self, message: pb.CartLine, currency: str, store_id: str) -> Line:
        quantity, list_minor = message.quantity, message.list_minor
        if not 1 <= quantity <= QUANTITY_MAX:
            self.bad("quantity", f"must be 1 to {QUANTITY_MAX}, not {quantity}")
        if not message.HasField("list_minor"):
            self.bad("list_minor", "is required: the list price of one unit")
        elif list_minor < 0 or list_minor * quantity > LINE_MINOR_MAX:
            self.bad("list_minor", f"times quantity must be 0 to {LINE_MINOR_MAX}")
        if message.currency and message.currency != currency:
            self.bad("currency", "must be the cart's: one currency a cart")
        tags = tuple(message.tags)
        if len(tags) > _TAGS_MAX:
            self.bad("tags", f"at most {_TAGS_MAX}")
        for tag in tags:
            self.name(tag, "tags", 100)
        category_path = message.category_path if message.HasField("category_path") else None
        if category_path:
            self.text(category_path, "category_path", 200)
        brand = message.brand if message.HasField("brand") else None
        if brand:
            self.text(brand, "brand", 100)
        return Line(
            line_id=self.name(message.line_id, "line_id", 64),
            sku=self.name(message.sku, "sku", 100),
            quantity=quantity,
            list_minor=list_minor,
            category_path=category_path,
            brand=brand,
            tags=tags,
            store_id=self.text(message.store_id, "store_id", 100) or store_id,
            position=message.position,
        )

    def credentials(self, request: pb.QuoteRequest) -> list[Credential]:
        if len(request.credentials) > _CREDENTIALS_MAX:
            self.bad("credentials", f"at most {_CREDENTIALS_MAX}")
            return []
        credentials = []
        for number, message in enumerate(request.credentials):
            self._item = ("credentials", number)
            credentials.append(
                Credential(
                    self.name(message.credential_id, "credential_id", 100),
                    self.name(message.activity_id, "activity_id", 100),
                    micros_of(message.expires_at, f"credentials[{number}].expires_at")
                    if message.HasField("expires_at")
                    else None,
                )
            )
        self._item = None
        self.duplicates(
            [credential.credential_id for credential in credentials],
            "credentials[{}].credential_id",
        )
        return credentials

    def duplicates(self, names: list[str], field: str) -> None:
        if len(set(names)) == len(names):
            return
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            if first.setdefault(name, number) != number:
                self.bad(field.format(number), f"is that of number {first[name]} again")

"""From a quote request to a cart; everything wrong with it is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rangli.core.clock import micros
from rangli.core.errors import Invalid, Violation
from rangli.core.money import (
    CART_MINOR_MAX,
    LINE_MINOR_MAX,
    LINES_MAX,
    QUANTITY_MAX,
    known_currency,
)
from rangli.pricing.bounds import DELIVERIES_MAX, NODES_MAX
from rangli.pricing.cart import Cart, Credential, Delivery, LimitLeft, Line
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import micros_of

_CREDENTIALS_MAX = 100
_CODES_MAX = 30
_FACTS_MAX = 100
_LIMITS_MAX = 1_000
_GROUPS_MAX = 50
_TAGS_MAX = 20
_HINTS_MAX = 20
# Enough to mend a request; a cart of 500 bad lines need not be told 500 times.
VIOLATIONS_MAX = 20
_BASIS = {ab.PRICE_BASIS_UNSPECIFIED: "", ab.PRICE_BASIS_GROSS: "GROSS", ab.PRICE_BASIS_NET: "NET"}


def cart_of(request: pb.QuoteRequest, now: datetime) -> Cart:
    """The cart the request describes; raises Invalid with the first violations found."""
    reader = Reader()
    cart = reader.cart(request, now)
    if reader.violations:
        raise Invalid.fields(*reader.violations[:VIOLATIONS_MAX])
    return cart


def product_violations(message: pb.CartLine) -> list[Violation]:
    """What is wrong with a line, its currency and store apart."""
    reader = Reader()
    reader.line(message, message.currency, "")
    return reader.violations


class Reader:
    """Reads a request and collects what is wrong with it.

    A field's path is put together only if it is to be named: this is on the way of every quote.
    """

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._item: tuple[str, int] | None = None  # the repeated field and number that is read

    def _bad(self, field: str, description: str) -> None:
        if self._item is not None:
            field = f"{self._item[0]}[{self._item[1]}].{field}"
        self.violations.append(Violation(field, description))

    def _text(self, value: str, field: str, most: int) -> str:
        if len(value) > most or not value.isprintable():
            self._bad(field, f"must be at most {most} printable characters")
        return value

    def _name(self, value: str, field: str, most: int) -> str:
        if not 1 <= len(value) <= most or not value.isprintable():
            self._bad(field, f"is required: 1 to {most} printable characters")
        return value

    def _number(self, value: int, field: str, most: int) -> int:
        if not 0 <= value <= most:
            self._bad(field, f"must be 0 to {most}, not {value}")
        return value

    def _left(self, message: pb.LimitLeft, field: str) -> int | None:
        if not message.HasField(field):
            return None
        return self._number(getattr(message, field), field, 2**63 - 1)

    def _some(self, messages: Sequence[Any], field: str, most: int) -> Sequence[Any]:
        """The messages, or none if there are too many to look at."""
        if len(messages) > most:
            self._bad(field, f"at most {most}, not {len(messages)}")
            return ()
        return messages

    def cart(self, request: pb.QuoteRequest, now: datetime) -> Cart:
        """The cart; of no use if there are violations."""
        if not known_currency(request.currency):
            self._bad("currency", 'must be an ISO 4217 code such as "USD"')
        if request.price_basis not in _BASIS:
            self._bad("price_basis", "must be PRICE_BASIS_GROSS or PRICE_BASIS_NET")
        lines, deliveries = self.lines(request), self._deliveries(request)
        self._amounts(lines, deliveries)
        return Cart(
            currency=request.currency,
            lines=lines,
            user_id=self._text(request.user_id, "user_id", 100),
            user_groups=tuple(
                self._text(group, f"user_groups[{number}]", 100)
                for number, group in enumerate(
                    self._some(request.user_groups, "user_groups", _GROUPS_MAX)
                )
            ),
            store_id=self._text(request.store_id, "store_id", 100),
            channel=self._text(request.channel, "channel", 50),
            credentials=self._credentials(request),
            at_us=(
                micros_of(request.priced_at, "priced_at")
                if request.HasField("priced_at")
                else micros(now)
            ),
            explain=request.explain,
            codes=self._codes(request),
            all_codes_or_none=request.all_codes_or_none,
            deliveries=deliveries,
            facts=self._facts(request),
            limits_left=self._limits(request),
            outside_minor=self._number(
                request.outside_off_minor, "outside_off_minor", CART_MINOR_MAX
            ),
            price_basis=_BASIS.get(request.price_basis, ""),
            policy_id=self._text(request.policy_id, "policy_id", 100),
            node_limit=self._number(request.node_limit, "node_limit", NODES_MAX),
            hints=self._number(request.hints, "hints", _HINTS_MAX),
            snapshot=request.snapshot,
        )

    def lines(self, request: pb.QuoteRequest) -> list[Line]:
        """The lines of the cart; none if there are too many to look at."""
        size = len(request.lines)
        if size > LINES_MAX or not (size or request.deliveries):
            self._bad("lines", f"at most {LINES_MAX}, and a cart has a line or a delivery at least")
            return []
        currency, store_id = request.currency, request.store_id
        lines = []
        for number, message in enumerate(request.lines):
            self._item = ("lines", number)
            lines.append(self.line(message, currency, store_id))
        self._item = None
        self._duplicates([line.line_id for line in lines], "lines[{}].line_id")
        return lines

    def line(self, message: pb.CartLine, currency: str, store_id: str) -> Line:
        """A line of a cart with this currency, and with this store unless it names its own."""
        quantity, list_minor = message.quantity, message.list_minor
        if not 1 <= quantity <= QUANTITY_MAX:
            self._bad("quantity", f"must be 1 to {QUANTITY_MAX}, not {quantity}")
        if not message.HasField("list_minor"):
            self._bad("list_minor", "is required: the list price of one unit")
        elif list_minor < 0 or list_minor * quantity > LINE_MINOR_MAX:
            self._bad("list_minor", f"times quantity must be 0 to {LINE_MINOR_MAX}")
        if message.currency and message.currency != currency:
            self._bad("currency", "must be the cart's: one currency a cart")
        tags = tuple(message.tags)
        if len(tags) > _TAGS_MAX:
            self._bad("tags", f"at most {_TAGS_MAX}")
        for tag in tags:
            self._name(tag, "tags", 100)
        category_path = message.category_path if message.HasField("category_path") else None
        if category_path:
            self._text(category_path, "category_path", 200)
        brand = message.brand if message.HasField("brand") else None
        if brand:
            self._text(brand, "brand", 100)
        floor_minor, outside_minor = message.floor_minor, message.outside_off_minor
        if floor_minor < 0 or floor_minor * quantity > LINE_MINOR_MAX:
            self._bad("floor_minor", f"times quantity must be 0 to {LINE_MINOR_MAX}")
        if not 0 <= outside_minor <= max(0, list_minor * quantity):
            self._bad("outside_off_minor", "must be 0 up to list_minor * quantity")
        other_list_minor = None
        if message.HasField("other_list_minor"):
            other_list_minor = message.other_list_minor
            if other_list_minor < 0 or other_list_minor * quantity > LINE_MINOR_MAX:
                self._bad("other_list_minor", f"times quantity must be 0 to {LINE_MINOR_MAX}")
        return Line(
            line_id=self._name(message.line_id, "line_id", 64),
            sku=self._name(message.sku, "sku", 100),
            quantity=quantity,
            list_minor=list_minor,
            category_path=category_path,
            brand=brand,
            tags=tags,
            store_id=self._text(message.store_id, "store_id", 100) or store_id,
            position=message.position,
            floor_minor=floor_minor,
            outside_minor=outside_minor,
            other_list_minor=other_list_minor,
        )

    def _deliveries(self, request: pb.QuoteRequest) -> list[Delivery]:
        if not request.deliveries:
            return []
        line_ids = {line.line_id for line in request.lines}
        deliveries = []
        for number, message in enumerate(
            self._some(request.deliveries, "deliveries", DELIVERIES_MAX)
        ):
            self._item = ("deliveries", number)
            delivery_id = self._name(message.delivery_id, "delivery_id", 64)
            if delivery_id in line_ids:
                self._bad("delivery_id", "is that of a line too")
            if not message.HasField("fee_minor"):
                self._bad("fee_minor", "is required: what delivery costs")
            fee_minor = self._number(message.fee_minor, "fee_minor", LINE_MINOR_MAX)
            method = self._text(message.method, "method", 50)
            other_fee_minor = None
            if message.HasField("other_fee_minor"):
                other_fee_minor = self._number(
                    message.other_fee_minor, "other_fee_minor", LINE_MINOR_MAX
                )
            deliveries.append(Delivery(delivery_id, fee_minor, method, other_fee_minor))
        self._item = None
        self._duplicates([each.delivery_id for each in deliveries], "deliveries[{}].delivery_id")
        return deliveries

    def _amounts(self, lines: list[Line], deliveries: list[Delivery]) -> None:
        whole = sum(line.list_minor * line.quantity for line in lines)
        if whole + sum(delivery.fee_minor for delivery in deliveries) > CART_MINOR_MAX:
            self._bad("lines", f"list prices come to more than {CART_MINOR_MAX}")
        # What conditions on the other price basis add up must fit as well.
        other = sum((line.other_list_minor or 0) * line.quantity for line in lines)
        if other + sum(delivery.other_fee_minor or 0 for delivery in deliveries) > CART_MINOR_MAX:
            self._bad("lines", f"other list prices come to more than {CART_MINOR_MAX}")

    def _credentials(self, request: pb.QuoteRequest) -> list[Credential]:
        credentials = []
        for number, message in enumerate(
            self._some(request.credentials, "credentials", _CREDENTIALS_MAX)
        ):
            self._item = ("credentials", number)
            credentials.append(
                Credential(
                    self._name(message.credential_id, "credential_id", 100),
                    self._name(message.activity_id, "activity_id", 100),
                    micros_of(message.expires_at, f"credentials[{number}].expires_at")
                    if message.HasField("expires_at")
                    else None,
                )
            )
        self._item = None
        self._duplicates(
            [credential.credential_id for credential in credentials],
            "credentials[{}].credential_id",
        )
        return credentials

    def _codes(self, request: pb.QuoteRequest) -> tuple[str, ...]:
        if not request.codes:
            return ()
        typed: dict[str, str] = {}
        for number, code in enumerate(self._some(request.codes, "codes", _CODES_MAX)):
            self._name(code, f"codes[{number}]", 50)
            typed.setdefault(code.casefold(), code)
        return tuple(typed.values())

    def _facts(self, request: pb.QuoteRequest) -> dict[str, int | str]:
        facts: dict[str, int | str] = {}
        if not request.facts:
            return facts
        names = []
        for number, message in enumerate(self._some(request.facts, "facts", _FACTS_MAX)):
            self._item = ("facts", number)
            names.append(self._name(message.name, "name", 100))
            kind = message.WhichOneof("value")
            if kind == "text":
                facts[message.name] = self._text(message.text, "text", 200)
            elif kind == "number":
                facts[message.name] = message.number
                if abs(message.number) > CART_MINOR_MAX:
                    self._bad("number", f"must be -{CART_MINOR_MAX} to {CART_MINOR_MAX}")
        self._item = None
        self._duplicates(names, "facts[{}].name")
        return facts

    def _limits(self, request: pb.QuoteRequest) -> dict[str, LimitLeft]:
        limits: dict[str, LimitLeft] = {}
        if not request.limits_left:
            return limits
        names = []
        for number, message in enumerate(
            self._some(request.limits_left, "limits_left", _LIMITS_MAX)
        ):
            self._item = ("limits_left", number)
            names.append(self._name(message.activity_id, "activity_id", 100))
            limits[message.activity_id] = LimitLeft(
                self._left(message, "amount_minor"),
                self._left(message, "units"),
                self._left(message, "uses"),
                frozenset(self._closed(message)),
            )
        self._item = None
        self._duplicates(names, "limits_left[{}].activity_id")
        return limits

    def _closed(self, message: pb.LimitLeft) -> Iterator[str]:
        line_ids = self._some(message.closed_line_ids, "closed_line_ids", LINES_MAX)
        for number, line_id in enumerate(line_ids):
            yield self._name(line_id, f"closed_line_ids[{number}]", 100)

    def _duplicates(self, names: list[str], field: str) -> None:
        if len(set(names)) == len(names):
            return
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            if first.setdefault(name, number) != number:
                self._bad(field.format(number), f"is that of number {first[name]} again")

"""What a rule may use of a request, by name; `Rule` in `activity.proto` says what each one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from rangli.pricing.cart import Cart, Line

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rule_names(cart: Cart, lines: Sequence[Line], presented: Iterable[str]) -> dict[str, object]:
    """The names with their values; what is unknown is left out.

    lines: those of the cart, in an order that does not depend on the message's.
    presented: the activities that credentials or codes are presented for.
    """
    told: dict[str, object] = {
        "user_groups": sorted(cart.user_groups),
        "currency": cart.currency,
        "facts": dict(cart.facts),
        "credentials": sorted(presented),
        "priced_at": _EPOCH + timedelta(microseconds=cart.at_us),
        "lines": [_line(line) for line in lines],
        "list_minor": sum(line.list_minor * line.quantity for line in lines),
    }
    told |= _said(
        user_id=cart.user_id or None, store_id=cart.store_id or None, channel=cart.channel or None
    )
    methods = {delivery.method for delivery in cart.deliveries}
    if methods and "" not in methods:
        told["methods"] = sorted(methods)
    return told


def _line(line: Line) -> dict[str, object]:
    return {
        "sku": line.sku,
        "quantity": line.quantity,
        "list_minor": line.list_minor,
        "tags": sorted(line.tags),
        **_said(category_path=line.category_path, brand=line.brand, store_id=line.store_id or None),
    }


def _said(**texts: str | None) -> dict[str, str]:
    """Those that are known."""
    return {name: text for name, text in texts.items() if text is not None}

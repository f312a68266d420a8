"""From a return's message to what comes back of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rangli.pricing.refunds.checks import refuse
from rangli.pricing.refunds.model import Held, Order, Returned
from rangli.v1 import refund_pb2


def returned_of(message: refund_pb2.Return, path: str, *, order: Order, held: Held) -> Returned:
    """What comes back. held: what had not come back before.

    Raises Invalid with the first field that cannot be.
    """
    if not (message.lines or message.delivery_ids):
        refuse(f"{path}.lines", "a return has lines or delivery_ids")
    lines = {line.line_id: number for number, line in enumerate(order.lines)}
    deliveries = {
        delivery.delivery_id: number
        for number, delivery in enumerate(order.deliveries, len(order.lines))
    }
    units: dict[int, int] = {}
    gifts: dict[str, int] = {}
    for index, item in enumerate(message.lines):
        field = f"{path}.lines[{index}]"
        if item.gift:
            left = _left(held.gifts, item.line_id, gifts, f"{field}.line_id")
            gifts[item.line_id] = _count(item.quantity, left, f"{field}.quantity")
        else:
            if item.line_id not in lines:
                refuse(f"{field}.line_id", "is no line of the order")
            number = lines[item.line_id]
            left = _left(dict(enumerate(held.units)), number, units, f"{field}.line_id")
            units[number] = _count(item.quantity, left, f"{field}.quantity")
    for index, delivery_id in enumerate(message.delivery_ids):
        field = f"{path}.delivery_ids[{index}]"
        if delivery_id not in deliveries:
            refuse(field, "is no delivery group of the order")
        number = deliveries[delivery_id]
        if number in units or not held.units[number]:
            refuse(field, "is refunded already")
        units[number] = 1
    return Returned(units, gifts)


def _left(held: Mapping[Any, int], name: Any, returned: Mapping[Any, int], field: str) -> int:
    if name not in held:
        refuse(field, "is no gift of the order")
    if name in returned:
        refuse(field, "is there twice in one return")
    return held[name]


def _count(quantity: int, left: int, field: str) -> int:
    if not left:
        refuse(field, "everything of it is returned already")
    if not 1 <= quantity <= left:
        refuse(field, f"must be 1 to {left}, which is what is not yet returned; not {quantity}")
    return quantity

"""What is asked of orders: from messages, checked."""

from __future__ import annotations

from collections.abc import Iterable

from rangli.checkout.model import (
    TENDERS_MAX,
    TTL_S_DEFAULT,
    TTL_S_MAX,
    CommitOrder,
    RefundOrder,
    ReleaseOrder,
    Units,
)
from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import printable
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import refund_pb2
from rangli.v1 import wallet_service_pb2 as wb
from rangli.wallet import asked_rpc as wallet
from rangli.wallet.model import AskedTender
from rangli.wire.convert import micros_of
from rangli.wire.names import text_of

_REASON_CHARS_MAX = 500
_LINES_MAX = 1_500  # 500 of a cart, its gifts and deliveries


def order_id_of(order_id: str) -> str:
    """The caller's name for an order."""
    if not 1 <= len(order_id) <= 100 or not printable(order_id):
        raise _invalid("order_id", "must be 1 to 100 printable characters")
    return order_id


def ttl_s(asked: int) -> int:
    """How long all is set aside."""
    if not 0 <= asked <= TTL_S_MAX:
        raise _invalid("ttl_s", f"must be 1 to {TTL_S_MAX}, or 0 for {TTL_S_DEFAULT}")
    return asked or TTL_S_DEFAULT


def check_price_asked(request: pb.ReserveOrderRequest | pb.AmendOrderRequest) -> None:
    """Raises Invalid if it says nothing that a price could be."""
    if request.expected_payable_minor < 0:
        raise _invalid("expected_payable_minor", "must be 0 or more")
    if request.price_change not in pb.PriceChange.values():
        raise _invalid("price_change", "must be a PRICE_CHANGE")


def tenders(request: pb.ReserveOrderRequest | pb.AmendOrderRequest) -> tuple[AskedTender, ...]:
    """What the user's wallet pays."""
    if len(request.tenders) > TENDERS_MAX:
        raise _invalid("tenders", f"at most {TENDERS_MAX}")
    cart = request.checkout.cart
    if request.tenders and not cart.user_id:
        raise _invalid("checkout.cart.user_id", "is required with tenders")
    read = tuple(
        wallet.tender(_tender(one), f"tenders[{place}]", cart.currency)
        for place, one in enumerate(request.tenders)
    )
    wallet.each_once(read)
    return read


def commit(request: pb.CommitOrderRequest) -> CommitOrder:
    """A commit."""
    some = request.lines or request.delivery_ids
    return CommitOrder(
        order_id_of(request.order_id),
        _units(request.lines, request.delivery_ids, "") if some else None,
        final=request.final,
        late=request.late,
        occurred_at=(
            instant(micros_of(request.occurred_at, "occurred_at"))
            if request.HasField("occurred_at")
            else None
        ),
    )


def release(request: pb.ReleaseOrderRequest) -> ReleaseOrder:
    """A release."""
    return ReleaseOrder(
        order_id_of(request.order_id), text_of(request.reason, "reason", _REASON_CHARS_MAX)
    )


def refund(request: pb.RefundOrderRequest) -> RefundOrder:
    """A refund."""
    expected = request.expected_refund_minor
    return RefundOrder(
        order_id_of(request.order_id),
        returned(request),
        expected if request.HasField("expected_refund_minor") else None,
        text_of(request.reason, "reason", _REASON_CHARS_MAX),
        wallet.extend_s(request.expired_lots, request.extend_s),
    )


def preview(request: pb.PreviewOrderRefundRequest) -> RefundOrder:
    """A refund that is not made."""
    return RefundOrder(order_id_of(request.order_id), returned(request), None, "")


def returned(request: pb.RefundOrderRequest | pb.PreviewOrderRefundRequest) -> Units | None:
    """What comes back; None: all that has not yet."""
    if request.HasField("returned") == request.whole:
        raise _invalid("returned", "either this is given, or whole")
    if request.whole:
        return None
    units = _units(request.returned.lines, request.returned.delivery_ids, "returned.")
    if not units:
        raise _invalid("returned.lines", "a return has lines or delivery_ids")
    return units


def _tender(one: cb.OrderTender) -> wb.ReserveTenderRequest.Tender:
    return wb.ReserveTenderRequest.Tender(
        kind=one.kind, unit=one.unit, amount=one.amount, pays_minor=one.pays_minor
    )


def _units(
    lines: Iterable[refund_pb2.ReturnedLine], delivery_ids: Iterable[str], path: str
) -> Units:
    of_lines: dict[str, int] = {}
    gifts: dict[str, int] = {}
    for place, line in enumerate(lines):
        found = gifts if line.gift else of_lines
        if place >= _LINES_MAX:
            raise _invalid(f"{path}lines", f"at most {_LINES_MAX}")
        if line.line_id in found:
            raise _invalid(f"{path}lines[{place}].line_id", "comes twice")
        if line.quantity < 1:
            raise _invalid(f"{path}lines[{place}].quantity", "must be 1 or more")
        found[line.line_id] = line.quantity
    names = sorted(delivery_ids)
    if len(set(names)) < len(names):
        raise _invalid(f"{path}delivery_ids", "one comes twice")
    return Units(of_lines, gifts, tuple(names))


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))

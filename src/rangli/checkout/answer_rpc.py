"""Orders as callers see them."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from rangli.checkout.model import OrderSeen, OrderState, Units
from rangli.checkout.refunds import OrderRefunded
from rangli.pricing import refund_rpc
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import refund_pb2
from rangli.v1 import wallet_service_pb2 as wb
from rangli.wallet.model import WalletKind
from rangli.wire.convert import enum_number, set_timestamp


def order(seen: OrderSeen) -> cb.Order:
    """An order at one moment; of one that never came, that it was released."""
    one = seen.order
    if one.is_tombstone:
        return cb.Order(
            order_id=one.order_id,
            state=_state(one.state),
            created_at=_timestamp(one.created_at),
            revision=one.revision,
        )
    return cb.Order(
        order_id=one.order_id,
        user_id=one.user_id,
        state=_state(one.state_at(seen.now)),
        currency=one.currency,
        list_minor=one.list_minor,
        discount_minor=one.discount_minor,
        payable_minor=one.payable_minor,
        refunded_minor=one.refunded_minor,
        coupon_ids=one.coupon_ids,
        fund_reservation_id=one.fund_reservation_id or "",
        wallet_reservation_id=one.wallet_reservation_id or "",
        tenders=[
            cb.OrderTender(
                kind=_kind(tender.kind),
                unit=tender.unit,
                amount=tender.amount,
                pays_minor=tender.pays_minor,
            )
            for tender in one.tenders
        ],
        expires_at=_timestamp(one.expires_at),
        shipments=[
            cb.Shipment(
                shipment_id=each.shipment_id,
                lines=_lines(each.units),
                delivery_ids=each.units.delivery_ids,
                committed_at=_timestamp(each.committed_at),
            )
            for each in one.shipments
        ],
        refunds=[
            cb.OrderRefund(
                refund_id=each.refund_id,
                returned=refund_pb2.Return(
                    lines=_lines(each.units), delivery_ids=each.units.delivery_ids
                ),
                refund_minor=each.refund_minor,
                refunded_at=_timestamp(each.refunded_at),
            )
            for each in one.refunds
        ],
        created_at=_timestamp(one.created_at),
        revision=one.revision,
        catalogue_version=one.catalogue_version,
    )


def refunded(done: OrderRefunded) -> pb.RefundOrderResponse:
    """What a refund did, or would do."""
    refund = refund_rpc.message(done.paid, done.refund)
    refund.refund_minor = done.refund_minor
    refund.kept_payable_minor = done.kept_payable_minor
    refund.owed_minor = done.owed_minor
    return pb.RefundOrderResponse(
        order=order(done.seen),
        refund=refund,
        tenders=[
            pb.RefundOrderResponse.Tender(
                kind=_kind(back.kind),
                unit=back.unit,
                amount=back.amount,
                refund_minor=back.refund_minor,
            )
            for back in done.tenders
        ],
        external_minor=done.external_minor,
        returned_coupon_ids=done.returned_coupon_ids,
    )


def _lines(units: Units) -> list[refund_pb2.ReturnedLine]:
    """By line_id, then gifts."""
    return [
        refund_pb2.ReturnedLine(line_id=name, quantity=count, gift=gift)
        for of, gift in ((units.lines, False), (units.gifts, True))
        for name, count in sorted(of.items())
    ]


def _state(state: OrderState) -> cb.OrderState:
    number: cb.OrderState = enum_number(cb.OrderState.DESCRIPTOR, state.value)
    return number


def _kind(kind: WalletKind) -> wb.WalletKind:
    number: wb.WalletKind = enum_number(wb.WalletKind.DESCRIPTOR, kind.name)
    return number


def _timestamp(at: datetime) -> Timestamp:
    message = Timestamp()
    set_timestamp(message, at)
    return message

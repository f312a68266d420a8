"""The domain's answers as WalletService's messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from rangli.ledger.model import HoldState, Kind
from rangli.v1 import wallet_service_pb2 as pb
from rangli.wallet.model import (
    Debited,
    Freeze,
    Line,
    LotPart,
    PocketSeen,
    Refunded,
    ReservationSeen,
    WalletKind,
)
from rangli.wallet.service import METHOD
from rangli.wire.convert import enum_number, set_timestamp

_STATES = {
    HoldState.PENDING: pb.WALLET_RESERVATION_STATE_RESERVED,
    HoldState.POSTED: pb.WALLET_RESERVATION_STATE_CAPTURED,
    HoldState.VOIDED: pb.WALLET_RESERVATION_STATE_RELEASED,
    HoldState.EXPIRED: pb.WALLET_RESERVATION_STATE_EXPIRED,
}
# By the kind of the transaction; of what was posted at once, by who asked, which for what expires
# is the ledger's sweeper.
_TYPES = {
    Kind.CAPTURE: pb.WALLET_ENTRY_TYPE_CAPTURE,
    Kind.RETURN: pb.WALLET_ENTRY_TYPE_REFUND,
}
_POSTED_TYPES = {
    METHOD + "Credit": pb.WALLET_ENTRY_TYPE_CREDIT,
    METHOD + "Debit": pb.WALLET_ENTRY_TYPE_DEBIT,
    METHOD + "Refund": pb.WALLET_ENTRY_TYPE_EXTENSION,
    "Sweep": pb.WALLET_ENTRY_TYPE_EXPIRY,
}


def debited(done: Debited) -> pb.DebitResponse:
    """A debit's answer."""
    return pb.DebitResponse(transaction_id=done.transaction_id, lots=_lots(done.lots))


def reservation(now: ReservationSeen) -> pb.WalletReservation:
    """A reservation at one moment."""
    kept = now.reservation
    return pb.WalletReservation(
        reservation_id=kept.reservation_id,
        user_id=kept.user_id,
        order_id=kept.order_id,
        state=_STATES[now.state],
        expires_at=_timestamp(now.expires_at),
        currency=kept.currency,
        external_minor=kept.external_minor,
        external_refunded_minor=kept.external_refunded_minor,
        tenders=[
            pb.WalletReservation.Tender(
                kind=kind(t.tender.kind),
                unit=t.tender.unit,
                amount=t.tender.amount,
                pays_minor=t.tender.pays_minor,
                captured=t.captured,
                released=t.released,
                returned=t.returned,
                refunded_minor=t.tender.refunded_minor,
                lots=_lots(t.lots),
            )
            for t in now.tenders
        ],
    )


def refunded(done: Refunded) -> pb.RefundTenderResponse:
    """A refund's answer."""
    Back = pb.RefundTenderResponse  # noqa: N806  its nested messages' home
    return Back(
        tenders=[
            Back.Tender(
                kind=kind(back.kind),
                unit=back.unit,
                amount=back.amount,
                refund_minor=back.refund_minor,
                lots=[
                    Back.Lot(
                        expires_at=_timestamp(lot.expires_at),
                        amount=lot.amount,
                        expired=lot.expired,
                        extended_to=_timestamp(lot.extended_to),
                    )
                    for lot in back.lots
                ],
            )
            for back in done.tenders
        ],
        external_minor=done.external_minor,
        reservation=reservation(done.reservation),
    )


def freezes(found: Iterable[Freeze]) -> list[pb.WalletFreeze]:
    """What is frozen."""
    return [
        pb.WalletFreeze(kind=kind(one.kind), reason=one.reason, frozen_at=_timestamp(one.frozen_at))
        for one in found
    ]


def wallet(user_id: str, pockets: Iterable[PocketSeen], frozen: Iterable[Freeze]) -> pb.Wallet:
    """What a user has."""
    return pb.Wallet(
        user_id=user_id,
        pockets=[
            pb.Wallet.Pocket(
                kind=kind(one.kind),
                unit=one.unit,
                available=one.available,
                reserved=one.reserved,
                expiring=one.expiring,
                lots=[
                    pb.Wallet.Lot(
                        expires_at=_timestamp(lot.expires_at),
                        available=lot.available,
                        reserved=lot.reserved,
                    )
                    for lot in one.lots
                ],
                lots_total=one.lots_total,
            )
            for one in pockets
        ],
        freezes=freezes(frozen),
    )


def entry(line: Line) -> pb.WalletEntry:
    """A line of a statement."""
    posted = _POSTED_TYPES.get(line.method, pb.WALLET_ENTRY_TYPE_OTHER)
    return pb.WalletEntry(
        posted_at=_timestamp(line.place.posted_at),
        type=_TYPES.get(line.kind, posted),
        amount=line.amount,
        balance=line.balance,
        lot_expires_at=_timestamp(line.lot_expires_at),
        reference=line.reference,
        order_id=line.order_id,
        reservation_id=line.reservation_id,
        transaction_id=line.place.transaction_id,
    )


def kind(one: WalletKind) -> Any:
    """The kind's number."""
    return enum_number(pb.WalletKind.DESCRIPTOR, one.name)


def _lots(lots: Iterable[LotPart]) -> list[pb.LotAmount]:
    return [pb.LotAmount(expires_at=_timestamp(at), amount=amount) for at, amount in lots]


def _timestamp(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    message = Timestamp()
    set_timestamp(message, at)
    return message

"""What FundService answers, as messages."""

from __future__ import annotations

from rangli.funds.model import Funding
from rangli.funds.pools import Standing
from rangli.funds.wanted import Refunded, ReservationNow
from rangli.ledger.model import Phase
from rangli.ledger.statements import Line
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp

_PHASES = {
    Phase.POSTED: fb.FundEntry.PHASE_POSTED,
    Phase.PENDING_OUT: fb.FundEntry.PHASE_RESERVED,
}


def pool(standing: Standing) -> fb.Pool:
    """A pool and its money."""
    known, balances = standing.pool, standing.balances
    level = known.standing
    message = fb.Pool(
        pool_id=known.pool_id,
        parent_id=known.parent_id or "",
        display_name=known.display_name,
        funder=known.funder,
        currency=known.currency,
        time_zone=known.time_zone,
        warn_bps=known.warn_bps,
        slow_bps=known.slow_bps,
        daily_cap_minor=known.daily_cap_minor,
        state=enum_number(fb.PoolState.DESCRIPTOR, known.state.name),
        revision=known.revision,
        level=enum_number(ab.FundingLevel.DESCRIPTOR, level.level.name),
        budget_minor=balances.budget_minor,
        reserved_minor=balances.reserved_minor,
        spent_minor=balances.spent_minor,
        available_minor=balances.available_minor,
        today_minor=standing.today_minor,
    )
    if level.paused_until is not None:
        set_timestamp(message.paused_until, level.paused_until)
    set_timestamp(message.created_at, known.created_at)
    return message


def funding(known: Funding) -> fb.ActivityFunding:
    """Who bears an activity's discounts."""
    return fb.ActivityFunding(
        activity_id=known.activity_id,
        version=known.version,
        currency=known.currency,
        shares=[
            ab.FundingShare(
                funder=share.funder,
                share_bps=share.share_bps,
                pool_id=share.pool_id or "",
                takes_remainder=share.funder == known.remainder_funder,
            )
            for share in known.shares
        ],
    )


def reservation(now: ReservationNow) -> fb.Reservation:
    """A reservation as it stands."""
    message = fb.Reservation(
        reservation_id=now.reservation_id,
        order_id=now.order_id,
        currency=now.currency,
        state=enum_number(fb.ReservationState.DESCRIPTOR, now.state.name),
        parts=[
            fb.Reservation.Part(
                activity_id=part.activity_id,
                version=part.version,
                funder=part.funder,
                pool_id=part.pool_id or "",
                reserved_minor=part.reserved_minor,
                spent_minor=part.spent_minor,
                released_minor=part.released_minor,
                refunded_minor=part.refunded_minor,
            )
            for part in now.parts
        ],
    )
    set_timestamp(message.expires_at, now.expires_at)
    return message


def refunded(done: Refunded) -> pb.RefundResponse:
    """What a refund gave back."""
    return pb.RefundResponse(
        reservation=reservation(done.reservation),
        parts=[
            pb.RefundResponse.Part(
                activity_id=activity_id,
                funder=funder,
                pool_id=pool_id or "",
                amount_minor=amount_minor,
            )
            for activity_id, funder, pool_id, amount_minor in done.parts
        ],
    )


def entry(line: Line) -> fb.FundEntry:
    """A line of a pool's statement."""
    message = fb.FundEntry(
        entry_no=line.entry_no,
        transaction_id=line.transaction_id,
        kind=line.kind,
        phase=_PHASES[line.phase],
        amount_minor=line.amount_minor,
        balance_minor=line.balance_minor,
        reference=line.reference,
    )
    set_timestamp(message.occurred_at, line.occurred_at)
    set_timestamp(message.posted_at, line.posted_at)
    return message

"""CounterService's answers, as messages."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from rangli.core.clock import EPOCH
from rangli.counters import model
from rangli.counters.model import CountReservation, Period
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import counter_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp


def limit(found: model.Limit) -> pb.Limit:
    """A limit as stored."""
    return pb.Limit(
        limit_id=found.limit_id,
        subject=enum_number(ab.LimitSubject.DESCRIPTOR, found.subject),
        period=enum_number(ab.LimitPeriod.DESCRIPTOR, found.period),
        most=found.most,
        time_zone=found.time_zone,
        day_start_minute=found.day_start_minute,
        buckets=found.buckets,
        revision=found.revision,
        ended=found.ended,
    )


def remaining(found: model.Remaining) -> pb.Remaining:
    """What is left of a limit."""
    message = pb.Remaining(
        limit_id=found.limit.limit_id,
        subject_id=found.subject_id,
        most=found.limit.most,
        used=found.used,
        left=max(0, found.limit.most - found.used),
    )
    if found.limit.period is not Period.LIFETIME:
        set_timestamp(message.period_at, found.period_at)
    if found.resets_at is not None:
        set_timestamp(message.resets_at, found.resets_at)
    return message


def reservation(found: CountReservation) -> pb.CountReservation:
    """A reservation with what it asked for, and in which periods it counts."""
    periods = {(one.limit_id, one.subject_id): one.period_at for one in found.counted}
    items = [
        pb.CountItem(
            limit_id=want.limit_id,
            subject_id=want.subject_id,
            quantity=want.quantity,
            period_at=_period(periods.get((want.limit_id, want.subject_id), EPOCH)),
        )
        for want in found.items
    ]
    message = pb.CountReservation(
        reservation_id=found.reservation_id,
        state=enum_number(pb.CountState.DESCRIPTOR, found.state),
        items=items,
    )
    set_timestamp(message.expires_at, found.expires_at)
    return message


def _period(at: datetime) -> Timestamp | None:
    """None of LIFETIME."""
    if at == EPOCH:
        return None
    message = Timestamp()
    set_timestamp(message, at)
    return message

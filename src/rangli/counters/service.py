"""Counts reserved by name: reserved, confirmed, rolled back, expired; and limits put by operators.

What may happen to a reservation:

    state                confirm      confirm late   roll back     sweep
    RESERVED             CONFIRMED    CONFIRMED      gives back    -
    RESERVED, time past  refused      counts anew    gives back    gives back
    CONFIRMED            -            -              gives back    -
    EXPIRED              refused      counts anew    ROLLED_BACK   -
    ROLLED_BACK          refused      refused        -             -
    never came           NotFound     NotFound       is remembered

Batches run in one open transaction: a verdict for each request, in order, and of a refused one
nothing, but that what is past its time has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from rangli.core.errors import (
    Conflict,
    Invalid,
    NameTaken,
    NotFound,
    RangliError,
    Reason,
    Refused,
    Violation,
)
from rangli.counters import reservation_store, store
from rangli.counters.book import CounterBook
from rangli.counters.limit_store import lock_limits, put_limits
from rangli.counters.model import (
    Confirm,
    CountReservation,
    CountState,
    Limit,
    LimitSpec,
    Reserve,
    RollBack,
    Subject,
)
from rangli.counters.reservation_store import Held, ReservationId
from rangli.storage.batcher import Asked
from rangli.storage.outbox import Event, emit, emit_all
from rangli.storage.postgres import Connection
from rangli.storage.verdicts import each

SWEEPER = "sweeper"
_COUNTING = (CountState.RESERVED, CountState.CONFIRMED)

B = TypeVar("B", Reserve, Confirm, RollBack)


async def put_limit(
    conn: Connection,
    tenant: str,
    spec: LimitSpec,
    *,
    expected_most: int | None,
    actor: str,
    reason: str,
) -> Limit:
    """Makes the limit or changes it. Raises NameTaken, Conflict (LIMIT_CHANGED)."""
    if expected_most is not None:
        known = (await lock_limits(conn, tenant, [spec.limit_id])).get(spec.limit_id)
        if known is None or known.most != expected_most:
            raise _changed(spec, expected_most, known)
    [limit] = await put_limits(conn, tenant, [spec])
    await emit(
        conn,
        tenant=tenant,
        subject_kind="limit",
        subject_id=limit.limit_id,
        event_type="limit.put",
        actor=actor,
        payload={
            "most": limit.most,
            "buckets": limit.buckets,
            "revision": limit.revision,
            "reason": reason,
        },
    )
    return limit


async def reserve(
    conn: Connection, asked: Sequence[Asked[Reserve]]
) -> list[CountReservation | RangliError]:
    """Counts all of a request's items, or none."""
    held = await reservation_store.held(conn, [_key(one) for one in asked])
    wants = [(one.tenant, want) for one in asked for want in one.body.items]
    book = await store.locked(conn, wants=wants)
    events: list[Event] = []

    def decide(one: Asked[Reserve]) -> CountReservation:
        if known := held.all.get(_key(one)):
            if known.state is CountState.ROLLED_BACK:
                raise _ended(known)
            raise NameTaken("count reservation", known.reservation_id)
        _refuse_nameless(book, one)
        made = CountReservation(
            one.tenant,
            one.body.reservation_id,
            CountState.RESERVED,
            one.body.items,
            tuple(book.count(one.tenant, one.body.items)),
            book.now + timedelta(seconds=one.body.ttl_s),
        )
        held.put(made)
        events.append(event(made, "reserved", one.actor))
        return made

    verdicts = each(decide, asked)
    await _write(conn, book, held, events)
    return verdicts


async def confirm(
    conn: Connection, asked: Sequence[Asked[Confirm]]
) -> list[CountReservation | RangliError]:
    """What is reserved counts for good."""
    held = await reservation_store.held(conn, [_key(one) for one in asked])
    late = {_key(one) for one in asked if one.body.late}
    due = [key for key in held.all if held.is_due(key)]
    again = [key for key in late if held.is_due(key) or held.state(key) is CountState.EXPIRED]
    book = await store.locked(
        conn,
        wants=[(tenant, want) for tenant, name in again for want in held.all[tenant, name].items],
        counted=held.counted(due),
    )
    events = expire(book, held, due)

    def decide(one: Asked[Confirm]) -> CountReservation:
        known = held.all.get(_key(one))
        if known is None:
            raise NotFound("count reservation", one.body.reservation_id)
        if known.state is CountState.CONFIRMED:
            return known
        counted = known.counted
        if known.state is CountState.EXPIRED and one.body.late:
            counted = tuple(book.count(one.tenant, known.items))
        elif known.state is not CountState.RESERVED:
            raise _ended(known)
        done = replace(known, state=CountState.CONFIRMED, counted=counted)
        held.put(done)
        events.append(event(done, "confirmed", one.actor))
        return done

    verdicts = each(decide, asked)
    await _write(conn, book, held, events)
    return verdicts


async def roll_back(
    conn: Connection, asked: Sequence[Asked[RollBack]]
) -> list[CountReservation | RangliError]:
    """Gives back what counts; of a reservation that never came, its name is taken."""
    held = await reservation_store.held(conn, [_key(one) for one in asked])
    counting = [key for key in held.all if held.all[key].state in _COUNTING]
    book = await store.locked(conn, counted=held.counted(counting))
    events: list[Event] = []

    def decide(one: Asked[RollBack]) -> CountReservation:
        known = held.all.get(_key(one))
        if known is None:
            known = CountReservation(
                one.tenant, one.body.reservation_id, CountState.ROLLED_BACK, (), (), book.now
            )
        elif known.state is CountState.ROLLED_BACK:
            return known
        elif known.state in _COUNTING:
            book.give_back(one.tenant, known.counted)
        done = replace(known, state=CountState.ROLLED_BACK)
        held.put(done)
        events.append(event(done, "rolled_back", one.actor))
        return done

    verdicts = each(decide, asked)
    await _write(conn, book, held, events)
    return verdicts


def expire(book: CounterBook, held: Held, due: Iterable[ReservationId]) -> list[Event]:
    """Gives back what those that are due still count; their events."""
    events = []
    for key in due:
        known = held.all[key]
        book.give_back(known.tenant, known.counted)
        done = replace(known, state=CountState.EXPIRED)
        held.put(done)
        events.append(event(done, "expired", SWEEPER))
    return events


def event(reservation: CountReservation, verb: str, actor: str) -> Event:
    """What has happened to a reservation; its events keep their order, by its row's lock."""
    payload = {
        "items": [
            {"limit_id": limit_id, "subject_id": subject_id, "quantity": quantity}
            for limit_id, subject_id, quantity in reservation.items
        ],
    }
    return Event(
        reservation.tenant, "counts", reservation.reservation_id, f"counts.{verb}", actor, payload
    )


async def _write(conn: Connection, book: CounterBook, held: Held, events: Sequence[Event]) -> None:
    await store.write(conn, book)
    await reservation_store.write(conn, held)
    await emit_all(conn, events)


def _key(one: Asked[Reserve] | Asked[Confirm] | Asked[RollBack]) -> ReservationId:
    return one.tenant, one.body.reservation_id


def _refuse_nameless(book: CounterBook, one: Asked[Reserve]) -> None:
    """Raises Invalid if it is not said whose use a limit of subjects is to count."""
    for place, want in enumerate(one.body.items):
        limit = book.limits.get((one.tenant, want.limit_id))
        if limit and limit.subject is not Subject.ACTIVITY and not want.subject_id:
            words = f"is required: {limit.limit_id!r} counts each {limit.subject.value}"
            raise Invalid.fields(Violation(f"items[{place}].subject_id", words))


def _ended(known: CountReservation) -> Refused:
    state = known.state.value
    return Refused(
        Reason.RESERVATION_ENDED,
        f"the count reservation {known.reservation_id!r} is {state}",
        metadata={"hold_id": known.reservation_id, "state": state},
    )


def _changed(spec: LimitSpec, expected_most: int, known: Limit | None) -> Conflict:
    most = "absent" if known is None else known.most
    return Conflict(
        Reason.LIMIT_CHANGED,
        f"the limit {spec.limit_id!r} is {most} by now: read it again, then decide",
        metadata={"limit_id": spec.limit_id, "expected_most": expected_most, "most": most},
    )

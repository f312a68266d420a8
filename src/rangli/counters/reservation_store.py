"""The SQL of reservations of counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from asyncpg import UniqueViolationError

from rangli.counters.model import (
    Counted,
    CountReservation,
    CountState,
    Want,
    counted_from_json,
    counted_to_json,
)
from rangli.storage.columns import columns
from rangli.storage.idempotency import KeyTakenError
from rangli.storage.postgres import Connection, Record

ReservationId = tuple[str, str]  # tenant, reservation_id

_COLUMNS = ("tenant", "reservation_id", "state", "items", "counted", "expires_at")
_ROW = "r.tenant, r.reservation_id, r.state, r.items, r.counted, r.expires_at"
# Locked one by one in the order given, which is sorted; the time is read as each is held.
_LOCK = f"""
SELECT r.*, clock_timestamp()
FROM unnest($1::text[], $2::text[]) AS w (tenant, reservation_id),
LATERAL (
    SELECT {_ROW} FROM counter_reservations r
    WHERE r.tenant = w.tenant AND r.reservation_id = w.reservation_id
    FOR UPDATE {{skip}}
) r
"""
_GET = f"""
SELECT {_ROW} FROM counter_reservations r WHERE r.tenant = $1 AND r.reservation_id = $2
"""
# statement_timestamp() bounds the index's scan; clock_timestamp() reads all that is not due yet.
_DUE = """
SELECT tenant, reservation_id FROM counter_reservations
WHERE state = 'RESERVED' AND expires_at <= statement_timestamp()
ORDER BY expires_at LIMIT $1
"""
_UPDATE = """
UPDATE counter_reservations r SET state = w.state, counted = w.counted
FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
     AS w (tenant, reservation_id, state, counted)
WHERE (r.tenant, r.reservation_id) = (w.tenant, w.reservation_id)
"""


class Held:
    """Reservations that this transaction has locked, and what becomes of them.

    all: those that exist, and those made here.
    """

    def __init__(self, rows: Iterable[Record] = ()) -> None:
        self.all: dict[ReservationId, CountReservation] = {}
        self._due: set[ReservationId] = set()
        self.new: dict[ReservationId, None] = {}
        self.changed: dict[ReservationId, None] = {}
        for row in rows:
            reservation = _reservation(row)
            key = reservation.tenant, reservation.reservation_id
            self.all[key] = reservation
            if reservation.state is CountState.RESERVED and reservation.expires_at <= row[6]:
                self._due.add(key)

    def is_due(self, key: ReservationId) -> bool:
        """Whether its time had passed when it was locked, and it is reserved still."""
        return key in self._due and self.all[key].state is CountState.RESERVED

    def state(self, key: ReservationId) -> CountState | None:
        """None: there is none of this name."""
        return self.all[key].state if key in self.all else None

    def counted(self, keys: Iterable[ReservationId]) -> list[tuple[str, Counted]]:
        """What these have counted, as `store.locked` takes it."""
        return [(key[0], one) for key in keys for one in self.all[key].counted]

    def put(self, reservation: CountReservation) -> None:
        """As it is from now on."""
        key = reservation.tenant, reservation.reservation_id
        changes = self.changed if key in self.all and key not in self.new else self.new
        changes[key] = None
        self.all[key] = reservation


async def held(
    conn: Connection, keys: Iterable[ReservationId], *, skip_locked: bool = False
) -> Held:
    """The reservations, locked in order.

    skip_locked: those that others have locked are left out.
    """
    query = _LOCK.format(skip="SKIP LOCKED" if skip_locked else "")
    return Held(await conn.fetch(query, *columns(sorted(set(keys)), 2)))


async def write(conn: Connection, reservations: Held) -> None:
    """Writes what was put. KeyTakenError if one of the new names is taken meanwhile."""
    new = [_row(reservations.all[key]) for key in sorted(reservations.new)]
    changed = [_row(reservations.all[key]) for key in reservations.changed]
    if new:
        try:
            await conn.copy_records_to_table("counter_reservations", columns=_COLUMNS, records=new)
        except UniqueViolationError:
            raise KeyTakenError from None
    if changed:
        rows = [(tenant, name, state, counted) for tenant, name, state, _, counted, _ in changed]
        await conn.execute(_UPDATE, *columns(rows, 4))


async def get(conn: Connection, tenant: str, reservation_id: str) -> CountReservation | None:
    """The reservation as it is stored."""
    row = await conn.fetchrow(_GET, tenant, reservation_id)
    return None if row is None else _reservation(row)


async def due(conn: Connection, limit: int) -> list[ReservationId]:
    """Reservations whose time has passed, the longest first."""
    return [(row[0], row[1]) for row in await conn.fetch(_DUE, limit)]


def _reservation(row: Record) -> CountReservation:
    tenant, reservation_id, state, items, counted, expires_at = row[:6]
    return CountReservation(
        tenant,
        reservation_id,
        CountState(state),
        tuple(Want(*item) for item in json.loads(items)),
        tuple(counted_from_json(counted)),
        expires_at,
    )


def _row(reservation: CountReservation) -> tuple[str, str, str, str, str, datetime]:
    items = json.dumps(reservation.items, ensure_ascii=False, separators=(",", ":"))
    return (
        reservation.tenant,
        reservation.reservation_id,
        reservation.state,
        items,
        counted_to_json(reservation.counted),
        reservation.expires_at,
    )

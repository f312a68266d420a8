"""What is read of wallets, each answer from one moment."""

from __future__ import annotations

from datetime import datetime

from rangli.core.errors import NotFound
from rangli.ledger.model import Hold, HoldLeg, HoldState
from rangli.storage.postgres import Connection
from rangli.wallet import store
from rangli.wallet.model import (
    LOTS_SHOWN_MAX,
    Lot,
    PocketSeen,
    ReservationSeen,
    WalletKind,
    owner_of,
    seen,
)

# now() is the same in all statements of a transaction.
_LOTS = """
SELECT kind, unit, expires_at, pending_out_minor AS reserved,
       CASE WHEN expires_at IS NULL OR expires_at > now() THEN posted_minor - pending_out_minor
            ELSE 0 END AS available
FROM ledger_accounts WHERE tenant = $1 AND owner = $2
"""
_POCKETS = f"""
SELECT kind, unit, sum(available)::bigint AS available, sum(reserved)::bigint AS reserved,
       coalesce(sum(available) FILTER (WHERE expires_at <= now() + make_interval(days => $3)), 0)
           ::bigint AS expiring,
       count(*) FILTER (WHERE available > 0 OR reserved > 0) AS lots_total
FROM ({_LOTS}) l GROUP BY kind, unit ORDER BY kind, unit
"""
_SHOWN = f"""
SELECT kind, unit, expires_at, available, reserved FROM (
    SELECT *, row_number() OVER (PARTITION BY kind, unit ORDER BY expires_at NULLS LAST) AS place
    FROM ({_LOTS}) l WHERE available > 0 OR reserved > 0
) l WHERE place <= $3 ORDER BY kind, unit, place
"""
_HOLD = "SELECT state, expires_at, now() AS at FROM ledger_holds WHERE tenant = $1 AND hold_id = $2"
_LEGS = """
SELECT l.source_id, l.target_id, l.held_minor, l.captured_minor, l.released_minor,
       l.returned_minor, a.expires_at
FROM ledger_hold_legs l
JOIN ledger_accounts a ON (a.tenant, a.account_id) = (l.tenant, l.source_id)
WHERE l.tenant = $1 AND l.hold_id = $2 ORDER BY l.leg
"""


async def pockets(
    conn: Connection, tenant: str, user_id: str, *, expiring_within_days: int
) -> list[PocketSeen]:
    """What the user has, by kind and unit."""
    owner = owner_of(user_id)
    lots: dict[tuple[str, str], list[Lot]] = {}
    for row in await conn.fetch(_SHOWN, tenant, owner, LOTS_SHOWN_MAX):
        lot = Lot(row["expires_at"], row["available"], row["reserved"])
        lots.setdefault((row["kind"], row["unit"]), []).append(lot)
    return [
        PocketSeen(
            WalletKind(row["kind"]),
            row["unit"],
            row["available"],
            row["reserved"],
            row["expiring"],
            tuple(lots.get((row["kind"], row["unit"]), ())),
            row["lots_total"],
        )
        for row in await conn.fetch(_POCKETS, tenant, owner, expiring_within_days)
    ]


async def reservation(conn: Connection, tenant: str, reservation_id: str) -> ReservationSeen:
    """The reservation; raises NotFound."""
    key = (tenant, reservation_id)
    found = (await store.reservations(conn, [key])).get(key)
    if found is None:
        raise NotFound("reservation", reservation_id)
    head = await conn.fetchrow(_HOLD, *key)
    assert head is not None  # it is made in one transaction with the reservation
    rows = await conn.fetch(_LEGS, *key)
    hold = Hold(
        tenant,
        reservation_id,
        HoldState(head["state"]),
        head["expires_at"],
        tuple(HoldLeg(*row[:6]) for row in rows),
    )
    ends: list[datetime | None] = [row["expires_at"] for row in rows]
    return seen(found, hold, head["at"], ends)

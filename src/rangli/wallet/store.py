"""The wallets' only SQL that changes or locks something; whole batches at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from rangli.storage.columns import columns
from rangli.storage.postgres import Connection
from rangli.wallet.model import Freeze, Pocket, Reservation, Tender, WalletKind

# A lot that ends this soon may have ended by the time it is locked, so nothing is expected of it:
# others are locked with it that suffice by themselves.
SOON = "interval '60 seconds'"

_NOW = "SELECT clock_timestamp()"
_OPEN = """
INSERT INTO wallets (tenant, user_id, kind)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT w.tenant, w.user_id, w.kind, w.frozen_at IS NOT NULL
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, user_id, kind)
JOIN wallets w USING (tenant, user_id, kind)
ORDER BY w.tenant, w.user_id, w.kind
FOR NO KEY UPDATE OF w
"""
# The lots that expire first, as many as hold the amount. statement_timestamp() lets the index skip
# the lots of the past; one that ends in these moments is left out when it is locked.
_LOTS = f"""
SELECT k.place, l.account_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
     WITH ORDINALITY AS k (tenant, owner, kind, unit, amount, lots_max, place)
CROSS JOIN LATERAL (
    SELECT account_id, expires_at,
           coalesce(sum(CASE WHEN expires_at <= clock_timestamp() + {SOON} THEN 0
                             ELSE posted_minor - pending_out_minor END)
                    OVER (ORDER BY expires_at NULLS LAST, account_id
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM ledger_accounts a
    WHERE (a.tenant, a.owner, a.kind, a.unit) = (k.tenant, k.owner, k.kind, k.unit)
      AND (a.expires_at IS NULL OR a.expires_at > statement_timestamp())
      AND a.posted_minor > a.pending_out_minor
    ORDER BY expires_at NULLS LAST, account_id LIMIT k.lots_max
) l
WHERE l.before < k.amount
ORDER BY k.place, l.expires_at NULLS LAST, l.account_id
"""
_LOCK_RESERVATIONS = """
SELECT FROM unnest($1::text[], $2::text[]) AS k (tenant, reservation_id)
JOIN wallet_reservations r USING (tenant, reservation_id)
ORDER BY r.tenant, r.reservation_id
FOR UPDATE OF r
"""
_RESERVATIONS = """
SELECT r.tenant, r.reservation_id, r.user_id, r.order_id, r.currency, r.external_minor,
       r.external_refunded_minor
FROM unnest($1::text[], $2::text[]) AS k (tenant, reservation_id)
JOIN wallet_reservations r USING (tenant, reservation_id)
"""
_TENDERS = """
SELECT t.tenant, t.reservation_id, t.kind, t.unit, t.amount, t.pays_minor, t.refunded_minor,
       t.leg_from, t.leg_count
FROM unnest($1::text[], $2::text[]) AS k (tenant, reservation_id)
JOIN wallet_tenders t USING (tenant, reservation_id)
ORDER BY t.tenant, t.reservation_id, t.tender
"""
_INSERT_RESERVATIONS = """
INSERT INTO wallet_reservations
       (tenant, reservation_id, user_id, order_id, currency, external_minor)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
"""
_INSERT_TENDERS = """
INSERT INTO wallet_tenders
       (tenant, reservation_id, tender, kind, unit, amount, pays_minor, leg_from, leg_count)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::bigint[],
                     $7::bigint[], $8::smallint[], $9::smallint[])
"""
_SET_EXTERNAL = """
UPDATE wallet_reservations r SET external_refunded_minor = k.refunded
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (tenant, reservation_id, refunded)
WHERE (r.tenant, r.reservation_id) = (k.tenant, k.reservation_id)
"""
_SET_REFUNDED = """
UPDATE wallet_tenders t SET refunded_minor = k.refunded
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[])
     AS k (tenant, reservation_id, tender, refunded)
WHERE (t.tenant, t.reservation_id, t.tender) = (k.tenant, k.reservation_id, k.tender)
"""
# What a reservation has taken of lots that have ended by now, or may have in a moment.
_ENDING = f"""
SELECT DISTINCT k.place, t.kind, t.unit
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (tenant, reservation_id, place)
JOIN wallet_tenders t USING (tenant, reservation_id)
JOIN ledger_hold_legs l ON (l.tenant, l.hold_id) = (t.tenant, t.reservation_id)
     AND l.leg >= t.leg_from AND l.leg < t.leg_from + t.leg_count
JOIN ledger_accounts a ON (a.tenant, a.account_id) = (l.tenant, l.source_id)
WHERE a.expires_at <= clock_timestamp() + {SOON}
"""
# A freeze that is there keeps its time.
_FREEZE = """
UPDATE wallets SET frozen_at = coalesce(frozen_at, clock_timestamp()), freeze_reason = $4
WHERE tenant = $1 AND user_id = $2 AND kind = ANY($3)
"""
_UNFREEZE = """
UPDATE wallets SET frozen_at = NULL, freeze_reason = NULL
WHERE tenant = $1 AND user_id = $2 AND kind = ANY($3)
"""
_FREEZES = """
SELECT kind, freeze_reason, frozen_at FROM wallets
WHERE tenant = $1 AND user_id = $2 AND frozen_at IS NOT NULL ORDER BY kind
"""

ReservationId = tuple[str, str]  # tenant, reservation_id


class WalletKey(NamedTuple):
    """One kind of one user."""

    tenant: str
    user_id: str
    kind: WalletKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a pocket: so much, from at most so many lots."""

    amount: int
    lots_max: int


async def clock(conn: Connection) -> datetime:
    """PostgreSQL's clock."""
    now: datetime = await conn.fetchval(_NOW)
    return now


async def open_wallets(conn: Connection, keys: Iterable[WalletKey]) -> None:
    """Makes those rows that there are not yet; before anything is locked."""
    await conn.execute(_OPEN, *columns(sorted(set(keys)), 3))


async def lock_wallets(conn: Connection, keys: Iterable[WalletKey]) -> set[WalletKey]:
    """Locks the rows that there are, in order; which of them are frozen."""
    rows = await conn.fetch(_LOCK, *columns(sorted(set(keys)), 3))
    return {WalletKey(row[0], row[1], WalletKind(row[2])) for row in rows if row[3]}


async def lots(conn: Connection, wanted: Mapping[Pocket, Wanted]) -> dict[Pocket, list[int]]:
    """Of each pocket the lots to be locked for what is asked of it, first-expiring first.

    Call it with the wallets locked: then nothing but expiry makes the lots hold less.
    """
    pockets = list(wanted)
    asked = [
        (p.tenant, p.owner, p.kind, p.unit, wanted[p].amount, wanted[p].lots_max) for p in pockets
    ]
    found: dict[Pocket, list[int]] = {pocket: [] for pocket in pockets}
    for place, account_id in await conn.fetch(_LOTS, *columns(asked, 6)):
        found[pockets[place - 1]].append(account_id)
    return found


async def locked_reservations(
    conn: Connection, keys: Collection[ReservationId]
) -> dict[ReservationId, Reservation]:
    """The reservations that there are, locked in order."""
    await conn.execute(_LOCK_RESERVATIONS, *columns(set(keys), 2))
    # Statements of their own: they see what those who held the locks before have written.
    return await reservations(conn, keys)


async def reservations(
    conn: Connection, keys: Collection[ReservationId]
) -> dict[ReservationId, Reservation]:
    """The reservations that there are."""
    keyed = columns(set(keys), 2)
    # Before their tenders: one that is committed between the two statements comes with all of them,
    # or not at all.
    heads = await conn.fetch(_RESERVATIONS, *keyed)
    tenders = {
        key: tuple(Tender(WalletKind(row[2]), *row[3:]) for row in rows)
        for key, rows in groupby(await conn.fetch(_TENDERS, *keyed), key=lambda row: row[:2])
    }
    return {row[:2]: Reservation(**row, tenders=tenders[row[:2]]) for row in heads}


async def insert(conn: Connection, made: Sequence[Reservation]) -> None:
    """Writes new reservations; their holds are written in the same transaction."""
    heads = [
        (r.tenant, r.reservation_id, r.user_id, r.order_id, r.currency, r.external_minor)
        for r in made
    ]
    tenders = [
        (r.tenant, r.reservation_id, place, t.kind, t.unit, t.amount, t.pays_minor, t.leg_from,
         t.leg_count)
        for r in made
        for place, t in enumerate(r.tenders)
    ]  # fmt: skip
    await conn.execute(_INSERT_RESERVATIONS, *columns(heads, 6))
    await conn.execute(_INSERT_TENDERS, *columns(tenders, 9))


async def update_refunded(conn: Connection, changed: Sequence[Reservation]) -> None:
    """Writes what has been refunded of reservations that are locked."""
    heads = [(r.tenant, r.reservation_id, r.external_refunded_minor) for r in changed]
    tenders = [
        (r.tenant, r.reservation_id, place, t.refunded_minor)
        for r in changed
        for place, t in enumerate(r.tenders)
    ]
    await conn.execute(_SET_EXTERNAL, *columns(heads, 3))
    await conn.execute(_SET_REFUNDED, *columns(tenders, 4))


async def ending(
    conn: Connection, keys: Sequence[ReservationId]
) -> list[set[tuple[WalletKind, str]]]:
    """Of each reservation the kinds and units of which it took lots that have ended by now."""
    found: list[set[tuple[WalletKind, str]]] = [set() for _ in keys]
    for place, kind, unit in await conn.fetch(_ENDING, *columns(keys, 2)):
        found[place - 1].add((WalletKind(kind), unit))
    return found


async def freeze(
    conn: Connection, tenant: str, user_id: str, *, kinds: Iterable[WalletKind], reason: str
) -> None:
    """Freezes the kinds, whose rows are locked, or gives those that are frozen the new reason."""
    await conn.execute(_FREEZE, tenant, user_id, list(kinds), reason)


async def unfreeze(
    conn: Connection, tenant: str, user_id: str, *, kinds: Iterable[WalletKind]
) -> None:
    """Ends the freezes of the kinds, whose rows are locked."""
    await conn.execute(_UNFREEZE, tenant, user_id, list(kinds))


async def freezes(conn: Connection, tenant: str, user_id: str) -> list[Freeze]:
    """What is frozen, by kind."""
    rows = await conn.fetch(_FREEZES, tenant, user_id)
    return [Freeze(WalletKind(row[0]), row[1], row[2]) for row in rows]

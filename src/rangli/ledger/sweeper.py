"""Ends holds whose time has passed, and takes what is left of expired lots."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.ledger import store
from rangli.ledger.book import Book, HoldId
from rangli.ledger.model import Account, AccountKey, Cause, Hold
from rangli.storage.in_parts import in_parts
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection, Pool, connection
from rangli.storage.postponed import Postponed
from rangli.storage.sweeping import BATCH

HOUSE = "house"
_CAUSE = Cause("Sweep", "")
ACTOR = "sweeper"
_LOCK = int.from_bytes(b"lots")

# statement_timestamp() bounds the index's scan; clock_timestamp() reads all that is not due yet.
_DUE_HOLDS = """
SELECT tenant, hold_id FROM ledger_holds
WHERE state = 'PENDING' AND expires_at <= statement_timestamp()
ORDER BY expires_at LIMIT $1
"""
# What others end at this moment, or another process sweeps, is left to them.
_FREE = """
SELECT h.tenant, h.hold_id
FROM unnest($1::text[], $2::text[]) AS w (tenant, hold_id)
JOIN ledger_holds h USING (tenant, hold_id)
WHERE h.state = 'PENDING'
ORDER BY h.tenant, h.hold_id
FOR UPDATE OF h SKIP LOCKED
"""
# Lots are the work of one process at a time: as accounts they are locked in order, together with
# those that take what is left, and cannot skip what others have locked.
_ALONE = "SELECT pg_try_advisory_xact_lock($1)"
_DUE_LOTS = f"""
SELECT {store.ACCOUNT} FROM ledger_accounts a
WHERE a.expires_at <= statement_timestamp() AND NOT a.swept
  AND (a.posted_minor > a.pending_out_minor OR a.posted_minor <= 0)
ORDER BY a.expires_at LIMIT $1
"""
_SWEPT = """
UPDATE ledger_accounts a SET swept = true
FROM unnest($1::text[], $2::bigint[]) AS w (tenant, account_id)
WHERE (a.tenant, a.account_id) = (w.tenant, w.account_id) AND a.posted_minor <= 0
"""


async def sweep(pool: Pool, postponed: Postponed | None = None) -> int:
    """Ends at most `BATCH` holds and as many lots; how many it has looked at.

    Several processes may at once. postponed: what this process has failed to end. Raises
    Unavailable.
    """
    return await sweep_holds(pool, postponed) + await sweep_lots(pool, postponed)


async def sweep_holds(pool: Pool, postponed: Postponed | None = None) -> int:
    """Ends the holds that are due; what is left of them is available again."""
    postponed = postponed or Postponed()
    async with connection(pool) as conn:
        rows = await conn.fetch(_DUE_HOLDS, postponed.look(BATCH))
    due = sorted(postponed.ready([(row[0], row[1]) for row in rows], BATCH))
    failed = await in_parts(pool, _end_holds, due)
    postponed.put_off(failed)
    return len(due)


async def sweep_lots(pool: Pool, postponed: Postponed | None = None) -> int:
    """Moves what is available of the lots that are due to the house's account for it."""
    postponed = postponed or Postponed()
    async with connection(pool) as conn:
        rows = [store.account(row) for row in await conn.fetch(_DUE_LOTS, postponed.look(BATCH))]
    lots = {lot.key: lot for lot in rows}
    due = postponed.ready(list(lots), BATCH)
    failed = await in_parts(pool, _lapse_lots, [lots[key] for key in sorted(due, key=_name)])
    postponed.put_off(lot.key for lot in failed)
    return len(due)


async def _end_holds(conn: Connection, due: Sequence[HoldId]) -> None:
    free = [tuple(row) for row in await conn.fetch(_FREE, *zip(*due, strict=True))]
    book = await store.locked(conn, holds=free)
    events = []
    for tenant, hold_id in free:
        hold = book.holds[tenant, hold_id]
        left = [leg.left_minor for leg in hold.legs]
        if book.expire(tenant, hold_id, _CAUSE):
            events.append(_hold_expired(book, hold, left))
    await store.write(conn, book)
    await emit_all(conn, events)


async def _lapse_lots(conn: Connection, due: Sequence[Account]) -> None:
    if not await conn.fetchval(_ALONE, _LOCK):
        return
    houses = await store.open_accounts(conn, {_house(lot): None for lot in due})
    ids = [(lot.key.tenant, lot.account_id) for lot in due]
    targets = [(key.tenant, account_id) for key, account_id in houses.items()]
    book = await store.locked(conn, accounts=[*ids, *targets])
    events = []
    for tenant, account_id in ids:
        lot = book.account(tenant, account_id)
        before_minor = lot.posted_minor
        if book.lapse(tenant, account_id, houses[_house(lot)], _CAUSE):
            events.append(_lot_expired(lot, before_minor - lot.posted_minor))
    await store.write(conn, book)
    await conn.execute(_SWEPT, *zip(*ids, strict=True))
    await emit_all(conn, events)


def _name(key: AccountKey) -> tuple[str, ...]:
    return key[:4]


def _house(lot: Account) -> AccountKey:
    """Where what is left of a lot goes."""
    return AccountKey(lot.key.tenant, HOUSE, f"expired:{lot.key.kind}", lot.key.unit)


def _hold_expired(book: Book, hold: Hold, released_minor: Sequence[int]) -> Event:
    """Whose value is available again, leg by leg."""
    legs = []
    for leg, released in zip(hold.legs, released_minor, strict=True):
        source = book.account(hold.tenant, leg.source_id).key
        target = book.account(hold.tenant, leg.target_id).key
        legs.append(
            {
                "owner": source.owner,
                "kind": source.kind,
                "unit": source.unit,
                "target_owner": target.owner,
                "target_kind": target.kind,
                "released_minor": released,
            }
        )
    return Event(hold.tenant, "hold", hold.hold_id, "hold.expired", ACTOR, {"legs": legs})


def _lot_expired(lot: Account, expired_minor: int) -> Event:
    key = lot.key
    assert key.expires_at is not None  # only such are due
    facts = {
        "owner": key.owner,
        "kind": key.kind,
        "unit": key.unit,
        "expires_at": key.expires_at.isoformat(),
        "expired_minor": expired_minor,
    }
    return Event(key.tenant, "account", str(lot.account_id), "lot.expired", ACTOR, facts)

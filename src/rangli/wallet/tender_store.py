"""What is locked for a book of tender, in steps, so that others can lock more in between.

houses = await tender_store.opened(conn, reserves)               # before anything is locked
ready = await tender_store.ready(conn, houses=houses, reserves=reserves, reservations=...)
book = TenderBook(await ledger.locked(conn, accounts=ready.accounts, holds=ready.holds), ready)
...                                                              # decisions
await tender_store.write(conn, book)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rangli.ledger import store as ledger
from rangli.ledger.model import AccountKey
from rangli.storage.outbox import emit_all
from rangli.storage.postgres import Connection
from rangli.wallet import store
from rangli.wallet.model import Pocket, Reserve
from rangli.wallet.service import key_of, wanted_of
from rangli.wallet.store import ReservationId, WalletKey
from rangli.wallet.tender_book import Ready, TenderBook, pocket_of

Reserves = Sequence[tuple[str, Reserve]]  # tenant, what is to be set aside


async def opened(conn: Connection, reserves: Reserves) -> dict[AccountKey, int]:
    """The accounts for what is tendered; to be called before anything is locked."""
    pockets = [pocket for pocket, _ in _tenders(reserves)]
    return await ledger.open_accounts(conn, {p.house("tendered"): None for p in pockets})


async def ready(
    conn: Connection,
    *,
    houses: Mapping[AccountKey, int] | None = None,
    reserves: Reserves = (),
    reservations: Collection[ReservationId] = (),
    late: Collection[ReservationId] = (),
) -> Ready:
    """Locks the wallets that pay, then the reservations, and finds the lots.

    late: those of the reservations that may be taken once more, out of lots, as a new one would.
    """
    tenders = _tenders(reserves)
    keys = [key_of(pocket) for pocket, _ in tenders]
    if late:
        keys += [
            WalletKey(r.tenant, r.user_id, tender.kind)
            for r in (await store.reservations(conn, late)).values()
            for tender in r.tenders
        ]
    frozen = await store.lock_wallets(conn, keys) if keys else set()
    found = await store.locked_reservations(conn, reservations) if reservations else {}
    lot_ids = await store.lots(conn, wanted_of(tenders)) if tenders else {}
    return Ready(houses or {}, frozenset(frozen), lot_ids, found)


async def write(conn: Connection, book: TenderBook) -> None:
    """Writes what the book and its ledger did, and tells of it."""
    await ledger.write(conn, book.ledger)
    if book.made:
        await store.insert(conn, [book.reservations[key] for key in book.made])
    if book.changed:
        await store.update_refunded(conn, [book.reservations[key] for key in book.changed])
    await emit_all(conn, book.events)


def _tenders(reserves: Reserves) -> list[tuple[Pocket, int]]:
    return [
        (pocket_of(tenant, body.user_id, tender), tender.amount)
        for tenant, body in reserves
        for tender in body.tenders
    ]

"""Lots into which refunds move what has expired meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from rangli.ledger import store as ledger
from rangli.ledger.book import AccountId
from rangli.ledger.model import AccountKey
from rangli.storage.postgres import Connection
from rangli.wallet import store
from rangli.wallet.store import ReservationId

_SECOND = timedelta(seconds=1)

# By kind and unit, the lot into which what has expired moves on, and its account.
Onward: TypeAlias = Mapping[tuple[str, str], tuple[AccountKey, int]]


async def opened(
    conn: Connection, asked: Sequence[tuple[ReservationId, int | None]]
) -> list[Onward]:
    """For each refund the lots that what has expired moves on into; before anything is locked.

    asked: of which reservation, and for how many seconds. None: expired lots are left as they are.
    """
    if all(extend_s is None for _, extend_s in asked):
        return [{} for _ in asked]
    keys = [key for key, _ in asked]
    found = await store.reservations(conn, keys)
    ending = await store.ending(conn, keys)
    now = await store.clock(conn)
    lots = [
        {
            (tender.kind, tender.unit): found[key].pocket(tender).lot(_end(now, extend_s))
            for tender in found[key].tenders
            if (tender.kind, tender.unit) in there
        }
        if extend_s is not None and key in found
        else {}
        for (key, extend_s), there in zip(asked, ending, strict=True)
    ]
    ids = await ledger.open_accounts(conn, {lot: 0 for of in lots for lot in of.values()})
    return [{names: (lot, ids[lot]) for names, lot in of.items()} for of in lots]


def accounts_of(onward: Iterable[Onward]) -> list[AccountId]:
    """The lots' accounts, to be locked."""
    return [(lot.tenant, number) for of in onward for lot, number in of.values()]


def _end(now: datetime, extend_s: int) -> datetime:
    """The whole second that begins then or next, so that refunds of one second share a lot."""
    at = now + timedelta(seconds=extend_s)
    whole = at.replace(microsecond=0)
    return whole if whole == at else whole + _SECOND

"""What comes into wallets and goes out of them without an order; freezes.

All are batches in one open transaction: a verdict for each request, in order, and of a refused one
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from rangli.core.errors import Invalid, RangliError, Violation
from rangli.ledger import store as ledger
from rangli.ledger.book import AccountId, Book
from rangli.ledger.model import LEGS_MAX, AccountKey, Cause, Leg
from rangli.storage.batcher import Asked
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection
from rangli.storage.verdicts import each
from rangli.wallet import lots, store
from rangli.wallet.model import ChangeFreeze, Credit, Debit, Debited, Freeze, Pocket
from rangli.wallet.store import WalletKey, Wanted

R = TypeVar("R")

METHOD = "rangli.v1.WalletService/"


async def credit(conn: Connection, asked: Sequence[Asked[Credit]]) -> list[str | RangliError]:
    """Puts each amount into its lot; the transactions' ids."""
    now = await store.clock(conn)
    pockets = [_pocket(one) for one in asked]
    in_time = [one.body.expires_at is None or one.body.expires_at > now for one in asked]
    wanted: dict[AccountKey, int | None] = {}
    for one, pocket, ends_later in zip(asked, pockets, in_time, strict=True):
        if ends_later:
            wanted |= {pocket.lot(one.body.expires_at): 0, pocket.house("issued"): None}
    ids = await ledger.open_accounts(conn, wanted)
    keys = [key_of(pocket) for pocket in pockets]
    await store.open_wallets(conn, keys)
    await store.lock_wallets(conn, keys)
    book = await ledger.locked(conn, accounts=[(key.tenant, ids[key]) for key in ids])
    events: list[Event] = []

    def decide(one: Asked[Credit], pocket: Pocket, ends_later: bool) -> str:
        if not ends_later:
            raise Invalid.fields(Violation("expires_at", "must be in the future"))
        body = one.body
        source, target = ids[pocket.house("issued")], ids[pocket.lot(body.expires_at)]
        cause = Cause(METHOD + "Credit", one.request_id, body.reference)
        done = book.post(one.tenant, [Leg(source, target, body.amount)], cause)
        ends = body.expires_at.isoformat() if body.expires_at else None
        events.append(_event(one, pocket, "wallet.credited", done, expires_at=ends))
        return done

    verdicts = each(decide, asked, pockets, in_time)
    await ledger.write(conn, book)
    await emit_all(conn, events)
    return verdicts


async def debit(conn: Connection, asked: Sequence[Asked[Debit]]) -> list[Debited | RangliError]:
    """Takes each amount out, from the lots that expire first."""
    pockets = [_pocket(one) for one in asked]
    ids = await ledger.open_accounts(conn, {pocket.house("issued"): None for pocket in pockets})
    frozen = await store.lock_wallets(conn, [key_of(pocket) for pocket in pockets])
    lot_ids = await store.lots(
        conn, wanted_of((p, one.body.amount) for p, one in zip(pockets, asked, strict=True))
    )
    book = await ledger.locked(conn, accounts=accounts_of(ids, lot_ids))
    events: list[Event] = []

    def decide(one: Asked[Debit], pocket: Pocket) -> Debited:
        if key_of(pocket) in frozen:
            raise lots.frozen(pocket)
        taken = lots.take(book, pocket, lot_ids[pocket], one.body.amount, lots_max=LEGS_MAX)
        house = ids[pocket.house("issued")]
        cause = Cause(METHOD + "Debit", one.request_id, one.body.reference)
        legs = [Leg(account_id, house, amount) for account_id, amount in taken]
        done = book.post(one.tenant, legs, cause)
        events.append(_event(one, pocket, "wallet.debited", done))
        return Debited(done, tuple((ends_of(book, one.tenant, i), part) for i, part in taken))

    verdicts = each(decide, asked, pockets)
    await ledger.write(conn, book)
    await emit_all(conn, events)
    return verdicts


async def freeze(
    conn: Connection, asked: Sequence[Asked[ChangeFreeze]]
) -> list[list[Freeze] | RangliError]:
    """Stops what goes out of the kinds named; what is frozen then."""
    keys = _keys(asked)
    await store.open_wallets(conn, keys)
    await store.lock_wallets(conn, keys)
    verdicts: list[list[Freeze] | RangliError] = []
    for one in asked:
        body = one.body
        await store.freeze(conn, one.tenant, body.user_id, kinds=body.kinds, reason=body.reason)
        verdicts.append(await store.freezes(conn, one.tenant, body.user_id))
    await emit_all(conn, [_freeze_event(one, "wallet.frozen") for one in asked])
    return verdicts


async def unfreeze(
    conn: Connection, asked: Sequence[Asked[ChangeFreeze]]
) -> list[list[Freeze] | RangliError]:
    """Ends the freezes of the kinds named; what is frozen still."""
    await store.lock_wallets(conn, _keys(asked))
    verdicts: list[list[Freeze] | RangliError] = []
    for one in asked:
        await store.unfreeze(conn, one.tenant, one.body.user_id, kinds=one.body.kinds)
        verdicts.append(await store.freezes(conn, one.tenant, one.body.user_id))
    await emit_all(conn, [_freeze_event(one, "wallet.unfrozen") for one in asked])
    return verdicts


def wanted_of(asked: Iterable[tuple[Pocket, int]]) -> dict[Pocket, Wanted]:
    """What is asked of each pocket by all requests together."""
    sums: dict[Pocket, Wanted] = {}
    for pocket, amount in asked:
        before = sums.get(pocket, Wanted(0, 0))
        # One lot more than a request may use tells that there are more.
        sums[pocket] = Wanted(before.amount + amount, before.lots_max + LEGS_MAX + 1)
    return sums


def accounts_of(
    houses: Mapping[AccountKey, int], lot_ids: Mapping[Pocket, Iterable[int]]
) -> list[AccountId]:
    """The house's accounts and the lots, to be locked."""
    return [
        *((key.tenant, account_id) for key, account_id in houses.items()),
        *((pocket.tenant, account_id) for pocket, ids in lot_ids.items() for account_id in ids),
    ]


def ends_of(book: Book, tenant: str, account_id: int) -> datetime | None:
    """When the lot expires."""
    return book.account(tenant, account_id).key.expires_at


def key_of(pocket: Pocket) -> WalletKey:
    """Whose row stands for the pocket."""
    return WalletKey(pocket.tenant, pocket.user_id, pocket.kind)


def _pocket(one: Asked[Credit] | Asked[Debit]) -> Pocket:
    return Pocket(one.tenant, one.body.user_id, one.body.kind, one.body.unit)


def _event(
    one: Asked[Credit] | Asked[Debit],
    pocket: Pocket,
    event_type: str,
    transaction_id: str,
    **facts: str | None,
) -> Event:
    payload = {
        "kind": pocket.kind.value,
        "unit": pocket.unit,
        "amount": one.body.amount,
        "transaction_id": transaction_id,
        "reference": one.body.reference,
        "reason": one.body.reason,
        **facts,
    }
    return Event(one.tenant, "wallet", pocket.user_id, event_type, one.actor, payload)


def _keys(asked: Iterable[Asked[ChangeFreeze]]) -> list[WalletKey]:
    return [
        WalletKey(one.tenant, one.body.user_id, kind) for one in asked for kind in one.body.kinds
    ]


def _freeze_event(one: Asked[ChangeFreeze], event_type: str) -> Event:
    payload = {"kinds": [kind.value for kind in one.body.kinds], "reason": one.body.reason}
    return Event(one.tenant, "wallet", one.body.user_id, event_type, one.actor, payload)

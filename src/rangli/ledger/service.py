"""Postings through the batcher, and what accounts hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rangli.core.errors import NotFound, RangliError
from rangli.core.ids import new_ids
from rangli.ledger import statements, store
from rangli.ledger.at_once import AtOnce
from rangli.ledger.book import AccountId, Book
from rangli.ledger.checks import Move
from rangli.ledger.model import Account, AccountKey, Cause, Leg, Phase
from rangli.storage.batcher import Asked, Batching, Request
from rangli.storage.postgres import Connection, connection, transaction

METHOD = "Ledger/Post"
_UNKNOWN = 0  # no account's id: they count from 1


class Transfer(NamedTuple):
    """So much from one account to another, each by its id or its names."""

    source: AccountKey | int
    target: AccountKey | int
    amount_minor: int


class Posting(NamedTuple):
    """Transfers that happen together; reference and occurred_at as in `Cause`."""

    transfers: tuple[Transfer, ...]
    reference: str = ""
    occurred_at: datetime | None = None


class Ledger:
    """A process's way to post directly, and to read. Domains with rows of their own use `store`."""

    def __init__(self, batching: Batching, *, batch_max: int = 256) -> None:
        self._pool = batching.pool
        self._batcher = batching.batcher(METHOD, post_all, at_once=post_at_once, size_max=batch_max)

    async def open(self, wanted: Mapping[AccountKey, int | None]) -> dict[AccountKey, int]:
        """The accounts' ids; missing ones are made with the floor given, None for no floor."""
        async with transaction(self._pool) as conn:
            return await store.open_accounts(conn, wanted)

    async def post(
        self,
        tenant: str,
        transfers: Sequence[Transfer],
        *,
        request_id: str,
        actor: str,
        deadline: float,
        reference: str = "",
        occurred_at: datetime | None = None,
    ) -> str:
        """Moves all the transfers or none; the transaction's id. Repeats get the first's.

        deadline: `time.monotonic()` after which nobody waits.
        Raises NotFound for an account; Refused as `Book.post`; and as `Batcher.submit`.
        """
        posting = Posting(tuple(transfers), reference, occurred_at)
        asked = Asked(tenant, request_id, _fingerprint(posting), actor, posting)
        return (await self._batcher.submit(asked, deadline=deadline)).decode()

    async def balances(self, accounts: Iterable[AccountId]) -> dict[AccountId, Account]:
        """Those accounts that exist, as they are at this moment."""
        async with connection(self._pool) as conn:
            return await statements.balances(conn, accounts)

    async def statement(
        self,
        tenant: str,
        account_id: int,
        *,
        size: int = 50,
        before: int | None = None,
        phases: Iterable[Phase] = Phase,
    ) -> statements.Page:
        """The account's lines, newest first; see `statements.statement`."""
        async with connection(self._pool) as conn:
            return await statements.statement(
                conn, tenant, account_id, size=size, before=before, phases=phases
            )


async def post_at_once(
    conn: Connection, requests: Sequence[Request[Posting]]
) -> list[bytes] | None:
    """Does the postings in their order, if nothing speaks against any of them."""
    ids = await _known(conn, [request.asked for request in requests])
    batch, transaction_ids = AtOnce(METHOD), new_ids("txn", len(requests))
    for request, transaction_id in zip(requests, transaction_ids, strict=True):
        tenant, request_id, _, _, (transfers, reference, occurred_at) = request.asked
        moves = _moves(ids, tenant, transfers)
        head = (
            tenant, request_id, request.request_sha256, transaction_id, reference, occurred_at
        )  # fmt: skip
        if not batch.add(head, moves):
            return None
    if not await batch.write(conn):
        return None
    return [transaction_id.encode() for transaction_id in transaction_ids]


async def post_all(conn: Connection, asked: Sequence[Asked[Posting]]) -> list[bytes | RangliError]:
    """Decides the postings in their order on locked accounts, and writes what was not refused."""
    ids = await _known(conn, asked)
    moves = [_moves(ids, one.tenant, one.body.transfers) for one in asked]
    accounts = {
        (one.tenant, account_id)
        for one, own in zip(asked, moves, strict=True)
        for source_id, target_id, _ in own
        for account_id in (source_id, target_id)
    }
    book = await store.locked(conn, accounts=accounts)
    verdicts = [_post(book, one, own) for one, own in zip(asked, moves, strict=True)]
    await store.write(conn, book)
    return verdicts


async def _known(
    conn: Connection, asked: Iterable[Asked[Posting]]
) -> Mapping[AccountKey, int] | None:
    """The ids of the accounts that are named and exist; None if none is named."""
    names = {
        side
        for one in asked
        for source, target, _ in one.body.transfers
        for side in (source, target)
        if not isinstance(side, int)
    }
    return await store.find_accounts(conn, names) if names else None


def _moves(
    ids: Mapping[AccountKey, int] | None, tenant: str, transfers: Sequence[Transfer]
) -> Sequence[Move]:
    """By ids; `_UNKNOWN` where no account has that name, as none of another tenant has."""
    if ids is None:
        return transfers  # type: ignore[return-value]  # all are numbered

    def known(side: AccountKey | int) -> int:
        if isinstance(side, int):
            return side
        return ids.get(side, _UNKNOWN) if side.tenant == tenant else _UNKNOWN

    return [(known(source), known(target), amount) for source, target, amount in transfers]


def _post(book: Book, one: Asked[Posting], moves: Sequence[Move]) -> bytes | RangliError:
    tenant, posting = one.tenant, one.body
    try:
        for (source_id, target_id, _), transfer in zip(moves, posting.transfers, strict=True):
            if (tenant, source_id) not in book.accounts:
                raise NotFound("account", _name(transfer.source))
            if (tenant, target_id) not in book.accounts:
                raise NotFound("account", _name(transfer.target))
        cause = Cause(METHOD, one.request_id, posting.reference, posting.occurred_at)
        return book.post(tenant, [Leg(*move) for move in moves], cause).encode()
    except RangliError as refusal:
        return refusal


def _fingerprint(posting: Posting) -> bytes:
    transfers = [tuple(transfer) for transfer in posting.transfers]  # whose repr is quicker
    return repr((transfers, posting.reference, posting.occurred_at)).encode()


def _name(side: AccountKey | int) -> str:
    return str(side) if isinstance(side, int) else f"{side.owner} {side.kind} {side.unit}"

"""The rows of postings, merely inserted: what PostgreSQL alone makes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rangli.core.ids import new_id
from rangli.storage.idempotency import sha256
from rangli.storage.postgres import Pool

TENANT, METHOD = "bench", "Ledger/Post"
FUNDED_MINOR = 10**12

_RECORDS = """
INSERT INTO idempotency_records (tenant, method, request_id, request_sha256, response)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
"""
_TRANSACTIONS = """
INSERT INTO ledger_transactions
    (tenant, transaction_id, kind, method, request_id, reference, occurred_at,
     posted_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::timestamptz[])
"""
_ENTRIES = """
INSERT INTO ledger_entries
    (tenant, account_id, entry_no, transaction_id, phase, amount_minor, balance_minor)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[],
                     $6::bigint[], $7::bigint[])
"""

Columns = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Move:
    """One posting; its number makes its request_id."""

    number: int
    source_id: int
    target_id: int
    amount_minor: int

    @property
    def request_id(self) -> str:
        """Unique on its side."""
        return f"request-{self.number}"


def funding(house_id: int, account_ids: Sequence[int]) -> list[Move]:
    """What every account begins with, from the house."""
    return [Move(-account_id, house_id, account_id, FUNDED_MINOR) for account_id in account_ids]


class RawPostings:
    """Inserts batches of rows that were made beforehand, on so many connections at once."""

    def __init__(self, pool: Pool, *, writers: int, batch: int) -> None:
        self.pool = pool
        self._writers = writers
        self._batch = batch
        self._entries: dict[int, list[int]] = {}  # of each account: how many, their sum

    async def prepare(self, accounts: int) -> list[int]:
        """Makes nothing; ids as PostgreSQL would give."""
        ids = list(range(2, accounts + 2))
        await self.write(funding(1, ids))
        return ids

    async def write(self, moves: Sequence[Move]) -> float:
        """How many seconds the inserts took, without the making of the rows."""
        size = self._batch
        batches = [self._rows(moves[at : at + size]) for at in range(0, len(moves), size)]
        began = time.perf_counter()
        waiting = iter(batches)
        await asyncio.gather(*(self._insert(waiting) for _ in range(self._writers)))
        return time.perf_counter() - began

    async def _insert(self, waiting: Iterator[tuple[Columns, Columns, Columns]]) -> None:
        async with self.pool.acquire() as conn:
            for records, heads, entries in waiting:  # which all writers share
                async with conn.transaction():
                    await conn.execute(_TRANSACTIONS, *heads)
                    await conn.execute(_ENTRIES, *entries)
                    await conn.execute(_RECORDS, *records)

    def _rows(self, moves: Sequence[Move]) -> tuple[Columns, Columns, Columns]:
        now = datetime.now(UTC)
        records, heads, entries = [], [], []
        for move in moves:
            request_id, transaction_id = move.request_id, new_id("txn")
            fingerprint = sha256(repr(move).encode())
            records.append((TENANT, METHOD, request_id, fingerprint, transaction_id.encode()))
            heads.append((TENANT, transaction_id, "POST", METHOD, request_id, "", now, now))
            for account_id, amount in (
                (move.source_id, -move.amount_minor),
                (move.target_id, move.amount_minor),
            ):
                tally = self._entries.setdefault(account_id, [0, 0])
                tally[0] += 1
                tally[1] += amount
                entries.append((TENANT, account_id, tally[0], transaction_id, 0, amount, tally[1]))
        return _columns(records), _columns(heads), _columns(entries)


def _columns(rows: list[tuple[Any, ...]]) -> Columns:
    return list(zip(*rows, strict=True))

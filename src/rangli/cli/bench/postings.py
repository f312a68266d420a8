"""How fast the ledger posts, against PostgreSQL merely storing the same rows, and against itself.

In one process, with fsync on. `hot`: all postings from one account to one other; `spread`: between
10,000 accounts. Each goes through the ledger's service and the batcher, with its request_id, its
decision and its balances. The raw side inserts the rows of the same postings (idempotency records,
transactions, entries), made beforehand, in batches of the same size on as many connections.
`single` is the spread once more, with a transaction for each posting. Every side has a database of
its own, so that all tables grow alike, and what it has written is counted and summed before a
round counts.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Protocol

import psycopg
import uvloop
from psycopg import sql

from rangli.cli.bench.raw_postings import FUNDED_MINOR, TENANT, Move, RawPostings, funding
from rangli.ledger.audit import CHECKS
from rangli.ledger.model import AccountKey
from rangli.ledger.service import Ledger, Transfer
from rangli.storage.audit import audit, snapshot
from rangli.storage.batcher import Batching
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.storage.postgres import Pool, connection, open_pool

BATCH, WRITERS, SINGLE_WRITERS = 256, 2, 8
ROUNDS, POSTINGS = 7, 40 * BATCH
SINGLE_SHARE = 10  # it is slow: so much less in a round
ACCOUNTS, SEED = 10_000, 20_260_101
SIDES = ("hot", "hot_raw", "spread", "spread_raw", "single")
_WRITTEN = """
SELECT (SELECT count(*) FROM idempotency_records WHERE response IS NOT NULL),
       (SELECT count(*) FROM ledger_transactions),
       (SELECT count(*) FROM ledger_entries),
       (SELECT sum(amount_minor) FROM ledger_entries),
       (SELECT sum(abs(amount_minor)) FROM ledger_entries)
"""


class Side(Protocol):
    """A way to write postings."""

    pool: Pool

    async def prepare(self, accounts: int) -> list[int]:
        """So many accounts' ids, with a funding each."""
        ...

    async def write(self, moves: Sequence[Move]) -> float:
        """Writes them; how many seconds that took."""
        ...


class LedgerPostings:
    """Through the service, by as many callers as keep the batches full."""

    def __init__(self, pool: Pool, *, writers: int, batch: int) -> None:
        self.pool = pool
        self._ledger = Ledger(Batching(pool, writers=writers), batch_max=batch)
        self._callers = 2 * writers * batch  # half of them wait while the others' is written

    async def prepare(self, accounts: int) -> list[int]:
        """All begin with plenty and must not fall below zero."""
        house = AccountKey(TENANT, "house", "balance", "USD")
        keys = [AccountKey(TENANT, f"user/{n:05}", "balance", "USD") for n in range(accounts)]
        found = await self._ledger.open({house: None} | dict.fromkeys(keys, 0))
        ids = [found[key] for key in keys]
        funded = LedgerPostings(self.pool, writers=WRITERS, batch=BATCH)
        await funded.write(funding(found[house], ids))
        return ids

    async def write(self, moves: Sequence[Move]) -> float:
        """How many seconds from the first question to the last answer."""
        began = time.perf_counter()
        waiting = iter(moves)
        await asyncio.gather(*(self._ask(waiting) for _ in range(self._callers)))
        return time.perf_counter() - began

    async def _ask(self, waiting: Iterator[Move]) -> None:
        for move in waiting:  # which all callers share
            await self._ledger.post(
                TENANT,
                [Transfer(move.source_id, move.target_id, move.amount_minor)],
                request_id=move.request_id,
                actor="bench",
                deadline=time.monotonic() + 60,
            )

    async def audit(self) -> None:
        """Raises AssertionError if anything is wrong in the ledger."""
        async with snapshot(self.pool) as conn:
            findings = await audit(conn, CHECKS)
        assert not findings, findings


@dataclass(slots=True)
class _Lane:
    """A side, its postings, and its rate in each round.

    digest: takes in the postings.
    """

    side: Side
    ids: Sequence[int]
    chance: Random = field(default_factory=lambda: Random(SEED))
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    written: int = 0
    moved_minor: int = 0
    per_s: list[float] = field(default_factory=list)

    async def run(self, count: int) -> None:
        """One round. Raises AssertionError unless all its rows are there, and no others."""
        moves = []
        for number in range(self.written, self.written + count):
            source_id, target_id = self.chance.sample(self.ids, 2)
            amount_minor = self.chance.randint(1, 10_000)
            moves.append(Move(number, source_id, target_id, amount_minor))
        # As a server does once it has loaded: what was here before is not looked at again. Else the
        # rounds would measure how much the bench itself holds.
        gc.collect()
        gc.freeze()
        self.per_s.append(count / await self.side.write(moves))
        gc.unfreeze()
        self.digest.update(repr(moves).encode())
        self.written += count
        self.moved_minor += sum(move.amount_minor for move in moves)
        rows, funded = self.written + len(self.ids), FUNDED_MINOR * len(self.ids)
        expected = (rows, rows, 2 * rows, 0, 2 * (self.moved_minor + funded))
        async with connection(self.side.pool) as conn:
            found = await conn.fetchrow(_WRITTEN)
        assert found is not None
        assert tuple(found) == expected, f"{tuple(found)} was written instead of {expected}"


def run(
    *, rounds: int = ROUNDS, postings: int = POSTINGS, accounts: int = ACCOUNTS
) -> dict[str, float | str]:
    """Postings a second and their ratios: medians over interleaved rounds."""
    with _databases() as dsns:
        lanes = uvloop.run(_measured(dsns, rounds, postings, accounts))
    per_s = {name: lane.per_s for name, lane in lanes.items()}
    figures: dict[str, float | str] = {
        "postings_hot_vs_raw": _ratio(per_s["hot"], per_s["hot_raw"]),
        "postings_spread_vs_raw": _ratio(per_s["spread"], per_s["spread_raw"]),
        "postings_vs_single": _ratio(per_s["spread"], per_s["single"]),
        **{f"postings_per_s_{name}": round(median(rates)) for name, rates in per_s.items()},
        "postings_inputs_sha256": lanes["spread"].digest.hexdigest()[:16],
    }
    print(
        f"{rounds} interleaved rounds of {postings:,} postings, {BATCH} a batch on {WRITERS}"
        f" connections, fsync on: {figures['postings_per_s_hot']:,}/s on one account,"
        f" {figures['postings_per_s_spread']:,}/s over {accounts:,}; raw rows"
        f" {figures['postings_per_s_hot_raw']:,}/s and {figures['postings_per_s_spread_raw']:,}/s;"
        f" a transaction each on {SINGLE_WRITERS} connections"
        f" {figures['postings_per_s_single']:,}/s; the audit is clean"
    )
    return figures


async def _measured(
    dsns: Mapping[str, str], rounds: int, postings: int, accounts: int
) -> dict[str, _Lane]:
    async with AsyncExitStack() as opened:
        sides = {}
        for name, dsn in dsns.items():
            pool = await open_pool(
                dsn, size_min=1, size_max=SINGLE_WRITERS, acquire_timeout_s=60, connect_timeout_s=60
            )
            opened.push_async_callback(pool.close)
            sides[name] = _side(name, pool)
        lanes = {
            name: _Lane(side, await side.prepare(2 if name.startswith("hot") else accounts))
            for name, side in sides.items()
        }
        for number in range(rounds + 1):
            for name, lane in lanes.items():
                await lane.run(postings // SINGLE_SHARE if name == "single" else postings)
                if number == 0:
                    lane.per_s.clear()  # a first round, to warm up
        for side in sides.values():
            if isinstance(side, LedgerPostings):
                await side.audit()
    return lanes


def _side(name: str, pool: Pool) -> Side:
    if name.endswith("_raw"):
        return RawPostings(pool, writers=WRITERS, batch=BATCH)
    if name == "single":
        return LedgerPostings(pool, writers=SINGLE_WRITERS, batch=1)
    return LedgerPostings(pool, writers=WRITERS, batch=BATCH)


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return round(median(one / other for one, other in zip(ours, theirs, strict=True)), 3)


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    """A durable PostgreSQL, with a database of the current schema for each side."""
    with tempfile.TemporaryDirectory(prefix="rangli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server may be a user of its own
        with EmbeddedStores(folder) as stores:
            migrate(stores.postgres_dsn)
            dsns = {
                side: stores.postgres_dsn.replace("/rangli?", f"/{side}?")
                for side in ("postgres", *SIDES)
            }
            with psycopg.connect(dsns.pop("postgres"), autocommit=True) as admin:
                for side in SIDES:
                    create = sql.SQL("CREATE DATABASE {} TEMPLATE rangli")
                    admin.execute(create.format(sql.Identifier(side)))
            yield dsns

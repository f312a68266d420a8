"""What one worker does of wallets and budgets through gRPC, on durable stores; stated, not judged.

A worker as `rangli serve` has it, pinned to one core; PostgreSQL with fsync and the load share the
others. `Reserve` takes from one of many wallets; `BatchSpend` carries many spends of a few pools.
Every request has a key of its own and every answer is read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import uvloop

from rangli.cli.bench.load import Load
from rangli.cli.bench.servers import Drive, Measured, Server, driving, measure, served, two_cores
from rangli.client import RangliClient
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import fund_service_pb2 as fb
from rangli.v1 import wallet_service_pb2 as wb

WALLETS, POOLS, SPENDS = 1_000, 4, 200
CONNECTIONS = 8
RESERVE, RESERVE_STREAMS = "/rangli.v1.WalletService/Reserve", 16
BATCH_SPEND, BATCH_SPEND_STREAMS = "/rangli.v1.FundService/BatchSpend", 1
ROUNDS, SECONDS = 5, 2.0
_PLENTY = 10**12


def run(*, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, float | str]:
    """Reservations and spends a second, and the worker's CPU for each."""
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the server and one for the load; no figure")
            return {}
        with _worker(core) as server:
            uvloop.run(_prepare(server.port))
            reserves, spends = _reserves(server, seconds), _spends(server, seconds)
            measure(server, reserves)
            measure(server, spends)
            pairs = [(measure(server, reserves), measure(server, spends)) for _ in range(rounds)]
    reserve, spend = (_middle(side) for side in zip(*pairs, strict=True))
    print(
        f"reservations in {WALLETS:,} wallets: {reserve.per_s:,.0f}/s, the worker"
        f" {reserve.busy:.0%} busy; spends of {POOLS} pools, {SPENDS} a call:"
        f" {spend.per_s * SPENDS:,.0f}/s, the worker {spend.busy:.0%} busy"
    )
    return {
        "wallet_reserve_per_s_grpc": round(reserve.per_s),
        "wallet_reserve_cpu_us_grpc": round(reserve.cpu_us, 1),
        "fund_batch_spend_per_s_grpc": round(spend.per_s * SPENDS),
        "fund_batch_spend_cpu_us_grpc": round(spend.cpu_us / SPENDS, 1),
    }


def _middle(measured: Sequence[Measured]) -> Measured:
    """The medians, each figure by itself."""
    return Measured(
        median(one.cpu_us for one in measured),
        median(one.per_s for one in measured),
        median(one.busy for one in measured),
    )


@contextmanager
def _worker(core: int) -> Iterator[Server]:
    """A worker on stores of its own."""
    with tempfile.TemporaryDirectory(prefix="rangli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the stores' system user
        with EmbeddedStores(folder / "stores") as stores:
            migrate(stores.postgres_dsn)
            environment = {
                "RANGLI_POSTGRES_DSN": stores.postgres_dsn,
                "RANGLI_REDIS_URL": stores.redis_url,
            }
            with served(core, "app", environment=environment) as server:
                yield server


async def _prepare(port: int) -> None:
    """Full wallets, and full budgets that activities take from."""
    async with RangliClient(f"127.0.0.1:{port}") as client:
        for number in range(POOLS):
            name = f"a{number}"
            await client.funds.create_pool(
                fb.CreatePoolRequest(
                    pool_id=name, funder="shop", currency="USD", budget_minor=_PLENTY
                )
            )
            share = ab.FundingShare(funder="shop", share_bps=10_000, pool_id=name)
            await client.funds.set_funding(name, "USD", [share])
        full = [
            wb.CreditRequest(
                request_id=f"c{number}",
                user_id=f"u{number}",
                kind=wb.WALLET_KIND_BALANCE,
                unit="USD",
                amount=_PLENTY,
            )
            for number in range(WALLETS)
        ]
        await client.wallet.batch_credit(full)


def _reserves(server: Server, seconds: float) -> Drive:
    """Reservations of one wallet each, in turns."""
    numbers = count()

    def request() -> bytes:
        number = next(numbers)
        tender = wb.ReserveTenderRequest.Tender(kind=wb.WALLET_KIND_BALANCE, unit="USD", amount=1)
        return wb.ReserveTenderRequest(
            request_id=f"r{number}",
            user_id=f"u{number % WALLETS}",
            order_id=f"o{number}",
            ttl_s=3600,
            currency="USD",
            tenders=[tender],
        ).SerializeToString()

    def is_right(answer: bytes) -> bool:
        return wb.WalletReservation.FromString(answer).state == wb.WALLET_RESERVATION_STATE_RESERVED

    load = Load(RESERVE, request, is_right)
    return driving(server, load, connections=CONNECTIONS, streams=RESERVE_STREAMS, seconds=seconds)


def _spends(server: Server, seconds: float) -> Drive:
    """Batches of spends, each of one of a few activities."""
    numbers = count()

    def request() -> bytes:
        batch = fb.BatchSpendRequest()
        for _ in range(SPENDS):
            number = next(numbers)
            item = batch.items.add(request_id=f"s{number}", order_id=f"o{number}")
            item.items.add(activity_id=f"a{number % POOLS}", amount_minor=1)
        return batch.SerializeToString()

    def is_right(answer: bytes) -> bool:
        items = fb.BatchSpendResponse.FromString(answer).items
        return len(items) == SPENDS and all(item.HasField("reservation") for item in items)

    load = Load(BATCH_SPEND, request, is_right)
    return driving(
        server, load, connections=CONNECTIONS, streams=BATCH_SPEND_STREAMS, seconds=seconds
    )

"""A worker, PostgreSQL with fsync and Valkey on one core, with coupons to claim and an offer.

One batch is sold out, some have plenty. CPU is that of all of them together.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psutil
import uvloop
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.cli.bench.load import Load, drive
from rangli.cli.bench.servers import Measured, Server, served
from rangli.client import CallRefused, RangliClient
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.transport.choice import Transport
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import coupon_service_pb2 as cb
from rangli.v1 import fund_service_pb2 as fb

CLAIM = "/rangli.v1.CouponService/Claim"
CONNECTIONS, STREAMS = 8, 32
STOCK, PLENTY, BATCHES = 500, 10**9, 1_000
RETRY_EVERY = 100  # a winner's, among the losing claims
COUPON = "coupon"
TRIES = 14
_AT_ONCE = 6  # fewer than the worker has connections
numbers = count()  # of all requests: none is like another


@dataclass(frozen=True, slots=True)
class Stand:
    """The stores and a worker, on one core."""

    worker: Server
    processes: Sequence[psutil.Process]
    postgres_dsn: str

    def cpu_s(self) -> float:
        """What all of them have used up to now."""
        return sum(
            _cpu_s(each)
            for process in self.processes
            for each in (process, *process.children(recursive=True))
        )

    def worker_cpu_s(self) -> float:
        """What the worker alone has used."""
        return _cpu_s(self.worker.process)


@contextmanager
def standing(core: int, transports: Sequence[Transport] = ("grpcio",)) -> Iterator[Sequence[Stand]]:
    """Everything that serves, on that core: a worker for each transport, on the same stores."""
    with tempfile.TemporaryDirectory(prefix="rangli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the stores' system user
        others = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # which the stores inherit
        try:
            stores = EmbeddedStores(folder / "stores")
            stores.__enter__()
        finally:
            os.sched_setaffinity(0, others)
        try:
            migrate(stores.postgres_dsn)
            environment = {
                "RANGLI_POSTGRES_DSN": stores.postgres_dsn,
                "RANGLI_REDIS_URL": stores.redis_url,
                "RANGLI_DATA_DIR": str(folder / "keys"),
            }
            started = psutil.Process().children()
            with ExitStack() as running:
                workers = [
                    running.enter_context(
                        served(core, "app", transport=one, environment=environment)
                    )
                    for one in transports
                ]
                yield [
                    Stand(worker, [worker.process, *started], stores.postgres_dsn)
                    for worker in workers
                ]
        finally:
            stores.__exit__(None, None, None)


async def prepare(port: int) -> tuple[list[str], int]:
    """A batch that is sold out, and some with plenty; an offer with a budget.

    The winners' numbers, and how many bytes a refusal says.
    """
    async with RangliClient(f"127.0.0.1:{port}") as client:
        pool = fb.CreatePoolRequest(
            pool_id="pool", funder="shop", currency="USD", budget_minor=10**15
        )
        await client.funds.create_pool(pool)
        for activity_id, template_id in ((COUPON, "item_coupon"), ("offer", "item_discount")):
            await client.activities.launch(_offer(template_id), activity_id=activity_id)
        names = ["sold-out", *(f"plenty-{number}" for number in range(BATCHES))]
        await _each([partial(_batch, client, name) for name in names])
        winners = [str(number) for number in range(STOCK)]
        wins = [request_of("sold-out", f"w{n}", f"win-{n}") for n in winners]
        await _each([partial(client.coupons.claim, win) for win in wins])
        try:
            await client.coupons.claim(request_of("sold-out", "late", "late"))
        except CallRefused as refusal:
            if refusal.reason == "SOLD_OUT":
                said = "".join((refusal.message, *refusal.metadata, *refusal.metadata.values()))
                return winners, len(said)
            raise
        raise AssertionError("one coupon too many was given")


async def _each(calls: Sequence[Callable[[], Awaitable[object]]]) -> None:
    """All of them, some at once."""
    left = iter(calls)

    async def some() -> None:
        for call in left:
            await call()

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


async def _batch(client: RangliClient, batch_id: str) -> None:
    stock = STOCK if batch_id == "sold-out" else PLENTY
    spec = cb.CouponBatchSpec(
        activity_id=COUPON, stock=stock, validity=cb.CouponValidity(lasts_s=86_400)
    )
    await client.coupons.create_batch(cb.CreateBatchRequest(batch_id=batch_id, spec=spec))


def _offer(template_id: str) -> ab.ActivitySpec:
    now = int(time.time())
    return ab.ActivitySpec(
        template_id=template_id,
        display_name="An offer",
        currency="USD",
        schedule=ab.Schedule(
            starts_at=Timestamp(seconds=now - 60),
            ends_at=Timestamp(seconds=now + 86_400),
            time_zone="UTC",
        ),
        products=ab.ProductTarget(all=True),
        effect=ab.Effect(percent_off=ab.PercentOff(off_bps=1_000)),
        funding=[ab.FundingShare(funder="shop", share_bps=10_000, pool_id="pool")],
    )


def request_of(batch_id: str, user_id: str, request_id: str) -> cb.ClaimRequest:
    """A claim."""
    return cb.ClaimRequest(request_id=request_id, batch_id=batch_id, user_id=user_id)


def claim_of(batch_id: str, user_id: str, request_id: str) -> bytes:
    """Its bytes."""
    return request_of(batch_id, user_id, request_id).SerializeToString()


def losing(winners: Sequence[str]) -> Load:
    """Losers, and now and then a winner who asks again."""

    def request() -> bytes:
        number = next(numbers)
        if number % RETRY_EVERY == 0:
            winner = winners[number // RETRY_EVERY % len(winners)]
            return claim_of("sold-out", f"w{winner}", f"win-{winner}")
        return claim_of("sold-out", f"l{number}", f"lose-{number}")

    def is_right(answer: bytes) -> bool:
        return cb.ClaimResponse.FromString(answer).coupon.batch_id == "sold-out"

    return Load(CLAIM, request, is_right, may_refuse=True)


def measured(
    stand: Stand,
    load: Load,
    seconds: float,
    *,
    refusals_count: bool = False,
    beside: Sequence[Stand] = (),
) -> Measured:
    """One round: CPU of everything that serves, for each call. Raises what the load met.

    refusals_count: they are what was asked for. beside: what else is on the core and may be tidying
    up after an earlier round; its CPU keeps the core busy, and is no call's.
    """

    async def driven() -> float:
        return await drive(
            load, stand.worker.port, connections=CONNECTIONS, streams=STREAMS, seconds=seconds
        )

    before_s, aside_s = stand.cpu_s(), sum(each.cpu_s() for each in beside)
    took_s = uvloop.run(driven())
    used_s = stand.cpu_s() - before_s
    busy_s = used_s + sum(each.cpu_s() for each in beside) - aside_s
    calls = load.answered - (0 if refusals_count else load.refused)
    return Measured(used_s / calls * 1e6, calls / took_s, busy_s / took_s)


def _cpu_s(process: psutil.Process) -> float:
    """Its own, and that of children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)

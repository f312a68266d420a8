"""What claims and checkouts cost a server with all that it stands on, beside an echo of raw bytes.

A worker as `rangli serve` has it, PostgreSQL with fsync and Valkey share one core, which must be
busy; the load has the others. CPU is that of all of them together. `win`: every claim has a coupon
of a batch with plenty; what is shed is not counted, but what it cost is. `lose`: the batch is sold
out; one call in a hundred is a winner's retry, and must get the coupon. The echo is a server of its
own on the same core that answers messages of the losing claims' sizes. At the end the coupons that
are out are counted.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import psutil
import psycopg
import uvloop
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.cli.bench.h2load import Load, drive
from rangli.cli.bench.servers import BUSY_MIN, ECHO, Measured, Server, served, two_cores
from rangli.client import CallRefused, RangliClient
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import checkout_service_pb2 as kb
from rangli.v1 import coupon_service_pb2 as cb
from rangli.v1 import fund_service_pb2 as fb
from rangli.v1 import quote_pb2 as qb

CLAIM = "/rangli.v1.CouponService/Claim"
RESERVE, COMMIT = (
    "/rangli.v1.CheckoutService/ReserveOrder",
    "/rangli.v1.CheckoutService/CommitOrder",
)
CONNECTIONS, STREAMS = 8, 32
PAIRS, TRIES, SECONDS = 7, 14, 2.0
STOCK, PLENTY, POOLS = 500, 10**9, (1, 10, 1_000)
RETRY_EVERY = 100  # a winner's, among the losing claims
LATENCY_S = 6.0
LINES, COUPON = 5, "coupon"
_AT_ONCE = 6  # fewer than the worker has connections


@dataclass(frozen=True, slots=True)
class Stand:
    """The stores and the worker, on one core."""

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


def run(*, pairs: int = PAIRS, seconds: float = SECONDS) -> dict[str, float | str]:
    """CPU of losing and winning claims as multiples of an echo's, and of an order."""
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the servers and one for the load; no figure")
            return {}
        with _stand(core) as stand:
            winners, refusal_bytes = uvloop.run(_prepare(stand.worker.port))
            with served(core, "echo", str(refusal_bytes)) as echo:
                print(
                    f"a worker, PostgreSQL and Valkey on one core; {CONNECTIONS} connections x"
                    f" {STREAMS} streams, {pairs} interleaved rounds of {seconds} s; an echo of"
                    f" {refusal_bytes} bytes; one losing claim in {RETRY_EVERY} is a winner's retry"
                )
                figures = _claims(stand, echo, winners, pairs=pairs, seconds=seconds)
            figures |= _pools(stand, seconds)
            figures |= uvloop.run(_latencies(stand.worker.port, figures))
            figures |= _orders(stand, seconds)
            figures |= _looked_at(stand)
    return figures


def _claims(
    stand: Stand, echo: Server, winners: Sequence[str], *, pairs: int, seconds: float
) -> dict[str, float | str]:
    echoing = Stand(echo, [echo.process], "")
    body = _claim("sold-out", "u", "r")
    sides: dict[str, Callable[[], Measured]] = {
        "lose": lambda: _measure(stand, _losing(winners), seconds, refusals_count=True),
        "win": lambda: _measure(stand, _winning(1), seconds),
        "echo": lambda: _measure(echoing, _echo(body, echo), seconds),
    }
    for measure in sides.values():
        measure()
    rounds: list[dict[str, Measured]] = []
    for _ in range(TRIES):
        one = {name: measure() for name, measure in sides.items()}
        if min(measured.busy for measured in one.values()) >= BUSY_MIN:
            rounds.append(one)
        if len(rounds) == pairs:
            break
    else:
        print(f"only {len(rounds)} rounds with the core {BUSY_MIN:.0%} busy: no figure")
        return {}

    figures: dict[str, float | str] = {}
    for name in sides:
        of = [one[name] for one in rounds]
        figures[f"claims_{name}_cpu_us"] = round(median(each.cpu_us for each in of), 1)
        figures[f"claims_{name}_per_s"] = round(median(each.per_s for each in of))
        if name != "echo":
            ratios = [one[name].cpu_us / one["echo"].cpu_us for one in rounds]
            figures[f"claims_{name}_cpu_vs_echo"] = round(median(ratios), 2)
    print(
        f"losing {figures['claims_lose_cpu_us']} us, winning {figures['claims_win_cpu_us']} us,"
        f" echo {figures['claims_echo_cpu_us']} us of CPU; {figures['claims_lose_per_s']:,},"
        f" {figures['claims_win_per_s']:,} and {figures['claims_echo_per_s']:,} a second"
    )
    return figures


def _pools(stand: Stand, seconds: float) -> dict[str, float | str]:
    """Winning claims over more and more batches."""
    figures: dict[str, float | str] = {}
    for pools in POOLS:
        rates = [_measure(stand, _winning(pools), seconds).per_s for _ in range(3)]
        figures[f"claims_win_per_s_{pools}_pools"] = round(median(rates))
    print(
        "over "
        + ", ".join(f"{n} batches {figures[f'claims_win_per_s_{n}_pools']:,}/s" for n in POOLS)
    )
    return figures


def _orders(stand: Stand, seconds: float) -> dict[str, float | str]:
    """Reserve and commit of one order: a cart with a promotion that a budget pays for."""
    reserving, committing = _order_loads()
    reserved = _measure(stand, reserving, 2 * seconds)
    committed = _measure(stand, committing, 60.0)
    figures: dict[str, float | str] = {
        "checkout_cpu_us": round(reserved.cpu_us + committed.cpu_us, 1),
        "checkout_reserve_cpu_us": round(reserved.cpu_us, 1),
        "checkout_commit_cpu_us": round(committed.cpu_us, 1),
        "checkout_reserve_per_s": round(reserved.per_s),
        "checkout_commit_per_s": round(committed.per_s),
    }
    print(
        f"an order of {LINES} lines: reserve {figures['checkout_reserve_cpu_us']} us,"
        f" commit {figures['checkout_commit_cpu_us']} us of CPU of all processes"
    )
    return figures


def _looked_at(stand: Stand) -> dict[str, float | str]:
    """Raises AssertionError if one coupon too many is out; the batches' sizes."""
    with psycopg.connect(stand.postgres_dsn) as conn:
        sold = conn.execute("SELECT count(*) FROM coupons WHERE batch_id = 'sold-out'").fetchone()
        assert sold == (STOCK,), f"{sold} coupons of {STOCK} are out"
        (size,) = conn.execute(
            "SELECT count(*)::float8 / count(DISTINCT xmin::text) FROM coupons"
            " WHERE batch_id = 'plenty-0'"
        ).fetchone() or (0.0,)
    print(f"coupons in a transaction, on average: {size:.0f}")
    return {"claims_batch_size": round(size, 1)}


@contextmanager
def _stand(core: int) -> Iterator[Stand]:
    """Everything that serves, on that core."""
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
            with served(core, "app", **environment) as server:
                yield Stand(server, [server.process, *started], stores.postgres_dsn)
        finally:
            stores.__exit__(None, None, None)


async def _prepare(port: int) -> tuple[list[str], int]:
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
        names = ["sold-out", *(f"plenty-{number}" for number in range(max(POOLS)))]
        await _each([partial(_batch, client, name) for name in names])
        winners = [str(number) for number in range(STOCK)]
        wins = [_request("sold-out", f"w{n}", f"win-{n}") for n in winners]
        await _each([partial(client.coupons.claim, win) for win in wins])
        try:
            await client.coupons.claim(_request("sold-out", "late", "late"))
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


def _request(batch_id: str, user_id: str, request_id: str) -> cb.ClaimRequest:
    return cb.ClaimRequest(request_id=request_id, batch_id=batch_id, user_id=user_id)


def _claim(batch_id: str, user_id: str, request_id: str) -> bytes:
    return _request(batch_id, user_id, request_id).SerializeToString()


_numbers = count()


def _losing(winners: Sequence[str]) -> Load:
    """Losers, and now and then a winner who asks again."""

    def request() -> bytes:
        number = next(_numbers)
        if number % RETRY_EVERY == 0:
            winner = winners[number // RETRY_EVERY % len(winners)]
            return _claim("sold-out", f"w{winner}", f"win-{winner}")
        return _claim("sold-out", f"l{number}", f"lose-{number}")

    def is_right(answer: bytes) -> bool:
        return cb.ClaimResponse.FromString(answer).coupon.batch_id == "sold-out"

    return Load(CLAIM, request, is_right, may_refuse=True)


def _winning(pools: int) -> Load:
    def request() -> bytes:
        number = next(_numbers)
        return _claim(f"plenty-{number % pools}", f"u{number}", f"win-{number}")

    def is_right(answer: bytes) -> bool:
        return bool(cb.ClaimResponse.FromString(answer).coupon.coupon_id)

    return Load(CLAIM, request, is_right, may_refuse=True)


def _order_loads() -> tuple[Load, Load]:
    """Reservations, and the commits of those that were made."""
    reserved: list[str] = []
    waiting = iter(reserved)

    def reserve() -> bytes:
        number = next(_numbers)
        lines = [
            qb.CartLine(line_id=str(line), sku=f"s{line}", quantity=2, list_minor=1_000)
            for line in range(LINES)
        ]
        cart = qb.QuoteRequest(currency="USD", lines=lines, user_id=f"u{number}")
        order_id = f"o{number}"
        return kb.ReserveOrderRequest(
            request_id=order_id, order_id=order_id, checkout=kb.Checkout(cart=cart)
        ).SerializeToString()

    def is_reserved(answer: bytes) -> bool:
        order = kb.Order.FromString(answer)
        reserved.append(order.order_id)
        return order.state == kb.ORDER_STATE_RESERVED

    def commit() -> bytes | None:
        order_id = next(waiting, None)
        if order_id is None:
            return None
        return kb.CommitOrderRequest(request_id=order_id, order_id=order_id).SerializeToString()

    def is_committed(answer: bytes) -> bool:
        return kb.Order.FromString(answer).state == kb.ORDER_STATE_COMMITTED

    return Load(RESERVE, reserve, is_reserved), Load(COMMIT, commit, is_committed)


def _echo(body: bytes, echo: Server) -> Load:
    """Messages of the same sizes; what the echo answers, it was told."""
    return Load(ECHO, body, bytes(_answer_bytes(echo)))


def _answer_bytes(echo: Server) -> int:
    return int(echo.process.cmdline()[-1])


def _measure(stand: Stand, load: Load, seconds: float, *, refusals_count: bool = False) -> Measured:
    """One round: CPU of everything that serves, for each call. Raises what the load met.

    refusals_count: they are what was asked for.
    """

    async def driven() -> float:
        return await drive(
            load, stand.worker.port, connections=CONNECTIONS, streams=STREAMS, seconds=seconds
        )

    before_s = stand.cpu_s()
    took_s = uvloop.run(driven())
    used_s = stand.cpu_s() - before_s
    calls = load.answered - (0 if refusals_count else load.refused)
    return Measured(used_s / calls * 1e6, calls / took_s, used_s / took_s)


def _cpu_s(process: psutil.Process) -> float:
    """Its own, and that of children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


async def _latencies(port: int, figures: dict[str, float | str]) -> dict[str, float | str]:
    """Winning claims at half the rate that was reached, sent at even intervals."""
    if "claims_win_per_s" not in figures:
        return {}
    per_s = float(figures["claims_win_per_s"]) / 2
    took_ms: list[float] = []
    async with RangliClient(f"127.0.0.1:{port}", connections=CONNECTIONS) as client:

        async def one(due: float) -> None:
            number = next(_numbers)
            await client.coupons.claim(_request("plenty-0", f"u{number}", f"win-{number}"))
            took_ms.append((time.perf_counter() - due) * 1e3)

        async with asyncio.TaskGroup() as calls:
            began = time.perf_counter()
            for number in range(int(per_s * LATENCY_S)):
                due = began + number / per_s
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                calls.create_task(one(due))
    cuts = quantiles(took_ms, n=100)
    print(f"at {per_s:,.0f} winning claims a second: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")
    return {
        "claims_p50_ms_half_load": round(cuts[49], 2),
        "claims_p99_ms_half_load": round(cuts[98], 2),
    }

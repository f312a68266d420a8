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
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles

import psycopg
import uvloop

from rangli.cli.bench.load import Load
from rangli.cli.bench.servers import (
    BUSY_MIN,
    ECHO,
    Measured,
    Server,
    echoed,
    served,
    two_cores,
)
from rangli.cli.bench.stand import (
    BATCHES,
    CLAIM,
    CONNECTIONS,
    RETRY_EVERY,
    STOCK,
    STREAMS,
    Stand,
    claim_of,
    losing,
    measured,
    numbers,
    prepare,
    request_of,
    standing,
)
from rangli.client import RangliClient
from rangli.v1 import checkout_service_pb2 as kb
from rangli.v1 import coupon_service_pb2 as cb
from rangli.v1 import quote_pb2 as qb

RESERVE, COMMIT = (
    "/rangli.v1.CheckoutService/ReserveOrder",
    "/rangli.v1.CheckoutService/CommitOrder",
)
PAIRS, TRIES, SECONDS = 7, 14, 2.0
POOLS = (1, 10, BATCHES)
LATENCY_S = 6.0
LINES = 5


def run(*, pairs: int = PAIRS, seconds: float = SECONDS) -> dict[str, float | str]:
    """CPU of losing and winning claims as multiples of an echo's, and of an order."""
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the servers and one for the load; no figure")
            return {}
        with standing(core) as (stand,):
            winners, refusal_bytes = uvloop.run(prepare(stand.worker.port))
            with served(core, "echo", str(refusal_bytes)) as echo:
                print(
                    f"a worker, PostgreSQL and Valkey on one core; {CONNECTIONS} connections x"
                    f" {STREAMS} streams, {pairs} interleaved rounds of {seconds} s; an echo of"
                    f" {refusal_bytes} bytes; one losing claim in {RETRY_EVERY} is a winner's retry"
                )
                figures = _claims(stand, echo, winners, refusal_bytes, pairs=pairs, seconds=seconds)
            figures |= uvloop.run(_latencies(stand.worker.port, figures))
            figures |= _pools(stand, seconds)
            figures |= _orders(stand, seconds)
            figures |= _looked_at(stand)
    return figures


def _claims(
    stand: Stand,
    echo: Server,
    winners: Sequence[str],
    answer_bytes: int,
    *,
    pairs: int,
    seconds: float,
) -> dict[str, float | str]:
    echoing = Stand(echo, [echo.process], "")
    body = claim_of("sold-out", "u", "r")
    sides: dict[str, Callable[[], Measured]] = {
        "lose": lambda: measured(stand, losing(winners), seconds, refusals_count=True),
        "win": lambda: measured(stand, _winning(1), seconds),
        "echo": lambda: measured(
            echoing, Load(ECHO, body, echoed(answer_bytes)), seconds, beside=[stand]
        ),
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
        rates = [measured(stand, _winning(pools), seconds).per_s for _ in range(3)]
        figures[f"claims_win_per_s_{pools}_pools"] = round(median(rates))
    print(
        "over "
        + ", ".join(f"{n} batches {figures[f'claims_win_per_s_{n}_pools']:,}/s" for n in POOLS)
    )
    return figures


def _orders(stand: Stand, seconds: float) -> dict[str, float | str]:
    """Reserve and commit of one order: a cart with a promotion that a budget pays for."""
    reserving, committing = _order_loads()
    reserved = measured(stand, reserving, 2 * seconds)
    committed = measured(stand, committing, 60.0)
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


def _winning(pools: int) -> Load:
    def request() -> bytes:
        number = next(numbers)
        return claim_of(f"plenty-{number % pools}", f"u{number}", f"win-{number}")

    def is_right(answer: bytes) -> bool:
        return bool(cb.ClaimResponse.FromString(answer).coupon.coupon_id)

    return Load(CLAIM, request, is_right, may_refuse=True)


def _order_loads() -> tuple[Load, Load]:
    """Reservations, and the commits of those that were made."""
    reserved: list[str] = []
    waiting = iter(reserved)

    def reserve() -> bytes:
        number = next(numbers)
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


async def _latencies(port: int, figures: dict[str, float | str]) -> dict[str, float | str]:
    """Winning claims at half the rate that was reached, sent at even intervals."""
    if "claims_win_per_s" not in figures:
        return {}
    per_s = float(figures["claims_win_per_s"]) / 2
    took_ms: list[float] = []
    async with RangliClient(f"127.0.0.1:{port}", connections=CONNECTIONS) as client:

        async def one(due: float) -> None:
            number = next(numbers)
            await client.coupons.claim(request_of("plenty-0", f"u{number}", f"win-{number}"))
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

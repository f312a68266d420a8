"""What a quote of a batch costs the server, with the wire codec and with protobuf objects.

`BatchQuote` of 50 carts of `mix.py` on two servers of the same code; one is told RANGLI_CODEC=
objects, which makes it parse and build protobuf messages as other methods do. Every answer is
compared.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from statistics import median
from typing import Any

from rangli.cli.bench.servers import (
    ACTIVITIES,
    BATCH_QUOTE,
    CARTS,
    PAIRS,
    SECONDS,
    Drive,
    Server,
    busy_rounds,
    mix,
    served,
    two_cores,
)
from rangli.cli.bench.serving import answering
from rangli.v1 import pricing_service_pb2 as pb

CALLS_AT_ONCE = 8


class UnexpectedAnswerError(Exception):
    """The server answered something else than expected."""


def run() -> dict[str, float | str]:
    """CPU per quote and rate of both, and their ratio."""
    request, answer = exchange()
    print(
        f"{CARTS} carts x {ACTIVITIES} activities: {len(request):,} bytes asked, {len(answer):,}"
        f" answered; {CALLS_AT_ONCE} calls at once, {PAIRS} interleaved pairs of {SECONDS} s"
    )
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the server and one for the load; no figure")
            return {}
        with (
            served(core, "quote") as coded,
            served(core, "quote", environment={"RANGLI_CODEC": "objects"}) as objects,
        ):
            pairs = busy_rounds(
                (coded, _drive(coded, request, answer)),
                (objects, _drive(objects, request, answer)),
            )
    if not pairs:
        return {}
    figures: dict[str, float | str] = {
        "batch_quote_cpu_vs_objects": round(median(c.cpu_us / o.cpu_us for c, o in pairs), 3),
        "batch_quote_cpu_us": round(median(coded.cpu_us for coded, _ in pairs) / CARTS, 1),
        "batch_quote_objects_cpu_us": round(median(o.cpu_us for _, o in pairs) / CARTS, 1),
        "batch_quotes_per_s_one_core": round(median(coded.per_s for coded, _ in pairs) * CARTS),
        "batch_quotes_objects_per_s_one_core": round(median(o.per_s for _, o in pairs) * CARTS),
    }
    print(
        f"{figures['batch_quote_cpu_us']} us of server CPU a quote,"
        f" {figures['batch_quotes_per_s_one_core']:,} quotes/s; with objects"
        f" {figures['batch_quote_objects_cpu_us']} us,"
        f" {figures['batch_quotes_objects_per_s_one_core']:,}/s"
    )
    return figures | {
        "batch_inputs_sha256": hashlib.sha256(request).hexdigest()[:16],
        "batch_answers_sha256": hashlib.sha256(answer).hexdigest()[:16],
    }


def exchange() -> tuple[bytes, bytes]:
    """A request of all the carts, and the answer it must have: theirs, one by one."""
    given = mix()
    answer = answering(given.catalogue)
    items = [
        pb.BatchQuoteResponse.Item(
            quote=pb.QuoteResponse.FromString(answer(one.SerializeToString()))
        )
        for one in given.requests
    ]
    return (
        pb.BatchQuoteRequest(quotes=given.requests).SerializeToString(deterministic=True),
        pb.BatchQuoteResponse(items=items).SerializeToString(deterministic=True),
    )


def _drive(server: Server, request: bytes, answer: bytes) -> Drive:
    async def driven(begun: Callable[[], object]) -> tuple[int, float]:
        import grpc  # noqa: PLC0415  only this process calls

        loop = asyncio.get_running_loop()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            call: Any = channel.unary_unary(BATCH_QUOTE)  # bytes in, bytes out
            begun()
            started_s = loop.time()

            async def calls() -> int:
                answered = 0
                while loop.time() < started_s + SECONDS:
                    if await call(request, timeout=30) != answer:
                        raise UnexpectedAnswerError(f"call {answered} was answered otherwise")
                    answered += 1
                return answered

            answered = await asyncio.gather(*(calls() for _ in range(CALLS_AT_ONCE)))
            return sum(answered), loop.time() - started_s

    return driven

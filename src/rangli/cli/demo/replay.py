"""All baskets through the server, in time order."""

from __future__ import annotations

import asyncio
import time

from tqdm import tqdm

from rangli.cli.demo.baskets import Answers, Baskets
from rangli.client import RangliClient

# Basket by basket, a call each, takes about three times as long; larger batches gain nothing.
_BATCH = 50
# Per connection: one is priced while another is on its way.
_IN_FLIGHT = 2
_TIMEOUT_S = 30.0


class ReplayFailed(Exception):
    """The service refused a basket; the message says which and why."""


async def replay(
    client: RangliClient, baskets: Baskets, answers: Answers, *, connections: int
) -> float:
    """Price every basket, note the answers; how many seconds it took.

    Batches leave in time order; several are on their way at once, so that all workers have work.
    Raises ReplayFailed and CallRefused.
    """
    starts = iter(range(0, len(baskets), _BATCH))
    began = time.perf_counter()
    with tqdm(desc="Replaying baskets", total=len(baskets), unit=" baskets") as bar:

        async def some() -> None:
            for start in starts:
                numbers = range(start, min(start + _BATCH, len(baskets)))
                answer = await client.pricing.batch_quote(
                    [baskets.request(number) for number in numbers], timeout_s=_TIMEOUT_S
                )
                for number, item in zip(numbers, answer.items, strict=True):
                    if item.HasField("error"):
                        raise ReplayFailed(
                            f"basket {baskets.basket_ids[number]}: {item.error.message}"
                        )
                    answers.take(number, item.quote)
                bar.update(len(numbers))

        await asyncio.gather(*(some() for _ in range(connections * _IN_FLIGHT)))
    return time.perf_counter() - began

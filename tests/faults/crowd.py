"""Shoppers of a flash sale, as many as asked for, in a process of their own.

    python -m tests.faults.crowd ADDRESS TENANT BATCH FIRST COUNT

Every shopper claims once, and asks again with the same request_id as long as nobody knows what
became of it. Prints the winners' coupons as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterable

import grpc

from rangli.client import CallRefused, RangliClient
from rangli.v1.coupon_service_pb2 import ClaimRequest
from tests.faults.history import IN_DOUBT

_IN_FLIGHT = 250
_PAUSE_S = 0.05
_AGAIN = IN_DOUBT | {grpc.StatusCode.RESOURCE_EXHAUSTED}


async def claims(
    address: str, tenant: str, batch_id: str, users: Iterable[str], *, again: str = ""
) -> dict[str, str]:
    """The coupons by user_id of those who won. again: makes it another claim."""
    won: dict[str, str] = {}
    room = asyncio.Semaphore(_IN_FLIGHT)

    async def one(user_id: str) -> None:
        request = ClaimRequest(request_id=f"{user_id}{again}", batch_id=batch_id, user_id=user_id)
        async with room:
            while True:  # until it is known; the test's time bounds it
                try:
                    won[user_id] = (await rangli.coupons.claim(request)).coupon_id
                except CallRefused as refusal:
                    if refusal.code in _AGAIN:
                        await asyncio.sleep(_PAUSE_S)
                        continue
                    if refusal.reason != "SOLD_OUT":
                        raise
                return

    async with RangliClient(address, tenant=tenant, actor="crowd", connections=4) as rangli:
        await asyncio.gather(*map(one, users))
    return won


async def crowd(
    address: str, tenant: str, batch_id: str, *, processes: int, each: int
) -> dict[str, str]:
    """So many processes of so many shoppers each, all at once; the winners' coupons."""

    async def started(number: int) -> dict[str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.crowd", address, tenant, batch_id),
            *(str(number * each), str(each)),
            stdout=PIPE,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0
        found: dict[str, str] = json.loads(said)
        return found

    won: dict[str, str] = {}
    for found in await asyncio.gather(*map(started, range(processes))):
        won |= found
    return won


def shoppers(first: int, count: int) -> list[str]:
    """Their user_ids."""
    return [f"user-{number}" for number in range(first, first + count)]


def main(address: str, tenant: str, batch_id: str, first: str, count: str) -> None:
    users = shoppers(int(first), int(count))
    print(json.dumps(asyncio.run(claims(address, tenant, batch_id, users))))


if __name__ == "__main__":
    main(*sys.argv[1:])

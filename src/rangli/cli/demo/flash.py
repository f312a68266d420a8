"""A flash sale: far more shoppers than units, all at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from tqdm import tqdm

from rangli.cli.demo.offers import CURRENCY, RETAILER
from rangli.cli.demo.outcome import Sold
from rangli.cli.demo.week import running_now
from rangli.client import CallRefused, RangliClient
from rangli.v1.activity_pb2 import (
    ActivitySpec,
    AmountOff,
    Effect,
    FundingShare,
    ProductTarget,
)
from rangli.v1.coupon_service_pb2 import (
    ClaimRequest,
    CouponBatchSpec,
    CouponValidity,
    CreateBatchRequest,
    VoidCouponRequest,
)

STOCK, CLAIMANTS, RETURNED = 1_000, 20_000, 50
_ACTIVITY = _BATCH = "flash-sale"
# What a client may have on its way, over all connections; the others stand in line.
_IN_FLIGHT = 1_000
_ATTEMPTS = 100
_AGAIN = {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED"}


class FlashFailed(Exception):
    """The sale did not go as it must; the message says how."""


async def flash_sale(client: RangliClient, *, claimants: int = CLAIMANTS) -> Sold:
    """Sell 1,000 units to so many claimants, take 50 back, and sell them again.

    Raises FlashFailed and CallRefused.
    """
    await client.activities.launch(
        ActivitySpec(
            template_id="item_coupon",
            display_name="Flash sale",
            currency=CURRENCY,
            schedule=running_now(),
            products=ProductTarget(all=True),
            effect=Effect(amount_off=AmountOff(amount_minor=500)),
            funding=[FundingShare(funder=RETAILER, share_bps=10_000)],
        ),
        activity_id=_ACTIVITY,
    )
    spec = CouponBatchSpec(activity_id=_ACTIVITY, stock=STOCK, validity=CouponValidity(lasts_s=600))
    await client.coupons.create_batch(CreateBatchRequest(batch_id=_BATCH, spec=spec))
    crowd = _Crowd(client)
    everybody = [f"shopper-{number}" for number in range(claimants)]
    began = time.perf_counter()
    won = await crowd.claim(everybody, "Flash sale", first=True)
    took_s = time.perf_counter() - began
    if len(won) != STOCK or len(set(won.values())) != STOCK:
        raise FlashFailed(f"{len(won)} of {claimants} won one of {STOCK} units")
    again = await crowd.claim(list(won), "Winners ask again", first=True)
    back = list(won)[:RETURNED]
    for user_id in back:
        await client.coupons.void(
            VoidCouponRequest(user_id=user_id, coupon_id=won[user_id], restock=True)
        )
    losers = [user_id for user_id in everybody if user_id not in won][: 20 * RETURNED]
    then = await crowd.claim(losers, "Losers ask again", first=False)
    if len(then) != RETURNED:
        raise FlashFailed(f"{RETURNED} came back, {len(then)} were then given")
    return Sold(
        stock=STOCK,
        claimants=claimants,
        winners=len(won),
        same_again=sum(again.get(user_id) == coupon_id for user_id, coupon_id in won.items()),
        returned=RETURNED,
        winners_then=len(then),
        took_s=took_s,
        shed=crowd.refused["OVERLOADED"],
    )


class _Crowd:
    """Shoppers who claim; those who are sent away for load come again."""

    def __init__(self, client: RangliClient) -> None:
        self._client = client
        self._room = asyncio.Semaphore(_IN_FLIGHT)
        self.refused: Counter[str] = Counter()

    async def claim(self, users: list[str], title: str, *, first: bool) -> dict[str, str]:
        """The winners' coupons. first: with the request_id of their first claim."""
        with tqdm(desc=title, total=len(users), unit=" claims") as bar:

            async def one(user_id: str) -> str:
                async with self._room:
                    coupon_id = await self._claim(user_id, user_id if first else f"{user_id}/again")
                bar.update()
                return coupon_id

            coupons = await asyncio.gather(*map(one, users))
        return {user_id: coupon for user_id, coupon in zip(users, coupons, strict=True) if coupon}

    async def _claim(self, user_id: str, request_id: str) -> str:
        request = ClaimRequest(request_id=request_id, batch_id=_BATCH, user_id=user_id)
        for attempt in range(_ATTEMPTS):
            try:
                return (await self._client.coupons.claim(request)).coupon_id
            except CallRefused as refusal:
                self.refused[refusal.reason] += 1
                if refusal.reason == "SOLD_OUT":
                    return ""
                if refusal.code.name not in _AGAIN:
                    raise FlashFailed(f"{user_id}: {refusal}") from refusal
                await asyncio.sleep((refusal.retry_after_s or 0.1) * (1 + attempt % 4))
        raise FlashFailed(f"{user_id} was sent away {_ATTEMPTS} times")

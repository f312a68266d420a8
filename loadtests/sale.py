"""What the users of coupons and orders need, and whether all of it was right in the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from loadtests import calling
from loadtests.check import WrongAnswer, expect
from rangli.client import CallRefused, RangliClient
from rangli.core.clock import now
from rangli.v1.activity_pb2 import (
    ActivitySpec,
    AmountOff,
    Effect,
    FundingShare,
    PercentOff,
    ProductTarget,
    Schedule,
    UsageLimit,
)
from rangli.v1.coupon_service_pb2 import (
    ClaimRequest,
    CouponBatchSpec,
    CouponValidity,
    CreateBatchRequest,
    PutVanityCodeRequest,
)
from rangli.v1.fund_service_pb2 import CreatePoolRequest

# A flash sale, a batch that whoever redeems a code gets a coupon of, one that lasts for any run.
BATCH, CODES_BATCH, WELCOME = "flash", "codes", "welcome"
STOCK = 2_000
CODES = 50_000
VANITY = "LOADTEST"
CURRENCY = "USD"
_PLENTY = 10**9
_BUDGET_MINOR = 10**14
_DAY_S = 86_400
_TRIES_MAX = 100


async def prepare_sale(*, address: str, tenant: str, stock: int = STOCK) -> None:
    """A sale of so many units. The tenant must be new. Raises CallRefused."""
    async with calling.client(address, tenant=tenant) as client:
        await _batch(client, BATCH, stock=stock)


async def prepare_codes(*, address: str, tenant: str, count: int = CODES) -> list[str]:
    """Codes that open a coupon each; and one code for many. As `prepare_sale`."""
    async with calling.client(address, tenant=tenant) as client:
        await _batch(client, CODES_BATCH, stock=_PLENTY)
        made: list[str] = []
        async for message in client.coupons.generate_codes(CODES_BATCH, count):
            made += message.codes
        await client.coupons.put_vanity_code(
            PutVanityCodeRequest(batch_id=CODES_BATCH, code=VANITY, most=_PLENTY)
        )
    return made


async def prepare_orders(*, address: str, tenant: str) -> None:
    """Offers with a budget and a limit, and coupons for everybody. As `prepare_sale`."""
    async with calling.client(address, tenant=tenant) as client:
        await client.funds.create_pool(
            CreatePoolRequest(
                pool_id="brand", funder="brand", currency=CURRENCY, budget_minor=_BUDGET_MINOR
            )
        )
        sale = _spec("item_discount", Effect(percent_off=PercentOff(off_bps=1_000)))
        sale.funding.add(funder="brand", share_bps=10_000, pool_id="brand")
        sale.limits.append(UsageLimit(subject="LIMIT_SUBJECT_USER", most=_PLENTY))
        await client.activities.launch(sale, activity_id="sale")
        await _batch(client, WELCOME, stock=_PLENTY, per_user_max=0)


async def check_sale(*, address: str, tenant: str, stock: int = STOCK) -> str:
    """What became of the sale, in words. Raises WrongAnswer unless exactly the stock was given.

    New shoppers claim what is left: so many of them win, and nobody after them. Then the events
    must tell of just the coupons that are out.
    """
    async with calling.client(address, tenant=tenant) as client:
        before = await client.coupons.batch(BATCH)
        shoppers = [f"at-last-{number}" for number in range(before.left + 5)]
        won = 0
        for begin in range(0, len(shoppers), _TRIES_MAX):
            crowd = shoppers[begin : begin + _TRIES_MAX]
            won += sum(await asyncio.gather(*(_wins(client, user_id) for user_id in crowd)))
        batch = await client.coupons.batch(BATCH)
        expect("the winners at last", won, before.left)
        expect("what was given", (batch.given, batch.left), (stock, 0))
        out = await _out(client)
    expect("the coupons that are out by the events", len(out), stock)
    expect("what anybody has more than once", {id_ for id_, n in out.items() if n != 1}, set())
    return f"{stock:,} of {stock:,} units were given, {before.given:,} of them by the crowd"


async def check_codes(*, address: str, tenant: str) -> str:
    """Raises WrongAnswer unless a coupon was given for each redeemed code, and for nothing else."""
    async with calling.client(address, tenant=tenant) as client:
        batch = await client.coupons.batch(CODES_BATCH)
        sets = [one async for one in client.coupons.code_sets(CODES_BATCH)]
    redeemed = sum(one.redeemed for one in sets)
    expect("coupons given for codes", batch.given, redeemed)
    if any(one.redeemed > one.count for one in sets):
        raise WrongAnswer("more codes were redeemed than there are")
    return f"{redeemed:,} codes redeemed, {batch.given:,} coupons given"


async def _wins(client: RangliClient, user_id: str) -> bool:
    try:
        await client.coupons.claim(
            ClaimRequest(request_id=user_id, batch_id=BATCH, user_id=user_id)
        )
    except CallRefused as refusal:
        if refusal.reason != "SOLD_OUT":
            raise
        return False
    return True


async def _out(client: RangliClient) -> Counter[str]:
    """Coupons of the sale by how often they were given and not given back, as events tell."""
    out: Counter[str] = Counter()
    async for page in client.events.follow(subject_kinds=["coupon"], size=1_000, wait_ms=1):
        for event in page.events:
            if event.payload["batch_id"] != BATCH:
                continue
            if event.event_type == "coupon.given":
                out[event.payload["coupon_id"]] += 1
            elif event.event_type == "coupon.voided":
                out[event.payload["coupon_id"]] -= 1
        if not page.events and not page.more:
            break
    return +out


async def _batch(client: RangliClient, batch_id: str, *, stock: int, per_user_max: int = 1) -> None:
    """A coupon batch of that name with an activity of its own."""
    spec = _spec("item_coupon", Effect(amount_off=AmountOff(amount_minor=100)))
    spec.funding.append(FundingShare(funder="shop", share_bps=10_000))
    await client.activities.launch(spec, activity_id=f"{batch_id}-coupon")
    await client.coupons.create_batch(
        CreateBatchRequest(
            batch_id=batch_id,
            spec=CouponBatchSpec(
                activity_id=f"{batch_id}-coupon",
                stock=stock,
                per_user_max=per_user_max,
                validity=CouponValidity(lasts_s=_DAY_S),
                returns_on_refund=True,
            ),
        )
    )


def _spec(template_id: str, effect: Effect) -> ActivitySpec:
    """An offer for all products that runs now; its funding is the caller's."""
    schedule = Schedule(time_zone="UTC")
    for field, days in (("starts_at", -1), ("ends_at", 30)):
        at = Timestamp()
        at.FromDatetime(now() + timedelta(days=days))
        getattr(schedule, field).CopyFrom(at)
    return ActivitySpec(
        template_id=template_id,
        display_name=template_id,
        currency=CURRENCY,
        schedule=schedule,
        products=ProductTarget(all=True),
        effect=effect,
    )

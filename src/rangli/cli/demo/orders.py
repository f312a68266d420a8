"""The week's baskets through the checkout: claimed, evaluated, reserved, committed, given back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import pandas as pd
from tqdm import tqdm

from rangli.cli.demo.baskets import Baskets
from rangli.cli.demo.data import Journey
from rangli.cli.demo.offers import MANUFACTURER, RETAILER
from rangli.cli.demo.outcome import Ordered
from rangli.cli.demo.publish import launch_week
from rangli.cli.demo.week import Week
from rangli.client import CallRefused, RangliClient
from rangli.v1.checkout_service_pb2 import (
    Checkout,
    CommitOrderRequest,
    EvaluateRequest,
    Evaluation,
    RefundOrderRequest,
    ReleaseOrderRequest,
    ReserveOrderRequest,
)
from rangli.v1.coupon_service_pb2 import (
    ClaimRequest,
    CouponBatchSpec,
    CouponValidity,
    CreateBatchRequest,
)
from rangli.v1.refund_pb2 import Return, ReturnedLine

_AT_ONCE = 32
_DAY_S = 86_400
# Of so many baskets one is given up, one comes back whole, and of one the first line does.
_RELEASED, _RETURNED, _PARTLY = (20, 7), (25, 11), (30, 17)

Item = TypeVar("Item")


@dataclass(slots=True)
class _Done:
    """What is noted on the way. borne: what funders bear in the end, by the other calculation."""

    orders: int = 0
    unequal: list[str] = field(default_factory=list)
    released: int = 0
    refunded: int = 0
    refunded_minor: int = 0
    coupons_used: int = 0
    coupons_back: int = 0
    borne: Counter[str] = field(default_factory=Counter)


async def order(client: RangliClient, week: Week, journey: Journey, *, connections: int) -> Ordered:
    """All of it, with the settlement against the independent calculation.

    client: its tenant must be new. Raises PublishFailed and CallRefused.
    """
    await launch_week(client, week, connections=connections)
    claim_s, held, too_late = await _claim(client, week)
    baskets = Baskets(week.lines, journey.products, week.presented.iloc[:0])
    done = _Done()
    began = time.perf_counter()
    with tqdm(desc="Ordering", total=len(baskets), unit=" baskets") as bar:

        async def one(number: int) -> None:
            coupons = held.get(int(baskets.basket_ids[number]), [])
            await _order(client, week, baskets, number, coupons=coupons, done=done)
            bar.update()

        await _all(range(len(baskets)), one)
    order_s = time.perf_counter() - began
    now = time.time()
    settled = await client.funds.settlement(_at(now - _DAY_S), _at(now + _DAY_S))
    borne = Counter(dict.fromkeys((RETAILER, MANUFACTURER), 0))
    for row in settled.rows:
        borne[row.funder] += row.net_minor
    return Ordered(
        week=week.number,
        batches=len(week.coupons),
        claims=len(week.presented),
        claims_too_late=too_late,
        claim_s=claim_s,
        orders=done.orders,
        order_s=order_s,
        unequal=tuple(done.unequal),
        released=done.released,
        refunded=done.refunded,
        refunded_minor=done.refunded_minor,
        coupons_used=done.coupons_used,
        coupons_back=done.coupons_back,
        settled={funder: borne[funder] for funder in borne},
        wanted={funder: done.borne[funder] for funder in borne},
    )


async def _claim(client: RangliClient, week: Week) -> tuple[float, dict[int, list[str]], int]:
    """Every household claims what it will present; the coupons by basket. Then each batch is empty.

    How long that took, the coupons, and how many batches refused one claim more, as they must.
    """
    household_of = week.lines.drop_duplicates("basket_id").set_index("basket_id")["household_id"]
    wanted = week.presented.assign(household_id=week.presented["basket_id"].map(household_of))
    for activity_id, rows in wanted.groupby("activity_id"):
        await client.coupons.create_batch(
            CreateBatchRequest(
                batch_id=str(activity_id).replace(":", "-"),
                spec=CouponBatchSpec(
                    activity_id=str(activity_id),
                    stock=len(rows),
                    per_user_max=int(rows["household_id"].value_counts().max()),
                    audience_set_ids=[week.audiences[str(activity_id)]],
                    validity=CouponValidity(lasts_s=_DAY_S),
                    returns_on_refund=True,
                ),
            )
        )
    held: dict[int, list[str]] = {}
    too_late = 0
    began = time.perf_counter()

    async def claim(row: Any) -> None:
        claimed = await client.coupons.claim(
            ClaimRequest(
                request_id=row.credential_id,
                batch_id=row.activity_id.replace(":", "-"),
                user_id=str(row.household_id),
            )
        )
        held.setdefault(int(row.basket_id), []).append(claimed.coupon_id)

    await _all(wanted.itertuples(index=False), claim)
    claim_s = time.perf_counter() - began

    async def once_more(row: Any) -> None:
        nonlocal too_late
        try:
            await client.coupons.claim(
                ClaimRequest(
                    batch_id=row.activity_id.replace(":", "-"), user_id=str(row.household_id)
                )
            )
        except CallRefused as refusal:
            too_late += refusal.reason in ("SOLD_OUT", "LIMIT_REACHED")

    await _all(wanted.drop_duplicates("activity_id").itertuples(index=False), once_more)
    return claim_s, held, too_late


async def _order(
    client: RangliClient,
    week: Week,
    baskets: Baskets,
    number: int,
    *,
    coupons: list[str],
    done: _Done,
) -> None:
    cart = baskets.request(number)
    cart.ClearField("priced_at")
    checkout = Checkout(cart=cart, coupon_ids=coupons, without_coupons=not coupons)
    evaluation = await client.checkout.evaluate(EvaluateRequest(checkout=checkout))
    order_id = str(baskets.basket_ids[number])
    own = slice(baskets.first[number], baskets.first[number + 1])
    wanted = week.wanted.iloc[own].assign(quantity=week.lines["quantity"].iloc[own])
    payable = [line.payable_minor for line in evaluation.quote.lines]
    if payable != wanted["payable_minor"].tolist():
        done.unequal.append(order_id)
    await client.checkout.reserve(
        ReserveOrderRequest(
            request_id=order_id, order_id=order_id, checkout=checkout, token=evaluation.token
        )
    )
    done.orders += 1
    if _chosen(number, _RELEASED):
        await client.checkout.release(ReleaseOrderRequest(order_id=order_id))
        done.released += 1
        return
    await client.checkout.commit(CommitOrderRequest(order_id=order_id))
    done.coupons_used += len(evaluation.coupon_ids)
    kept = wanted
    if _chosen(number, _RETURNED):
        kept = wanted.iloc[:0]
        await _refund(client, order_id, evaluation, done=done, returned=wanted)
    elif _chosen(number, _PARTLY):
        kept = wanted.iloc[1:]
        first = wanted.iloc[:1]
        await _refund(client, order_id, evaluation, done=done, returned=first, first_line=True)
    for funder in (RETAILER, MANUFACTURER):
        done.borne[funder] += int(kept[f"{funder}_minor"].sum())


async def _refund(
    client: RangliClient,
    order_id: str,
    evaluation: Evaluation,
    *,
    done: _Done,
    returned: pd.DataFrame,
    first_line: bool = False,
) -> None:
    request = RefundOrderRequest(order_id=order_id, whole=not first_line)
    if first_line:
        line = evaluation.quote.lines[0]
        units = int(returned["quantity"].iloc[0])
        back = ReturnedLine(line_id=line.line_id, quantity=units)
        request.returned.CopyFrom(Return(lines=[back]))
    answer = await client.checkout.refund(request)
    if answer.refund.refund_minor != int(returned["payable_minor"].sum()):
        done.unequal.append(order_id)
    done.refunded += 1
    done.refunded_minor += answer.refund.refund_minor
    done.coupons_back += len(answer.returned_coupon_ids)


def _chosen(number: int, share: tuple[int, int]) -> bool:
    of, which = share
    return number % of == which


async def _all(items: Iterable[Item], do: Callable[[Item], Awaitable[None]]) -> None:
    """`do` for each, some at once; the first failure ends it."""
    left = iter(items)

    async def some() -> None:
        for item in left:
            await do(item)

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

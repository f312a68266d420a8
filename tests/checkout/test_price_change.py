"""Between an evaluation and its reservation: what was promised holds, or a no says what is new."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.activities import kept
from rangli.activities.feed import CatalogueFeed
from rangli.checkout import evaluating_rpc
from rangli.checkout.changed_rpc import price_changed
from rangli.core.errors import RangliError, Unavailable
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import checkout_pb2 as cb
from rangli.wire.status import to_status
from tests.checkout.desk import Desk
from tests.checkout.shop import checkout, limit
from tests.funds import budgets
from tests.world import World, line, spec


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    """A shop that takes orders; all audits are clean when the test has ended."""
    one = Desk(world)
    yield one
    assert await one.findings() == []


def discount(off_bps: int, **fields: Any) -> ab.ActivitySpec:
    return spec("item_discount", percent_off={"off_bps": off_bps}, **fields)


async def republish(desk: Desk, activity_id: str, now: ab.ActivitySpec) -> None:
    await desk.world.update(activity_id, now)
    await desk.world.publish(activity_id)
    await desk.world.caught_up()


async def refusal(desk: Desk, asked: cb.Checkout, **fields: Any) -> RangliError:
    with pytest.raises(RangliError) as refused:
        await desk.reserve("o1", asked, **fields)
    return refused.value


def fresh(error: RangliError) -> cb.Evaluation:
    """The evaluation in the status' details."""
    assert error.reason.value == "PRICE_CHANGED"
    found = cb.Evaluation()
    assert to_status(error).details[-1].Unpack(found)
    return found


async def test_a_price_that_rises_meanwhile_is_honoured_by_the_token(desk: Desk) -> None:
    await desk.offer("sale", discount(5000))
    asked = checkout(line("a", 100_00))
    evaluation = await desk.evaluate(asked)

    await republish(desk, "sale", discount(1000))
    order = await desk.reserve("o1", asked, token=evaluation.token)

    assert order.payable_minor == 50_00
    assert order.catalogue_version == evaluation.quote.catalogue_version
    assert (await desk.reserve("o2", asked)).payable_minor == 90_00


async def behind(desk: Desk) -> CatalogueFeed:
    """Another process's feed, which hears of nothing from now on."""
    feed = CatalogueFeed(desk.world.stores.pg)
    await feed.start()
    await feed.stop()
    return feed


async def test_a_process_that_does_not_know_a_tokens_catalogue_yet_prices_on_no_older_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.offer("sale", discount(1000))
    feed = await behind(desk)
    await republish(desk, "sale", discount(5000))
    asked = checkout(line("a", 100_00))
    token = (await desk.evaluate(asked)).token
    monkeypatch.setattr(evaluating_rpc, "_BEHIND_S_MAX", 0.01)
    other = Desk(World(desk.world.stores, feed, desk.world.tenant))

    with pytest.raises(Unavailable) as refused:
        await other.evaluated_here(asked, token=other.opened(asked, token))

    assert refused.value.metadata == {"component": "catalogue"}
    assert refused.value.retry_after_s


async def test_a_process_waits_until_it_knows_a_tokens_catalogue(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.offer("sale", discount(1000))
    feed = await behind(desk)
    await republish(desk, "sale", discount(5000))
    asked = checkout(line("a", 100_00))
    token = (await desk.evaluate(asked)).token
    monkeypatch.setattr(evaluating_rpc, "_BEHIND_S_MAX", 20.0)
    other = Desk(World(desk.world.stores, feed, desk.world.tenant))

    waiting = asyncio.create_task(other.evaluated_here(asked, token=other.opened(asked, token)))
    await asyncio.sleep(0)
    await feed.start()
    try:
        assert (await waiting).response.payable_minor == 50_00
    finally:
        await feed.stop()


async def test_an_activity_that_is_paused_meanwhile_is_honoured_by_the_token(desk: Desk) -> None:
    await desk.offer("sale", discount(5000))
    asked = checkout(line("a", 100_00))
    token = (await desk.evaluate(asked)).token

    await desk.world.verb("Pause", "sale")
    await desk.world.caught_up()

    assert (await desk.reserve("o1", asked, token=token)).payable_minor == 50_00


async def test_without_a_token_another_price_is_refused_with_a_fresh_evaluation(
    desk: Desk,
) -> None:
    await desk.offer("sale", discount(1000))
    asked = checkout(line("a", 100_00))

    error = await refusal(desk, asked, expected_payable_minor=50_00)

    assert error.metadata == {"payable_minor": "9000", "expected_payable_minor": "5000"}
    again = fresh(error)
    assert again.quote.payable_minor == 90_00
    assert (await desk.reserve("o1", asked, token=again.token)).payable_minor == 90_00


async def test_a_version_that_is_no_longer_kept_is_priced_on_the_newest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.offer("sale", discount(5000))
    asked = checkout(line("a", 100_00))
    token = (await desk.evaluate(asked)).token
    monkeypatch.setattr(kept, "KEPT_S", -1.0)  # as if an hour had passed

    await republish(desk, "sale", discount(1000))
    desk.world.feed.wake()
    await desk.offer("other", discount(100, products={"skus": ["none"]}))

    error = await refusal(desk, asked, token=token)
    assert fresh(error).quote.payable_minor == 90_00


async def test_a_limit_that_is_reached_meanwhile_changes_the_price(desk: Desk) -> None:
    await desk.offer("sale", discount(5000, limits=[limit("ACTIVITY", 1)]))
    token = (await desk.evaluate(checkout(line("a", 100_00)))).token
    await desk.reserve("bobs", checkout(line("a", 100_00), user_id="bob"))

    error = await refusal(desk, checkout(line("a", 100_00)), token=token)

    assert fresh(error).quote.payable_minor == 100_00


async def test_a_coupon_that_is_used_meanwhile_changes_the_price(desk: Desk) -> None:
    await desk.offer("tenth", spec("item_coupon", percent_off={"off_bps": 1000}))
    coupon_id = await desk.give("tenth")
    asked = checkout(line("a", 100_00))
    token = (await desk.evaluate(asked)).token
    await desk.reserve("first", asked)

    error = await refusal(desk, asked, token=token)
    assert fresh(error).quote.payable_minor == 100_00

    named = checkout(line("a", 100_00), coupon_ids=[coupon_id])
    assert (await refusal(desk, named)).reason.value == "COUPON_NOT_USABLE"


async def test_a_better_coupon_that_comes_meanwhile_leaves_the_promise_alone(desk: Desk) -> None:
    await desk.offer("five", spec("order_coupon", amount_off={"amount_minor": 5_00}))
    await desk.offer("nine", spec("order_coupon", amount_off={"amount_minor": 9_00}))
    five = await desk.give("five")
    asked = checkout(line("a", 100_00))
    token = (await desk.evaluate(asked)).token

    await desk.give("nine")
    order = await desk.reserve("o1", asked, token=token)

    assert (order.payable_minor, list(order.coupon_ids)) == (95_00, [five])


async def test_a_coupon_that_gives_nothing_but_has_a_say_has_it_again(desk: Desk) -> None:
    tea = {"skus": ["tea"]}
    await desk.offer("free", spec("promotion_price", products=tea, set_price={"price_minor": 0}))
    await desk.offer(
        "last",
        spec(
            "item_coupon",
            products=tea,
            percent_off={"off_bps": 1000},
            stacking=ab.Stacking(stop=ab.Stop(scope="STOP_SCOPE_ALL", if_matched=True)),
        ),
    )
    tier = {"min_amount_minor": 10_00, "amount_off_minor": 5_00}
    await desk.offer("open", spec("order_threshold", threshold_off={"tiers": [tier]}))
    await desk.give("last")
    lines = [line("tea", 10_00), line("cup", 50_00)]
    evaluation = await desk.evaluate(checkout(*lines))
    assert (evaluation.quote.payable_minor, list(evaluation.coupon_ids)) == (50_00, [])
    without = await desk.evaluate(checkout(*lines, without_coupons=True))
    assert without.quote.payable_minor == 45_00

    order = await desk.reserve("o1", checkout(*lines), token=evaluation.token)

    assert (order.payable_minor, list(order.coupon_ids)) == (50_00, [])


async def test_a_late_token_is_refused_and_a_forged_one_is_invalid(desk: Desk) -> None:
    asked = checkout(line("a", 100_00))
    early = await desk.evaluate(asked, at=datetime.now(UTC) - timedelta(days=900), ttl_s=1)

    assert (await refusal(desk, asked, token=early.token)).reason.value == "EVALUATION_EXPIRED"
    error = await refusal(desk, asked, token=early.token[:-2])
    assert [violation.field for violation in error.violations] == ["token"]


async def test_a_budget_that_is_short_leads_to_a_fresh_price(desk: Desk) -> None:
    await budgets.root(desk.world, budget=4_00)
    pool = {"funder": "retailer", "share_bps": 10_000, "pool_id": "root"}
    await desk.offer("sale", discount(5000, funding=[pool]))

    error = await refusal(desk, checkout(line("a", 100_00)))

    again = fresh(error)
    assert again.quote.payable_minor == 96_00


async def test_an_order_that_is_amended_may_have_its_own_again(desk: Desk) -> None:
    await desk.offer("tenth", spec("item_coupon", percent_off={"off_bps": 1000},
                                   limits=[limit("USER", 1)]))  # fmt: skip
    coupon_id = await desk.give("tenth")
    await desk.reserve("o1", checkout(line("a", 100_00)))

    order = await desk.amend("o1", checkout(line("a", 200_00)))

    assert (order.payable_minor, list(order.coupon_ids)) == (180_00, [coupon_id])


@pytest.mark.parametrize("lines", [1, 20, 500])
async def test_a_refusals_details_fit_whatever_the_cart(desk: Desk, lines: int) -> None:
    await desk.offer("sale", discount(1000))
    cart = [line(f"line-number-{number}", 10_00) for number in range(lines)]
    evaluation = await desk.evaluate(checkout(*cart), explain=True)

    error = price_changed(evaluation, 1)

    told = fresh(error)
    assert to_status(error).ByteSize() < 4_500
    assert (told.token, told.expires_at) == (evaluation.token, evaluation.expires_at)
    assert told.quote.payable_minor == evaluation.quote.payable_minor
    assert (told == evaluation) == (lines < 500)

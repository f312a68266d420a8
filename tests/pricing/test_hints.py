"""Hints: each is a real gain, found by pricing the changed cart."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue
from rangli.activities.policies.spec import GroupOrder
from rangli.core.errors import Invalid
from rangli.pricing import hints as searching
from rangli.pricing.asked import Asked
from rangli.pricing.plan import Outcome
from rangli.pricing.quote import priced
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.pricing.carts import Problem, problems, shuffled
from tests.pricing.hinted import answered, close, followed, hinted
from tests.world import World, cart, coupon, line, spec

_BY_REQUEST = {GroupOrder.REQUEST, GroupOrder.REQUEST_DOWN}
_SPEND = {"tiers": [{"min_amount_minor": 10_000, "amount_off_minor": 1_000}]}


@settings(max_examples=400, deadline=None)
@given(problems() | close() | close(), st.integers(1, 20))
def test_gains_are_real(problem: Problem, most: int) -> None:
    offers, request = problem
    request.hints = most
    before = answered(offers.catalogue, request)

    told = hinted(offers.catalogue, request)

    assert len(told) <= most
    assert [hint.net_gain_minor for hint in told] == sorted(
        (hint.net_gain_minor for hint in told), reverse=True
    )
    for hint in told:
        after = answered(offers.catalogue, followed(request, hint))
        assert after.payable_minor == hint.payable_minor
        assert after.discount_minor - before.discount_minor == hint.gain_minor > 0
        assert hint.net_gain_minor == hint.gain_minor - hint.added_list_minor
        taken_out = max(0, before.list_minor - after.list_minor)
        assert after.list_minor == before.list_minor + hint.added_list_minor - taken_out
        assert before.payable_minor - after.payable_minor == hint.net_gain_minor + taken_out
        assert _given(after, hint.activity_id) > _given(before, hint.activity_id)


def _given(answer: qb.QuoteResponse, activity_id: str) -> int:
    """The most that the activity took off with any one credential, and all it did."""
    return max(
        (x.discount_minor for x in answer.applied if x.activity_id == activity_id), default=0
    )


@settings(max_examples=100, deadline=None)
@given(problems() | close(), st.randoms(use_true_random=False))
def test_shuffling_the_cart_changes_no_hint(problem: Problem, chance: Random) -> None:
    offers, request = problem
    request.hints = 20
    policy = offers.catalogue.policy_for(request.channel, request.policy_id)
    assert policy is not None
    by_request = any(node.group.order in _BY_REQUEST for node in policy.walk())
    other = shuffled(request, chance, shown=not by_request)

    before, after = (hinted(offers.catalogue, each) for each in (request, other))

    for hint in (*before, *after):
        hint.code = hint.code.casefold()  # it is told as it was typed first
    assert after == before


@settings(max_examples=50, deadline=None)
@given(close())
def test_fewer_hints_are_the_best_of_many(problem: Problem) -> None:
    offers, request = problem
    request.hints = 20
    all_of_them = hinted(offers.catalogue, request)
    request.hints = 1

    assert hinted(offers.catalogue, request) == all_of_them[:1]
    request.hints = 0
    assert hinted(offers.catalogue, request) == []


def _catalogue(**specs: Any) -> Catalogue:
    return compiled.catalogue([compiled.live(name, each) for name, each in specs.items()])


def _one(catalogue: Catalogue, request: qb.QuoteRequest) -> qb.Hint:
    request.hints = 5
    (hint,) = hinted(catalogue, request)
    return hint


def test_fifty_short_of_a_threshold_is_fifty_more() -> None:
    spend = _catalogue(spend=spec("order_threshold", threshold_off=_SPEND))

    hint = _one(spend, cart(line("a", 9_950)))

    assert hint == qb.Hint(
        kind=qb.HINT_KIND_MORE_AMOUNT,
        activity_id="spend",
        amount_minor=50,
        payable_minor=9_000,
        added_list_minor=50,
        gain_minor=1_000,
        net_gain_minor=950,
        like_line_id="a",
    )


def test_nothing_is_hinted_where_nothing_can_be_gained() -> None:
    spend = _catalogue(
        spend=spec("order_threshold", threshold_off=_SPEND),
        ten=spec("item_discount", percent_off={"off_bps": 1000}),
    )
    request = cart(line("a", 20_000, 2), hints=20)

    assert hinted(spend, request) == []
    assert hinted(_catalogue(), request) == []


def test_more_of_what_is_discounted_already_is_no_hint() -> None:
    """Two for one is as good for four as it is for two."""
    pair = _catalogue(pair=spec("nth_unit", nth_unit={"n": 2, "benefit": {"off_bps": 10_000}}))

    assert hinted(pair, cart(line("a", 100, 2), hints=20)) == []
    assert _one(pair, cart(line("a", 100, 3))).more == [qb.Hint.Change(line_id="a", units=1)]


def test_the_line_whose_units_cost_least_is_named() -> None:
    three = [{"min_quantity": {"quantity": 5}}]
    off = spec("item_discount", percent_off={"off_bps": 5000}, conditions=three)
    request = cart(line("a", 300), line("b", 200), line("c", 200))

    hint = _one(_catalogue(off=off), request)

    assert hint.kind == qb.HINT_KIND_MORE_UNITS
    assert hint.more == [qb.Hint.Change(line_id="b", units=2)]
    assert (hint.gain_minor, hint.added_list_minor, hint.net_gain_minor) == (550, 400, 150)


def test_a_set_one_short_names_what_it_lacks() -> None:
    parts = [
        {"products": {"skus": ["a"]}, "quantity": 2},
        {"products": {"skus": ["b"]}, "quantity": 1},
    ]
    bundle = spec("bundle", bundle={"parts": parts, "benefit": {"price_minor": 500}})
    request = cart(line("a", 300, 3), line("b", 400, 1))

    hint = _one(_catalogue(bundle=bundle), request)

    # Another set takes one more of each.
    assert hint.more == [
        qb.Hint.Change(line_id="a", units=1),
        qb.Hint.Change(line_id="b", units=1),
    ]
    assert (hint.gain_minor, hint.payable_minor) == (500, 1_000)


def test_the_next_tier_is_a_hint() -> None:
    tiers = [
        {"min_amount_minor": 5_000, "off_bps": 500},
        {"min_amount_minor": 10_000, "off_bps": 2_000},
    ]
    tiered = _catalogue(tiers=spec("order_threshold", threshold_off={"tiers": tiers}))

    hint = _one(tiered, cart(line("a", 4_900, 2)))

    assert (hint.kind, hint.amount_minor) == (qb.HINT_KIND_MORE_AMOUNT, 200)
    assert (hint.gain_minor, hint.payable_minor) == (2_000 - 490, 8_000)


def test_goods_that_are_reduced_first_count_for_what_they_cost() -> None:
    """With ten off all, 1,000 that are missing are 1,112 at list prices."""
    both = _catalogue(
        ten=spec("item_discount", percent_off={"off_bps": 1000}),
        spend=spec("order_threshold", threshold_off=_SPEND),
    )

    hint = _one(both, cart(line("a", 10_000)))

    assert hint.activity_id == "spend"
    assert 1_111 <= hint.amount_minor <= 1_112
    assert hint.payable_minor in (9_000, 9_001)


def test_two_conditions_are_met_together() -> None:
    least = [{"min_amount": {"amount_minor": 500}}, {"min_quantity": {"quantity": 6}}]
    off = spec(
        "order_threshold",
        threshold_off={"tiers": [{"min_amount_minor": 1, "off_bps": 5000}]},
        conditions=least,
    )

    hint = _one(_catalogue(off=off), cart(line("a", 110, 4)))

    assert hint.more == [qb.Hint.Change(line_id="a", units=2)]


def test_a_coupon_that_stands_in_the_way_is_named() -> None:
    catalogue = _catalogue(
        alone=spec("item_coupon", amount_off={"amount_minor": 10}, stacking={"exclusive": True}),
        half=spec(
            "order_threshold", threshold_off={"tiers": [{"min_amount_minor": 1, "off_bps": 5000}]}
        ),
    )

    hint = _one(catalogue, cart(line("a", 1_000), credentials=[coupon("alone", "mine")]))

    assert (hint.kind, hint.activity_id) == (qb.HINT_KIND_WITHOUT_CREDENTIAL, "half")
    assert (hint.credential_id, hint.code) == ("mine", "")
    assert (hint.gain_minor, hint.net_gain_minor, hint.payable_minor) == (490, 490, 500)


def test_a_code_that_stands_in_the_way_is_named_as_it_was_typed() -> None:
    catalogue = _catalogue(
        alone=spec(
            "item_coupon",
            amount_off={"amount_minor": 10},
            stacking={"exclusive": True},
            public_code="SAVE",
        ),
        half=spec(
            "order_threshold", threshold_off={"tiers": [{"min_amount_minor": 1, "off_bps": 5000}]}
        ),
    )

    hint = _one(catalogue, cart(line("a", 1_000), codes=["save"]))

    assert (hint.kind, hint.code) == (qb.HINT_KIND_WITHOUT_CREDENTIAL, "save")


def test_fewer_units_can_save_more() -> None:
    few = [
        {
            "compare": {
                "measure": "MEASURE_QUANTITY",
                "comparison": "COMPARISON_AT_MOST",
                "value": 3,
            }
        }
    ]
    off = spec("item_discount", percent_off={"off_bps": 5000}, conditions=few)

    hint = _one(_catalogue(few=off), cart(line("a", 100, 2), line("b", 80, 3)))

    assert hint.kind == qb.HINT_KIND_FEWER_UNITS
    assert hint.more == [qb.Hint.Change(line_id="b", units=-2)]
    # Goods that are taken out are no gain.
    assert (hint.gain_minor, hint.added_list_minor, hint.net_gain_minor) == (140, 0, 140)
    assert hint.payable_minor == 140


def test_what_must_not_hold_ceases_to_hold_with_fewer_units() -> None:
    least = {"min_quantity": {"quantity": 4}}
    off = spec(
        "item_discount",
        percent_off={"off_bps": 5000},
        conditions=[{"not_any": {"conditions": [least]}}],
    )

    hint = _one(_catalogue(few=off), cart(line("a", 100, 5)))

    assert (hint.kind, hint.payable_minor) == (qb.HINT_KIND_FEWER_UNITS, 150)
    assert hint.more == [qb.Hint.Change(line_id="a", units=-2)]


def test_what_was_granted_elsewhere_is_no_gain() -> None:
    """Fewer units would not bear what a clerk took off; then nothing is promised."""
    several = {"compare": {"measure": "MEASURE_QUANTITY", "value": 2, "products": {"all": True}}}
    free = spec(
        "shipping_discount",
        shipping_off={"benefit": {"off_bps": 10_000}},
        conditions=[{"not_any": {"conditions": [several]}}],
    )

    def told(*, by_line: int = 0, by_cart: int = 0) -> list[int]:
        request = cart(
            line("a", 100, 2, outside_off_minor=by_line), outside_off_minor=by_cart, hints=20
        )
        request.deliveries.add(delivery_id="d", fee_minor=70)
        return [hint.payable_minor for hint in hinted(_catalogue(free=free), request)]

    assert told() == [100]
    assert told(by_line=50) == told(by_cart=50) == [50]
    assert told(by_line=150) == told(by_cart=150) == []


def test_goods_like_those_of_a_line_have_no_floor_of_their_own() -> None:
    half = {"tiers": [{"min_amount_minor": 10_000, "off_bps": 5_000}]}
    request = cart(line("a", 9_950, floor_minor=9_000))

    hint = _one(_catalogue(half=spec("order_threshold", threshold_off=half)), request)

    assert (hint.amount_minor, hint.payable_minor) == (50, 9_000)


def test_a_line_whose_offer_excludes_a_better_one_can_be_left_out() -> None:
    catalogue = _catalogue(
        alone=spec(
            "item_discount",
            amount_off={"amount_minor": 10},
            stacking={"exclusive": True},
            products={"skus": ["b"]},
        ),
        half=spec(
            "order_threshold", threshold_off={"tiers": [{"min_amount_minor": 1, "off_bps": 5000}]}
        ),
    )

    hint = _one(catalogue, cart(line("a", 1_000), line("b", 20)))

    assert (hint.kind, hint.activity_id) == (qb.HINT_KIND_FEWER_UNITS, "half")
    assert hint.more == [qb.Hint.Change(line_id="b", units=-1)]
    assert (hint.gain_minor, hint.payable_minor) == (490, 500)


def test_hints_stand_from_the_highest_net_gain_to_the_lowest() -> None:
    def tier(least: int, off: int) -> dict[str, Any]:
        return {"tiers": [{"min_amount_minor": least, "amount_off_minor": off}]}

    catalogue = _catalogue(
        platform=spec("order_threshold", threshold_off=tier(10_100, 400)),
        store=spec("order_threshold", threshold_off=tier(10_000, 600), layer="LAYER_STORE_ORDER"),
    )
    request = cart(line("a", 9_900), hints=20)

    told = hinted(catalogue, request)

    assert [hint.activity_id for hint in told] == ["store", "platform"]
    assert [hint.net_gain_minor for hint in told] == sorted(
        (hint.net_gain_minor for hint in told), reverse=True
    )
    request.hints = 1
    assert hinted(catalogue, request) == told[:1]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5_000), st.integers(1, 5)), min_size=1, max_size=4),
    st.integers(1_000, 40_000),
)
def test_what_a_threshold_misses_is_always_found(goods: list[tuple[int, int]], least: int) -> None:
    tiers = {"tiers": [{"min_amount_minor": least, "amount_off_minor": 700}]}
    spend = _catalogue(spend=spec("order_threshold", threshold_off=tiers))
    request = cart(*(line(f"l{n}", *good) for n, good in enumerate(goods)), hints=20)
    short = least - sum(list_minor * quantity for list_minor, quantity in goods)

    told = hinted(spend, request)

    assert [hint.added_list_minor for hint in told] == ([short] if short > 0 else [])


def test_any_of_several_ways_that_is_cheapest_is_told() -> None:
    ways = [{"min_amount": {"amount_minor": 2_000}}, {"min_quantity": {"quantity": 4}}]
    off = spec(
        "item_discount",
        percent_off={"off_bps": 5000},
        conditions=[{"any_of": {"conditions": ways}}],
    )

    hint = _one(_catalogue(off=off), cart(line("a", 400, 2), line("b", 100)))

    assert hint.more == [qb.Hint.Change(line_id="b", units=1)]


def test_a_fact_that_no_goods_can_change_leaves_nothing_to_hint() -> None:
    first = [
        {"min_amount": {"amount_minor": 2_000}},
        {"fact_is": {"name": "orders", "number": 1}},
    ]
    off = spec("item_discount", percent_off={"off_bps": 5000}, conditions=first)
    request = cart(line("a", 1_990), hints=20)

    assert hinted(_catalogue(off=off), request) == []
    request.facts.add(name="orders", number=1)
    assert len(hinted(_catalogue(off=off), request)) == 1


@pytest.mark.parametrize(("lines", "most"), [(3, 40), (400, 9)])
def test_so_many_carts_are_priced_for_hints_and_no_more(
    lines: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coupons(number: int) -> ab.ActivitySpec:
        tiers = [{"min_amount_minor": 10_000 + number, "amount_off_minor": 1}]
        return spec("order_coupon", threshold_off={"tiers": tiers})

    catalogue = _catalogue(**{f"c{n}": coupons(n) for n in range(60)})
    request = cart(*(line(f"l{n}", 10) for n in range(lines)), hints=20)
    request.credentials.extend(coupon(f"c{n}", f"c{n}") for n in range(60))
    counted = []

    def counting(made: Asked) -> Outcome:
        counted.append(made)
        return priced(made)

    monkeypatch.setattr(searching, "priced", counting)

    assert hinted(catalogue, request)
    assert len(counted) == most


def test_what_a_request_cannot_say_is_no_hint() -> None:
    spend = _catalogue(spend=spec("order_threshold", threshold_off=_SPEND))
    full = cart(*(line(f"l{n:03}", 10) for n in range(500)), hints=20)

    for hint in hinted(spend, full):
        assert hint.kind == qb.HINT_KIND_MORE_UNITS  # no line more


async def test_hints_come_with_the_quote_alone_and_in_batches(world: World) -> None:
    await world.launch("spend", spec("order_threshold", threshold_off=_SPEND))
    asking = cart(line("a", 9_950), hints=3)

    answer = await world.quote(asking)
    batch = await world.call("BatchQuote", qb.BatchQuoteRequest(quotes=[asking, asking]))
    plain = await world.quote(cart(line("a", 9_950)))

    (hint,) = answer.hints
    assert (hint.kind, hint.amount_minor) == (qb.HINT_KIND_MORE_AMOUNT, 50)
    assert [item.quote for item in batch.items] == [answer, answer]
    assert not plain.hints
    answer.ClearField("hints")
    assert plain == answer


async def test_hints_of_a_refused_cart_are_not_made(world: World) -> None:
    with pytest.raises(Invalid):
        await world.quote(cart(line("a", 9_950), hints=21))

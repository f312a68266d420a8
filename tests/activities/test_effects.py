"""What each effect asks of the price kernel."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.activities.compiling import Compiled, compiled
from rangli.activities.effects import EFFECTS
from rangli.activities.program import (
    ALL_PRODUCTS,
    ELIGIBLE,
    Base,
    Component,
    EffectOp,
    GiftMode,
    Kind,
    Leftover,
    Measure,
    Pick,
    Place,
    Role,
    Rounding,
    RoundingOf,
    Scale,
    Tier,
    Used,
    Weight,
)
from rangli.activities.targets import DeliveryTarget, ProductTarget, Remainder
from rangli.v1 import activity_pb2 as ab
from tests.activities.compiled import completed, effect_ops
from tests.world import spec

A, B = {"skus": ["a"]}, {"skus": ["b"]}
HALF = {"off_bps": 5000}
FREE = {"off_bps": 10_000}
TEMPLATE = {
    "set_price": "item_coupon",
    "percent_off": "item_coupon",
    "amount_off": "item_coupon",
    "threshold_off": "item_coupon",
    "shipping_off": "shipping_discount",
    "earn": "earning",
}
ONCE = Used.TRIGGER | Used.REWARD


def offer(**effect: Any) -> ab.ActivitySpec:
    (name,) = effect.keys() & EFFECTS.keys()
    return spec(TEMPLATE.get(name, name), **effect)


def asked(stated: ab.ActivitySpec) -> Compiled:
    return compiled(completed(stated))


def bundled(kind: Kind, place: Place, **fields: Any) -> EffectOp:
    """As multi-buys compile: a unit is used once."""
    return EffectOp(kind, place, mark=1, skip_trigger=ONCE, skip_reward=ONCE, **fields)


COMPILED: list[tuple[dict[str, Any], EffectOp]] = [
    ({"set_price": {"price_minor": 0}}, EffectOp(Kind.PRICE, Place.UNIT)),
    (
        {"set_price": {"price_minor": 5, "unit_limit": 2, "pick": "UNIT_PICK_FIRST"}},
        EffectOp(Kind.PRICE, Place.UNIT, value=5, unit_limit=2, pick=Pick.POSITION),
    ),
    (
        {"set_price": {"price_minor": 5, "per": "AMOUNT_PER_POOL"}},
        EffectOp(Kind.PRICE, Place.POOL, value=5),
    ),
    (
        {"percent_off": {"off_bps": 10, "cap_minor": 7}},
        EffectOp(Kind.PERCENT, Place.POOL, value=10, cap_minor=7),
    ),
    (
        {
            "percent_off": {
                "off_bps": 10,
                "per": "AMOUNT_PER_UNIT",
                "unit_limit": 3,
                "pick": "UNIT_PICK_LAST",
            }
        },
        EffectOp(Kind.PERCENT, Place.UNIT, value=10, unit_limit=3, pick=Pick.LAST),
    ),
    (
        {"amount_off": {"amount_minor": 9}},
        EffectOp(Kind.OFF, Place.POOL, value=9, scale=Scale.VALUE),
    ),
    (
        {"amount_off": {"amount_minor": 9, "per": "AMOUNT_PER_LINE", "cap_minor": 20}},
        EffectOp(Kind.OFF, Place.LINE, value=9, cap_minor=20, scale=Scale.VALUE),
    ),
    (
        {
            "threshold_off": {
                "tiers": [
                    {"min_amount_minor": 100, "amount_off_minor": 10},
                    {"min_amount_minor": 200, "off_bps": 500, "cap_minor": 30},
                    {"min_amount_minor": 300, "price_minor": 0},
                ],
                "base": "CONDITION_BASE_LIST",
            }
        },
        EffectOp(
            Kind.OFF,
            Place.POOL,
            tiers=(
                Tier(100, Kind.OFF, 10),
                Tier(200, Kind.PERCENT, 500, 30),
                Tier(300, Kind.PRICE, 0),
            ),
            tier_base=Base.LIST,
            scale=Scale.VALUE,
        ),
    ),
    (
        {
            "threshold_off": {
                "tiers": [{"min_quantity": 3, "off_bps": 1000}, {"min_quantity": 6, "off_bps": 1}],
                "per": "AMOUNT_PER_UNIT",
                "graduated": True,
                "pick": "UNIT_PICK_CHEAPEST",
            }
        },
        EffectOp(
            Kind.PERCENT,
            Place.UNIT,
            tiers=(Tier(3, Kind.PERCENT, 1000), Tier(6, Kind.PERCENT, 1)),
            tier_measure=Measure.QUANTITY,
            graduated=1,
            pick=Pick.CHEAPEST,
            scale=Scale.VALUE,
        ),
    ),
    (
        {
            "threshold_off": {
                "tiers": [{"min_quantity": 3, "amount_off_minor": 10}],
                "every_multiple": True,
                "counted": A,
            }
        },
        EffectOp(
            Kind.OFF,
            Place.POOL,
            tiers=(Tier(3, Kind.OFF, 10),),
            tier_measure=Measure.QUANTITY,
            tier_lines=1,
            tier_every=1,
            scale=Scale.VALUE,
        ),
    ),
    (
        {"nth_unit": {"n": 3, "benefit": HALF, "repeat_max": 4}},
        bundled(
            Kind.PERCENT,
            Place.UNIT,
            value=5000,
            pattern=(
                Component(ELIGIBLE, 2, Role.TRIGGER, Pick.DEAREST),
                Component(ELIGIBLE, 1, Role.REWARD, Pick.CHEAPEST),
            ),
            repeat_max=4,
        ),
    ),
    (
        {"nth_unit": {"n": 2, "benefit": {"price_minor": 0}, "pick": "UNIT_PICK_DEAREST"}},
        bundled(
            Kind.PRICE,
            Place.UNIT,
            pattern=(
                Component(ELIGIBLE, 1, Role.TRIGGER, Pick.DEAREST),
                Component(ELIGIBLE, 1, Role.REWARD, Pick.DEAREST),
            ),
        ),
    ),
    (
        {"buy_get": {"buy_quantity": 2, "get_quantity": 1}},
        bundled(
            Kind.PERCENT,
            Place.UNIT,
            value=10_000,
            pattern=(
                Component(ELIGIBLE, 2, Role.TRIGGER, Pick.DEAREST),
                Component(ELIGIBLE, 1, Role.REWARD, Pick.CHEAPEST),
            ),
        ),
    ),
    (
        {
            "buy_get": {
                "buy_quantity": 2,
                "get_quantity": 3,
                "get_products": B,
                "benefit": {"amount_off_minor": 5},
                "buy_pick": "UNIT_PICK_CHEAPEST",
                "get_pick": "UNIT_PICK_DEAREST",
                "repeat_max": 1,
                "partial": True,
                "spread": True,
            }
        },
        bundled(
            Kind.OFF,
            Place.UNIT,
            value=5,
            pattern=(
                Component(ELIGIBLE, 2, Role.TRIGGER, Pick.CHEAPEST),
                Component(1, 3, Role.REWARD, Pick.DEAREST),
            ),
            repeat_max=1,
            partial=1,
            spread=1,
        ),
    ),
    (
        {"n_for_price": {"quantity": 3, "price_minor": 10, "pick": "UNIT_PICK_CHEAPEST"}},
        bundled(
            Kind.PRICE,
            Place.POOL,
            value=10,
            pattern=(Component(ELIGIBLE, 3, Role.REWARD, Pick.CHEAPEST),),
        ),
    ),
    (
        {
            "bundle": {
                "parts": [{"products": A, "quantity": 1}, {"products": B, "quantity": 2}],
                "benefit": {"price_minor": 99},
                "repeat_max": 2,
            }
        },
        bundled(
            Kind.PRICE,
            Place.POOL,
            value=99,
            pattern=(
                Component(1, 1, Role.REWARD, Pick.DEAREST),
                Component(2, 2, Role.REWARD, Pick.DEAREST),
            ),
            repeat_max=2,
        ),
    ),
    (
        {"gift": {"sku": "mug", "worth_minor": 300}},
        bundled(Kind.GIFT, Place.POOL, value=1, per=300, scale=Scale.VALUE, gift_mode=GiftMode.ADD),
    ),
    (
        {"gift": {"sku": "mug", "worth_minor": 0, "quantity": 2, "mode": "GIFT_MODE_TOP_UP"}},
        bundled(
            Kind.GIFT,
            Place.POOL,
            lines=1,
            value=2,
            per=0,
            scale=Scale.VALUE,
            gift_mode=GiftMode.TOP_UP,
        ),
    ),
    (
        {"trade_up": {"products": B, "price_minor": 100, "unit_limit": 2}},
        bundled(Kind.PRICE, Place.UNIT, lines=1, value=100, unit_limit=2, scale=Scale.UNIT_LIMIT),
    ),
    (
        {"shipping_off": {"benefit": FREE}},
        EffectOp(Kind.PERCENT, Place.LINE, lines=1, value=10_000),
    ),
    (
        {"shipping_off": {"benefit": FREE, "cap_minor": 500}},
        EffectOp(Kind.PERCENT, Place.POOL, lines=1, value=10_000, cap_minor=500),
    ),
    (
        {"shipping_off": {"benefit": {"amount_off_minor": 5}, "cap_minor": 500}},
        EffectOp(Kind.OFF, Place.LINE, lines=1, value=5, cap_minor=500, scale=Scale.VALUE),
    ),
    (
        {"earn": {"kind": "EARNING_KIND_POINTS", "subject": "club", "amount": 50}},
        EffectOp(Kind.EARN, value=50, scale=Scale.VALUE),
    ),
    (
        {"earn": {"kind": "EARNING_KIND_BALANCE", "rate_bps": 200}},
        EffectOp(Kind.EARN_RATE, value=200),
    ),
]


@pytest.mark.parametrize(
    ("effect", "op"), COMPILED, ids=[f"{n}-{next(iter(e))}" for n, (e, _) in enumerate(COMPILED)]
)
def test_an_effect_compiles_to_one_operation(effect: dict[str, Any], op: EffectOp) -> None:
    assert effect_ops(offer(**effect)) == (op,)


def test_every_kind_of_effect_is_among_them() -> None:
    assert {next(iter(effect)) for effect, _ in COMPILED} | {"price_book"} == set(EFFECTS)


def test_a_price_book_brings_the_prices_of_its_entries() -> None:
    assert effect_ops(spec("price_book", price_book={})) == (EffectOp(Kind.ENTRY),)


@pytest.mark.parametrize(
    ("effect", "lists"),
    [
        ({"nth_unit": {"n": 2, "benefit": HALF}}, ()),
        ({"gift": {"sku": "mug", "worth_minor": 1}}, ()),
        (
            {"gift": {"sku": "mug", "worth_minor": 1, "mode": "GIFT_MODE_FREE"}},
            (ProductTarget(skus=("mug",)),),
        ),
        (
            {"buy_get": {"buy_quantity": 1, "get_quantity": 1, "get_products": B}},
            (ProductTarget(skus=("b",)),),
        ),
        (
            {"shipping_off": {"benefit": FREE, "methods": ["post", "express"]}},
            (DeliveryTarget(("post", "express")),),
        ),
        (
            {"trade_up": {"products": B, "price_minor": 1, "unit_limit": 1}},
            (ProductTarget(skus=("b",)),),
        ),
    ],
)
def test_an_effect_names_the_lines_of_its_own(effect: dict[str, Any], lists: Any) -> None:
    assert asked(offer(**effect)).lists == lists


def test_lists_are_numbered_conditions_first_then_the_multiplier_then_effects() -> None:
    stated = offer(
        buy_get={"buy_quantity": 1, "get_quantity": 1, "get_products": B},
        conditions=[
            {"min_quantity": {"quantity": 1}},
            {"min_amount": {"amount_minor": 9, "products": A}},
        ],
        multiplier={"measure": "MEASURE_QUANTITY", "every": 2, "products": {"brands": ["p"]}},
    )

    found = asked(stated)

    assert [cond.lines for cond in found.program.conds] == [ELIGIBLE, 1]
    assert found.program.times_lines == 2
    assert found.program.effects[0].pattern[1].lines == 3
    assert found.lists == (
        ProductTarget(skus=("a",)),
        ProductTarget(brands=("p",)),
        ProductTarget(skus=("b",)),
    )


def test_what_a_trade_up_unlocks_does_not_count_for_what_unlocks_it() -> None:
    stated = offer(
        trade_up={"products": B, "price_minor": 100, "unit_limit": 1},
        products={"all": True},
        conditions=[
            {"min_amount": {"amount_minor": 9}},
            {"min_amount": {"amount_minor": 9, "products": A}},
        ],
        multiplier={"measure": "MEASURE_AMOUNT", "every": 100},
    )

    found = asked(stated)

    traded = (ProductTarget(skus=("b",)),)
    rest = Remainder(ProductTarget(all=True), traded)
    assert found.lists == (
        rest,
        Remainder(ProductTarget(skus=("a",)), traded),
        rest,
        ProductTarget(skus=("b",)),
    )
    assert [cond.lines for cond in found.program.conds] == [1, 2]
    assert found.program.times_lines == 3
    assert found.program.effects[0].lines == 4


def test_free_delivery_from_an_amount_on_counts_all_products() -> None:
    stated = offer(
        shipping_off={"benefit": FREE},
        conditions=[{"min_amount": {"amount_minor": 5000}}],
        multiplier={"measure": "MEASURE_AMOUNT", "every": 100},
    )

    found = asked(stated)

    assert [cond.lines for cond in found.program.conds] == [ALL_PRODUCTS]
    assert found.program.times_lines == ALL_PRODUCTS


def test_a_price_book_multiplies_by_its_own_lines() -> None:
    stated = spec(
        "price_book", price_book={}, multiplier={"measure": "MEASURE_QUANTITY", "every": 2}
    )

    assert asked(stated).program.times_lines == ELIGIBLE


def test_several_effects_act_in_order_and_know_whose_they_are() -> None:
    stated = offer(
        percent_off={"off_bps": 10},
        more_effects=[{"amount_off": {"amount_minor": 1}}, {"set_price": {"price_minor": 5}}],
        first_effect_only=True,
        cap_minor=70,
    )

    found = asked(stated)

    assert [op.kind for op in found.program.effects] == [Kind.PERCENT, Kind.OFF, Kind.PRICE]
    assert found.effect_of == (0, 1, 2)
    assert (found.program.first_only, found.program.cap_minor) == (1, 70)


def test_what_goes_for_all_effects_is_said_to_the_kernel() -> None:
    stated = offer(
        percent_off={"off_bps": 10},
        more_effects=[{"amount_off": {"amount_minor": 1}}],
        rounding={
            "mode": "ROUNDING_MODE_UP",
            "of": "ROUNDING_OF_PRICE",
            "weight": "SHARE_WEIGHT_EQUAL",
            "share_mode": "ROUNDING_MODE_HALF_EVEN",
            "leftover": "LEFTOVER_CARRY",
        },
        discount_base="CONDITION_BASE_ORIGINAL",
        multiplier={
            "measure": "MEASURE_AMOUNT",
            "every": 100,
            "most": 3,
            "base": "CONDITION_BASE_LIST",
        },
        stacking={"skip_reduced": True},
    )

    program = asked(stated).program

    for op in program.effects:
        assert op.rounding == Rounding.UP
        assert op.rounding_of == RoundingOf.PRICE
        assert op.weight == Weight.EQUAL
        assert op.share_rounding == Rounding.HALF_EVEN
        assert op.leftover == Leftover.CARRY
    assert (program.base, program.skip_reduced) == (Base.ORIGINAL, 1)
    assert (program.times_measure, program.times_base) == (Measure.AMOUNT, Base.LIST)
    assert (program.times_every, program.times_max, program.times_lines) == (100, 3, ELIGIBLE)


def test_what_is_not_said_is_left_to_the_policy() -> None:
    program = asked(offer(percent_off={"off_bps": 10}, rounding={})).program

    (op,) = program.effects
    assert op == EffectOp(Kind.PERCENT, Place.POOL, value=10)
    assert (program.base, program.times_measure, program.skip_reduced) == (0, 0, 0)

"""What conditions ask of the price kernel, how facts are judged, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.activities.compiling import Compiled, compiled
from rangli.activities.conditions import (
    CONDITIONS,
    DeliveredBy,
    Fact,
    FactIs,
    Known,
    Presents,
    Rule,
    truth,
)
from rangli.activities.measures import Comparison
from rangli.activities.program import ALL_WITH_DELIVERY, Base, Compare, Cond, Measure, Node
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Invalid
from rangli.rules.expression import Names
from tests.activities.compiled import completed, live
from tests.world import spec

A = {"skus": ["a"]}
ONE = {"min_quantity": {"quantity": 1}}
NO, UNKNOWN, YES = 0, 1, 2


def asked(*conditions: dict[str, Any]) -> Compiled:
    stated = spec("item_discount", percent_off={"off_bps": 1}, conditions=conditions)
    return compiled(completed(stated))


def leaf(measure: Measure, required: int, **fields: Any) -> Cond:
    return Cond(measure=measure, required=required, **fields)


@pytest.mark.parametrize(
    ("condition", "row"),
    [
        ({"min_amount": {"amount_minor": 5}}, leaf(Measure.AMOUNT, 5)),
        (
            {"min_amount": {"amount_minor": 5, "base": "CONDITION_BASE_LIST", "products": A}},
            leaf(Measure.AMOUNT, 5, base=Base.LIST, lines=1),
        ),
        ({"min_quantity": {"quantity": 3}}, leaf(Measure.QUANTITY, 3)),
        ({"min_quantity": {"quantity": 3, "products": A}}, leaf(Measure.QUANTITY, 3, lines=1)),
        ({"compare": {"measure": "MEASURE_AMOUNT", "value": 0}}, leaf(Measure.AMOUNT, 0)),
        (
            {
                "compare": {
                    "measure": "MEASURE_AMOUNT",
                    "comparison": "COMPARISON_BELOW",
                    "value": 9,
                    "base": "CONDITION_BASE_OTHER_PRICE",
                    "with_delivery": True,
                }
            },
            leaf(
                Measure.AMOUNT,
                9,
                compare=Compare.BELOW,
                base=Base.OTHER,
                lines=ALL_WITH_DELIVERY,
            ),
        ),
        (
            {"compare": {"measure": "MEASURE_DISTINCT", "value": 2, "products": A}},
            leaf(Measure.DISTINCT, 2, lines=1),
        ),
        (
            {
                "compare": {
                    "measure": "MEASURE_LINE_QUANTITY",
                    "comparison": "COMPARISON_EQUAL",
                    "value": 4,
                }
            },
            leaf(Measure.LINE_QUANTITY, 4, compare=Compare.EQUAL),
        ),
        ({"fact_is": {"name": "x", "number": 1}}, leaf(Measure.FACT, YES)),
        ({"delivered_by": {"methods": ["post"]}}, leaf(Measure.FACT, YES)),
        ({"presents": {"activity_ids": ["a"]}}, leaf(Measure.FACT, YES)),
        ({"rule": {"expression": "facts.x > 1"}}, leaf(Measure.FACT, YES)),
    ],
)
def test_a_condition_compiles_to_a_leaf(condition: dict[str, Any], row: Cond) -> None:
    found = asked(condition)

    assert found.program.conds == (row,)
    assert found.cond_paths == ("conditions[0]",)
    assert found.lists == ((ProductTarget(skus=("a",)),) if row.lines == 1 else ())


def test_joined_conditions_stand_before_what_joins_them() -> None:
    fact = {"fact_is": {"name": "x", "texts": ["y"]}}
    found = asked(
        ONE,
        {"any_of": {"conditions": [fact, {"all_of": {"conditions": [ONE, ONE]}}]}},
        {"not_any": {"conditions": [{"presents": {"activity_ids": ["b"]}}, ONE]}},
    )

    quantity = leaf(Measure.QUANTITY, 1)
    assert found.program.conds == (
        quantity,
        leaf(Measure.FACT, YES, fact=0),
        quantity,
        quantity,
        Cond(node=Node.ALL, arity=2),
        Cond(node=Node.ANY, arity=2),
        leaf(Measure.FACT, YES, fact=1),
        quantity,
        Cond(node=Node.ANY, arity=2),
        Cond(node=Node.NOT, arity=1),
    )
    assert found.cond_paths == (
        "conditions[0]",
        "conditions[1].any_of.conditions[0]",
        "conditions[1].any_of.conditions[1].all_of.conditions[0]",
        "conditions[1].any_of.conditions[1].all_of.conditions[1]",
        "",
        "",
        "conditions[2].not_any.conditions[0]",
        "conditions[2].not_any.conditions[1]",
        "",
        "",
    )
    assert found.facts == (FactIs(name="x", texts=("y",)), Presents(activity_ids=("b",)))


def test_a_published_activity_knows_its_facts_and_where_its_conditions_stand() -> None:
    fact = {"fact_is": {"name": "x", "number": 3}}
    stated = spec("item_discount", percent_off={"off_bps": 1}, conditions=[fact])

    activity = live("a", stated)

    assert activity.facts == (FactIs(name="x", number=3),)
    assert activity.cond_paths == ("conditions[0]",)


def known(
    values: dict[str, int | str] | None = None,
    *,
    methods: set[str] | None = None,
    presented: tuple[str, ...] = (),
) -> Known:
    return Known(
        values or {}, frozenset(methods) if methods is not None else None, frozenset(presented)
    )


def orders(comparison: Comparison) -> FactIs:
    return FactIs(name="orders", comparison=comparison, number=3)


GOLD = FactIs(name="tier", texts=("gold", "silver"))
POST = DeliveredBy(methods=("post", "drone"))
FIRST = Presents(activity_ids=("a", "b"))


@pytest.mark.parametrize(
    ("fact", "told", "expected"),
    [
        *(
            (orders(comparison), known({"orders": number}), expected)
            for comparison, of_2_3_4 in {
                Comparison.AT_LEAST: (NO, YES, YES),
                Comparison.ABOVE: (NO, NO, YES),
                Comparison.EQUAL: (NO, YES, NO),
                Comparison.AT_MOST: (YES, YES, NO),
                Comparison.BELOW: (YES, NO, NO),
            }.items()
            for number, expected in zip((2, 3, 4), of_2_3_4, strict=True)
        ),
        (orders(Comparison.AT_LEAST), known(), UNKNOWN),
        (orders(Comparison.AT_LEAST), known({"visits": 9}), UNKNOWN),
        # A text says nothing about a number, nor a number about a text.
        (orders(Comparison.AT_LEAST), known({"orders": "many"}), UNKNOWN),
        (GOLD, known({"tier": 3}), UNKNOWN),
        (GOLD, known(), UNKNOWN),
        (GOLD, known({"tier": "silver"}), YES),
        (GOLD, known({"tier": "Gold"}), NO),
        (FactIs(name="debt", number=0), known({"debt": 0}), YES),
        (FactIs(name="debt", number=-5), known({"debt": -6}), NO),
        (POST, known(), UNKNOWN),
        (POST, known(methods=set()), NO),
        (POST, known(methods={"express"}), NO),
        (POST, known(methods={"express", "drone"}), YES),
        # One group does not say how it is delivered: it could be the one.
        (POST, known(methods={"express", ""}), UNKNOWN),
        (POST, known(methods={"post", ""}), YES),
        (FIRST, known(), NO),
        (FIRST, known(presented=("c",)), NO),
        (FIRST, known(presented=("c", "b")), YES),
    ],
)
def test_a_fact_is_false_unknown_or_true(fact: Fact, told: Known, expected: int) -> None:
    assert truth(fact, told) == expected


@pytest.mark.parametrize(("orders", "expected"), [(3, NO), (4, YES), ("many", UNKNOWN)])
def test_a_rule_is_false_unknown_or_true(orders: int | str, expected: int) -> None:
    rule = Rule(expression="facts.orders > 3")
    names = Names(lambda: {"facts": {"orders": orders}})

    assert truth(rule, Known({}, None, frozenset(), names)) == expected
    assert truth(rule, known()) == UNKNOWN


def deep(levels: int) -> dict[str, Any]:
    """A condition inside so many more."""
    condition: dict[str, Any] = ONE
    for _ in range(levels):
        condition = {"any_of": {"conditions": [condition]}}
    return condition


def compare(measure: str = "MEASURE_QUANTITY", **fields: Any) -> dict[str, Any]:
    return {"compare": {"measure": measure, "value": 1, **fields}}


LIST = "CONDITION_BASE_LIST"
SPOILT: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"min_quantity": {"quantity": 0}}, "min_quantity.quantity"),
    ({"compare": {"value": 1}}, "compare.measure"),
    ({"compare": {"measure": "MEASURE_AMOUNT"}}, "compare.value"),
    (compare("MEASURE_FACT"), "compare.measure"),
    (compare("MEASURE_AMOUNT", value=10**13 + 1), "compare.value"),
    (compare("MEASURE_AMOUNT", value=-1), "compare.value"),
    (compare(value=10**9 + 1), "compare.value"),
    (compare(comparison=77), "compare.comparison"),
    (compare(base=LIST), "compare.base"),
    (compare(products=A, with_delivery=True), "compare.products"),
    (compare(products={}), "compare.products"),
    ({"fact_is": {"number": 1}}, "fact_is.name"),
    ({"fact_is": {"name": "x"}}, "fact_is"),
    ({"fact_is": {"name": "x", "number": 1, "texts": ["a"]}}, "fact_is"),
    ({"fact_is": {"name": "x", "number": 10**13 + 1}}, "fact_is.number"),
    ({"fact_is": {"name": "x", "texts": ["a"] * 101}}, "fact_is.texts"),
    ({"fact_is": {"name": "x", "texts": ["a", ""]}}, "fact_is.texts[1]"),
    ({"fact_is": {"name": "x", "texts": ["a\u200b"]}}, "fact_is.texts[0]"),
    ({"fact_is": {"name": "x\u200b", "number": 1}}, "fact_is.name"),
    ({"fact_is": {"name": "x", "texts": ["a"], "comparison": 2}}, "fact_is.comparison"),
    ({"delivered_by": {}}, "delivered_by.methods"),
    ({"delivered_by": {"methods": ["m"] * 21}}, "delivered_by.methods"),
    ({"delivered_by": {"methods": ["m" * 51]}}, "delivered_by.methods[0]"),
    ({"delivered_by": {"methods": ["\u2066"]}}, "delivered_by.methods[0]"),
    ({"presents": {}}, "presents.activity_ids"),
    ({"presents": {"activity_ids": ["a b"]}}, "presents.activity_ids[0]"),
    ({"presents": {"activity_ids": ["a"] * 21}}, "presents.activity_ids"),
    ({"rule": {}}, "rule.expression"),
    ({"rule": {"expression": "facts.orders >"}}, "rule.expression"),
    ({"rule": {"expression": f"user_id == '{'x' * 1000}'"}}, "rule.expression"),
    (
        {"all_of": {"conditions": [ONE, {"rule": {"expression": "1"}}]}},
        "all_of.conditions[1].rule.expression",
    ),
    ({"all_of": {}}, "all_of.conditions"),
    ({"any_of": {"conditions": [ONE] * 11}}, "any_of.conditions"),
    ({"not_any": {"conditions": [ONE, {}]}}, "not_any.conditions[1]"),
    (
        {"not_any": {"conditions": [ONE, {"min_amount": {"amount_minor": 1, "products": {}}}]}},
        "not_any.conditions[1].min_amount.products",
    ),
    (
        {"all_of": {"conditions": [deep(1), compare(base=LIST)]}},
        "all_of.conditions[1].compare.base",
    ),
    (
        deep(4),
        ".".join(["any_of.conditions[0]"] * 4),
    ),
]


@pytest.mark.parametrize(
    ("condition", "field"), SPOILT, ids=[f"{n}-{field}" for n, (_, field) in enumerate(SPOILT)]
)
def test_the_field_that_is_wrong_is_named(condition: dict[str, Any], field: str) -> None:
    assert refused(condition) == [f"spec.conditions[0].{field}".rstrip(".")]


def test_conditions_nest_four_deep_and_far_too_deep_ones_are_told_once() -> None:
    assert refused(deep(3)) == []
    assert len(refused(deep(20))) == 1


def test_forty_conditions_are_as_many_as_there_may_be() -> None:
    ten = {"all_of": {"conditions": [ONE] * 9}}

    assert refused(ten, ten, ten, ten) == []
    assert refused(ten, ten, ten, ten, ONE) == ["spec.conditions"]


def test_what_a_trade_up_unlocks_cannot_be_left_out_of_a_whole_cart() -> None:
    whole = compare("MEASURE_AMOUNT", with_delivery=True)
    stated = spec(
        "trade_up",
        trade_up={"products": A, "price_minor": 1, "unit_limit": 1},
        conditions=[ONE, {"any_of": {"conditions": [whole]}}],
    )

    with pytest.raises(Invalid) as invalid:
        completed(stated)

    assert [violation.field for violation in invalid.value.violations] == [
        "spec.conditions[1].any_of.conditions[0].compare.with_delivery"
    ]


def test_every_kind_of_condition_is_refused_where_there_are_none() -> None:
    for name in CONDITIONS:
        condition = {
            "min_amount": {"min_amount": {"amount_minor": 1}},
            "min_quantity": ONE,
            "compare": compare(),
            "fact_is": {"fact_is": {"name": "x", "number": 1}},
            "delivered_by": {"delivered_by": {"methods": ["post"]}},
            "presents": {"presents": {"activity_ids": ["a"]}},
            "rule": {"rule": {"expression": "true"}},
        }.get(name, {name: {"conditions": [ONE]}})
        stated = spec("promotion_price", set_price={"price_minor": 1}, conditions=[condition])

        with pytest.raises(Invalid) as invalid:
            completed(stated)

        assert invalid.value.violations[0].field == "spec.conditions[0]"


def refused(*conditions: dict[str, Any]) -> list[str]:
    try:
        asked(*conditions)
    except Invalid as invalid:
        return [violation.field for violation in invalid.violations]
    return []

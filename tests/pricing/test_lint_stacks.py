"""What activities can give away together, credentials of no use, codes that are taken twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from rangli.activities.entries import Entry
from rangli.activities.policies.presets import DEFAULT
from rangli.activities.policies.spec import GroupMember, GroupMode, Guards, PolicyGroup
from rangli.activities.program import Kind
from rangli.activities.spec import Layer
from rangli.core.clock import micros
from rangli.pricing.lint.model import Finding, Severity
from tests.activities import compiled
from tests.pricing.lints import about, findings, live
from tests.world import NOW, spec

JULY = {"ends_at": datetime(2026, 8, 1, tzinfo=UTC)}
AUTUMN = {"starts_at": datetime(2026, 9, 1, tzinfo=UTC)}


def deep(found: list[Finding]) -> list[tuple[tuple[str, ...], int]]:
    return [(f.activity_ids, f.off_bps) for f in found if f.kind == "DEEP_STACK"]


def coupon(activity_id: str, off_bps: int, **fields: Any) -> Any:
    return live(activity_id, "item_coupon", percent_off={"off_bps": off_bps}, **fields)


def test_percentages_of_several_groups_compound_to_a_deep_stack() -> None:
    half = live("half", percent_off={"off_bps": 5_000}, products={"skus": ["a"]})
    fifth = coupon("fifth", 2_000, products={"skus": ["a", "b"]})
    tenth = live("tenth", "order_coupon", percent_off={"off_bps": 1_000})

    found = findings(half, fifth, tenth)

    # 100 - 50 - 20 % of 50 - 10 % of 40
    assert deep(found) == [(("half", "fifth", "tenth"), 6_400)]
    assert found[0].sku == "a"
    assert found[0].severity is Severity.WARNING


def test_a_stack_within_the_bound_is_not_told() -> None:
    half = live("half", percent_off={"off_bps": 5_000})
    fifth = coupon("fifth", 2_000)

    assert deep(findings(half, fifth, off_bps_max=6_000)) == []
    assert deep(findings(half, fifth, off_bps_max=5_999)) == [(("half", "fifth"), 6_000)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"schedule": JULY}, {"schedule": AUTUMN}),
        ({"channels": ["app"]}, {"channels": ["web"]}),
        ({"stores": {"store_ids": ["s1"]}}, {"stores": {"store_ids": ["s2"]}}),
        ({"products": {"skus": ["a"]}}, {"products": {"skus": ["b"]}}),
        ({"stacking": {"exclusion_group": "x"}}, {"stacking": {"exclusion_group": "x"}}),
        ({"stacking": {"exclusive": True}}, {}),
        ({"stacking": {"combines_with": ["friend"]}}, {}),
        ({"stacking": {"stop": {"scope": "STOP_SCOPE_ALL"}}}, {}),
    ],
)
def test_what_never_acts_on_one_cart_makes_no_stack(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = (
        live("first", percent_off={"off_bps": 4_000}, **one),
        coupon("second", 4_000, **other),
    )

    assert deep(findings(first, second)) == []


def test_only_the_winner_of_a_group_counts() -> None:
    made = [live(f"d{n}", percent_off={"off_bps": 3_000 + n}) for n in range(3)]

    assert deep(findings(*made, off_bps_max=3_000)) == [(("d2",), 3_002)]


def test_an_amount_off_counts_by_the_least_that_must_be_spent() -> None:
    def spend(least_minor: int) -> Any:
        tier = {"min_amount_minor": least_minor, "amount_off_minor": 600}
        return live("spend", "order_threshold", threshold_off={"tiers": [tier]})

    assert deep(findings(spend(1_000))) == [(("spend",), 6_000)]
    assert deep(findings(spend(2_000))) == []


def test_an_amount_off_everything_without_a_minimum_may_be_all_of_it() -> None:
    found = findings(live("gift", "order_coupon", amount_off={"amount_minor": 500}))

    assert deep(found) == [(("gift",), 10_000)]
    assert found[0].severity is Severity.NOTE


def test_a_rate_of_a_price_book_counts_on_the_skus_that_it_names() -> None:
    half = live("half", percent_off={"off_bps": 5_000}, products={"skus": ["a", "b"]})
    book = compiled.live("book", spec("price_book", price_book={}))
    from_us, until_us = micros(NOW) - 1, micros(NOW) + 1
    rows = [
        Entry("a", "", from_us, until_us, Kind.PERCENT, 3_000, 1),
        Entry("b", "somewhere", from_us, until_us, Kind.PERCENT, 9_000, 1),
        Entry("b", "", until_us, until_us + 1, Kind.PERCENT, 9_000, 1),
    ]
    known = compiled.catalogue([book, half], books={"book": compiled.book(rows)})

    (found,) = [each for each in findings(catalogue=known) if each.kind == "DEEP_STACK"]

    # 100 - 30 - 50 % of 70; of b, nothing is off everywhere and now
    assert (found.activity_ids, found.off_bps, found.sku) == (("half", "book"), 6_500, "a")


def test_an_amount_off_a_product_counts_by_its_price_if_a_book_knows_it() -> None:
    entry = Entry("a", "", micros(NOW) - 1, micros(NOW) + 10**12, Kind.PRICE, 400, 1)
    book = compiled.live("book", spec("price_book", price_book={}))
    off = live("off", "item_coupon", amount_off={"amount_minor": 300}, products={"skus": ["a"]})

    known = compiled.catalogue([book, off], books={"book": compiled.book([entry])})

    assert deep(findings(catalogue=known)) == [(("off",), 7_500)]
    assert deep(findings(off)) == []


def test_one_of_two_free_is_half_of_the_price() -> None:
    one = live("one", "buy_get", buy_get={"buy_quantity": 1, "get_quantity": 1})

    assert deep(findings(one, off_bps_max=4_999)) == [(("one",), 5_000)]
    assert deep(findings(one, off_bps_max=5_000)) == []


def test_a_stack_that_guards_must_stop_is_below_the_floor() -> None:
    guarded = msgspec.structs.replace(DEFAULT, guards=Guards(line_off_bps_max=3_000))
    fifth, quarter = live("fifth", percent_off={"off_bps": 2_000}), coupon("quarter", 2_500)

    found = findings(fifth, quarter, policy=guarded)

    assert about(found, "BELOW_FLOOR") == [("quarter", "fifth")]
    assert found[0].off_bps == 4_000
    assert deep(found) == []
    assert about(findings(fifth, policy=guarded), "BELOW_FLOOR") == []


def test_a_credential_that_can_never_be_of_use_is_told() -> None:
    found = findings(coupon("none", 1_000, products={"set_ids": ["gone"]}))

    assert about(found, "USELESS_CREDENTIAL") == [("none",)]
    assert about(found, "UNREACHABLE") == []
    assert found[0].severity is Severity.ERROR


def test_a_credential_that_stands_alone_behind_what_always_acts_is_of_no_use() -> None:
    alone = coupon("alone", 1_000, stacking={"exclusive": True}, products={"skus": ["a"]})
    always = live("always", products={"skus": ["a", "b"]})
    elsewhere = live("elsewhere", products={"skus": ["b"]})

    assert about(findings(alone, always), "USELESS_CREDENTIAL") == [("alone", "always")]
    assert about(findings(alone, elsewhere), "USELESS_CREDENTIAL") == []


def test_what_the_policy_has_no_place_for_is_told() -> None:
    def without(layer: str) -> Any:
        groups = tuple(g for g in DEFAULT.groups if all(m.layer != layer for m in g.members))
        return msgspec.structs.replace(DEFAULT, groups=groups)

    made = live("one"), coupon("other", 1_000)

    assert about(findings(*made), "NO_GROUP") == []
    found = findings(*made, policy=without("ITEM_DISCOUNT"))
    assert about(found, "NO_GROUP") == [("one",)]
    assert about(found, "USELESS_CREDENTIAL") == [("other",)]


def test_the_same_code_at_the_same_time_is_an_error() -> None:
    one = coupon("one", 1_000, public_code="SUMMER", schedule=JULY)
    two = coupon("two", 1_000, public_code="summer")
    later = coupon("later", 1_000, public_code="Summer", schedule=AUTUMN)

    assert about(findings(one, later), "SAME_CODE") == []
    found = [f for f in findings(one, two, later) if f.kind == "SAME_CODE"]
    assert sorted(f.activity_ids for f in found) == [("two", "later"), ("two", "one")]
    assert {f.severity for f in found} == {Severity.ERROR}


def test_findings_are_about_those_asked_for_and_errors_come_first() -> None:
    made = (
        live("a", products={"skus": ["x"]}),
        live("b", products={"skus": ["x"]}),
        live("c", products={"set_ids": ["gone"]}),
    )

    assert [f.kind for f in findings(*made)] == ["UNREACHABLE", "OVERLAP"]
    assert about(findings(*made, wanted=["a"]), "OVERLAP") == [("b", "a")]
    assert findings(*made[:2], wanted=["c"]) == []


def test_in_a_group_of_which_two_may_win_the_third_does_not_count() -> None:
    def with_most(most: int) -> Any:
        group = PolicyGroup(
            name="discounts",
            mode=GroupMode.LARGEST,
            most=most,
            members=(GroupMember(layer=Layer.ITEM_DISCOUNT),),
        )
        return msgspec.structs.replace(DEFAULT, groups=(group,))

    made = [live(f"d{n}", percent_off={"off_bps": 1_000 * n}) for n in (1, 2, 3)]

    assert deep(findings(*made, policy=with_most(2), off_bps_max=0)) == [(("d3", "d2"), 4_400)]
    assert deep(findings(*made, policy=with_most(1), off_bps_max=0)) == [(("d3",), 3_000)]

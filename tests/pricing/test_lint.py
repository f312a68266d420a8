"""Each kind of finding: what shows it, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from rangli.activities.entries import Entry
from rangli.activities.model import RunState
from rangli.activities.policies.presets import DEFAULT
from rangli.activities.policies.spec import GroupMember, GroupMode, GroupScope, PolicyGroup
from rangli.activities.program import Kind
from rangli.activities.spec import Layer
from rangli.core.clock import micros
from rangli.pricing.lint import lint
from rangli.pricing.lint.model import FINDINGS_MAX, Look, Severity
from rangli.pricing.policy import policy_of
from tests.activities import compiled
from tests.pricing.lints import about, findings, live
from tests.world import NOW, spec

_SETS = {
    "empty": ("PRODUCT", []),
    "some": ("PRODUCT", ["a", "b"]),
    "nowhere": ("STORE", []),
    "nobody": ("USER", []),
    "shop": ("STORE", ["s1"]),
}
_FRIDAY = {"days": [5], "from_minute": 0, "to_minute": 60}


@pytest.mark.parametrize(
    "fields",
    [
        {"products": {"set_ids": ["empty"]}},
        {"products": {"set_ids": ["unknown"]}},
        {"products": {"skus": ["a"], "exclude": {"set_ids": ["some"]}}},
        {"products": {"set_ids": ["some"], "exclude": {"skus": ["a", "b"]}}},
        {"products": {"category_paths": ["x/y"], "exclude": {"category_paths": ["x"]}}},
        {"products": {"all": True, "exclude": {"all": True}}},
        {"products": {"brands": ["p"], "exclude": {"brands": ["p"]}}},
        {"stores": {"set_ids": ["nowhere"]}},
        {"stores": {"store_ids": ["s1"], "exclude_set_ids": ["shop"]}},
        {"users": {"set_ids": ["nobody"]}},
        {
            "schedule": {
                "starts_at": NOW,  # a Monday
                "ends_at": NOW + timedelta(days=2),
                "weekly_windows": [_FRIDAY],
            }
        },
        {
            "products": {"skus": ["a", "b"]},
            "conditions": [{"compare": {"measure": "MEASURE_DISTINCT", "value": 3}}],
        },
        {
            "conditions": [
                {"min_quantity": {"quantity": 5}},
                {
                    "compare": {
                        "measure": "MEASURE_QUANTITY",
                        "comparison": "COMPARISON_BELOW",
                        "value": 5,
                    }
                },
            ]
        },
        {"conditions": [{"min_quantity": {"quantity": 1, "products": {"set_ids": ["empty"]}}}]},
        {"conditions": [{"compare": {"measure": "MEASURE_LINE_QUANTITY", "value": 10**7}}]},
    ],
)
def test_what_can_never_act_is_unreachable(fields: dict[str, Any]) -> None:
    found = findings(live("a", **fields), sets=_SETS)

    assert about(found, "UNREACHABLE") == [("a",)]
    assert found[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    "fields",
    [
        {"products": {"set_ids": ["empty", "some"]}},
        {"products": {"skus": ["a", "c"], "exclude": {"set_ids": ["some"]}}},
        {"products": {"skus": ["a"], "exclude": {"skus": ["a"], "min_list_minor": 100}}},
        {"products": {"category_paths": ["x"], "exclude": {"category_paths": ["x/y"]}}},
        {"stores": {"store_ids": ["s2"], "exclude_set_ids": ["shop"]}},
        {"users": {"set_ids": ["nobody"], "user_groups": ["gold"]}},
        {
            "schedule": {
                "starts_at": NOW,
                "ends_at": NOW + timedelta(days=4),
                "weekly_windows": [_FRIDAY],
            }
        },
        {
            "products": {"skus": ["a", "b"]},
            "conditions": [{"compare": {"measure": "MEASURE_DISTINCT", "value": 2}}],
        },
        {
            "conditions": [
                {
                    "any_of": {
                        "conditions": [
                            {"min_quantity": {"quantity": 1, "products": {"set_ids": ["empty"]}}},
                            {"min_quantity": {"quantity": 1}},
                        ]
                    }
                }
            ]
        },
    ],
)
def test_what_may_act_is_not_unreachable(fields: dict[str, Any]) -> None:
    assert about(findings(live("a", **fields), sets=_SETS), "UNREACHABLE") == []


def test_windows_are_those_of_the_shops_clock() -> None:
    # Sunday 23:30 UTC is Monday 07:30 in Shanghai.
    schedule = {
        "starts_at": datetime(2026, 6, 21, 23, 30, tzinfo=UTC),
        "ends_at": datetime(2026, 6, 21, 23, 40, tzinfo=UTC),
        "weekly_windows": [{"days": [1], "from_minute": 7 * 60, "to_minute": 8 * 60}],
    }

    there = live("there", schedule={**schedule, "time_zone": "Asia/Shanghai"})
    here = live("here", schedule={**schedule, "time_zone": "UTC"})

    assert about(findings(there, here), "UNREACHABLE") == [("here",)]


def test_a_book_whose_entries_are_over_is_unreachable() -> None:
    day_us = 86_400_000_000
    over = Entry("a", "", micros(NOW) - 2 * day_us, micros(NOW), Kind.PRICE, 1, 1)
    books = [compiled.live(n, spec("price_book", price_book={})) for n in ("over", "on", "none")]
    catalogue = compiled.catalogue(
        books,
        books={
            "over": compiled.book([over]),
            "on": compiled.book([over._replace(ends_us=micros(NOW) + 1)]),
        },
    )

    assert about(findings(catalogue=catalogue), "UNREACHABLE") == [("none",), ("over",)]


def test_what_is_over_or_held_back_is_told_of_only_if_asked_for() -> None:
    over = live("over", schedule={"ends_at": NOW})
    held = compiled.live(
        "held", spec("item_discount", percent_off={"off_bps": 1}), run_state=RunState.PAUSED
    )

    assert findings(over, held) == []
    asked = findings(over, held, wanted=["over", "held"])
    assert about(asked, "UNREACHABLE") == [("held",), ("over",)]
    assert {finding.severity for finding in asked} == {Severity.NOTE}


def _line_off(activity_id: str, off_bps: int, **fields: Any) -> Any:
    return live(activity_id, percent_off={"off_bps": off_bps, "per": "AMOUNT_PER_LINE"}, **fields)


def test_the_smaller_of_two_discounts_on_the_same_lines_is_shadowed() -> None:
    more, less = _line_off("more", 2_000, priority=-1), _line_off("less", 1_000)

    assert about(findings(more, less), "SHADOWED") == [("less", "more")]


def test_a_part_of_the_products_the_stores_and_the_time_is_shadowed_too() -> None:
    more = _line_off("more", 2_000, priority=-1, products={"category_paths": ["x"]})
    less = _line_off(
        "less",
        1_000,
        products={"category_paths": ["x/y"]},
        stores={"store_ids": ["s1"]},
        channels=["app"],
        schedule={"ends_at": datetime(2026, 8, 1, tzinfo=UTC)},
    )

    assert about(findings(more, less), "SHADOWED") == [("less", "more")]


@pytest.mark.parametrize(
    "fields",
    [
        {"off_bps": 500},
        {"priority": 1},
        {"products": {"category_paths": ["x/y"]}},
        {"products": {"category_paths": ["x"], "exclude": {"skus": ["a"]}}},
        {"products": {"category_paths": ["x"], "max_list_minor": 1000}},
        {"stores": {"store_ids": ["s1"]}},
        {"users": {"user_groups": ["gold"]}},
        {"channels": ["app"]},
        {"currency": "EUR"},
        {"schedule": {"ends_at": datetime(2026, 8, 1, tzinfo=UTC)}},
        {"schedule": {"weekly_windows": [_FRIDAY]}},
        {"conditions": [{"min_quantity": {"quantity": 2}}]},
        {"stacking": {"exclusion_group": "sale"}},
        {"stacking": {"combines_with": ["friend"]}},
        {"stacking": {"exclusive": True}},
        {"stacking": {"skip_reduced": True}},
        {"cap_minor": 100},
    ],
)
def test_what_the_other_cannot_always_beat_is_not_shadowed(fields: dict[str, Any]) -> None:
    made: dict[str, Any] = {"off_bps": 2_000, "priority": -1, "products": {"category_paths": ["x"]}}
    made |= fields
    more = _line_off("more", made.pop("off_bps"), **made)
    less = _line_off("less", 1_000, products={"category_paths": ["x"]})

    assert about(findings(more, less), "SHADOWED") == []


def test_the_higher_threshold_with_less_off_is_shadowed() -> None:
    def tiers(activity_id: str, *tiers: tuple[int, int], **fields: Any) -> Any:
        steps = [{"min_amount_minor": least, "amount_off_minor": off} for least, off in tiers]
        return live(activity_id, "order_threshold", threshold_off={"tiers": steps}, **fields)

    good = tiers("good", (1_000, 100), (2_000, 300), priority=-1)
    bad = tiers("bad", (1_500, 100), (3_000, 250))
    better_once = tiers("better-once", (1_500, 101))

    assert about(findings(good, bad, better_once), "SHADOWED") == [("bad", "good")]


def test_where_all_act_nobody_is_shadowed() -> None:
    more, less = (
        live(name, "item_coupon", priority=place, percent_off={"off_bps": off_bps})
        for name, place, off_bps in (("more", 0, 2_000), ("less", 1, 1_000))
    )

    assert about(findings(more, less), "SHADOWED") == []
    assert about(findings(more, less), "OVERLAP") == []


def test_activities_that_compete_for_the_same_products_overlap() -> None:
    first = live("first", products={"skus": ["a", "b"]})
    second = live("second", products={"skus": ["b", "c"]})

    found = [f for f in findings(first, second) if f.kind == "OVERLAP"]

    assert [finding.activity_ids for finding in found] == [("second", "first")]
    assert found[0].sku == "b"
    assert found[0].severity is Severity.NOTE
    assert found[0].from_us == micros(NOW)
    assert found[0].until_us == micros(datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "fields",
    [
        {"products": {"skus": ["c"]}},
        {"products": {"skus": ["b"], "exclude": {"skus": ["b"]}}},
        {"products": {"skus": ["b"], "min_list_minor": 101}},
        {"currency": "EUR"},
        {"stores": {"store_ids": ["s2"]}},
        {"channels": ["web"]},
        {"users": {"set_ids": ["nobody"]}},
        {"schedule": {"starts_at": datetime(2026, 8, 1, tzinfo=UTC)}},
        {"schedule": {"weekly_windows": [{**_FRIDAY, "days": [6]}]}},
        {"stacking": {"exclusion_group": "sale"}},
        {"template_id": "promotion_price"},
    ],
)
def test_what_never_meets_does_not_overlap(fields: dict[str, Any]) -> None:
    one = live(
        "one",
        products={"skus": ["a", "b"], "max_list_minor": 100},
        stores={"store_ids": ["s1"]},
        channels=["app"],
        users={"set_ids": ["somebody"]},
        schedule={"ends_at": datetime(2026, 8, 1, tzinfo=UTC), "weekly_windows": [_FRIDAY]},
        stacking={"exclusion_group": "sale"},
    )
    other = live("other", **{"products": {"skus": ["b"]}, **fields})
    sets = {**_SETS, "somebody": ("USER", ["ann"])}

    assert about(findings(one, other, sets=sets), "OVERLAP") == []


def test_where_the_first_wins_however_little_it_gives_an_overlap_is_a_warning() -> None:
    group = PolicyGroup(
        name="discounts",
        mode=GroupMode.FIRST,
        scope=GroupScope.LINE,
        members=(GroupMember(layer=Layer.ITEM_DISCOUNT),),
    )
    policy = msgspec.structs.replace(DEFAULT, groups=(group,))
    little = live("little", priority=-1, percent_off={"off_bps": 100})
    much = live("much", percent_off={"off_bps": 5_000})

    found = [f for f in findings(little, much, policy=policy) if f.kind == "OVERLAP"]

    assert [f.activity_ids for f in found] == [("much", "little")]
    assert found[0].severity is Severity.WARNING
    assert "'discounts'" in found[0].message


def test_no_more_than_a_thousand_findings_are_told() -> None:
    made = [
        live(f"a{n:04}", priority=n % 7, products={"skus": [f"s{n % 100}"]}) for n in range(1_500)
    ]
    made += [live(f"all{n:03}", percent_off={"off_bps": 500 + n}) for n in range(300)]

    found, truncated = lint(Look.at(compiled.catalogue(made), policy_of(DEFAULT), micros(NOW)))

    assert len(found) == FINDINGS_MAX
    assert truncated

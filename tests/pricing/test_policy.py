"""A policy compiled: the kernel's rows, and where and in which order activities act."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import ParseDict

from rangli.activities.live import LiveActivity
from rangli.activities.policies.presets import PRESETS
from rangli.activities.policies.spec import NODE_LIMIT_DEFAULT, PolicySpec
from rangli.activities.program import Base, Leftover, Rounding, RoundingOf, Weight
from rangli.activities.spec import Entitlement, Layer
from rangli.pricing import policy as policies
from rangli.pricing.matched import NO_PLACE
from rangli.pricing.plan import Group, Mode, Money, Scope, rows
from rangli.pricing.policy import policy_of
from rangli.v1 import policy_pb2 as ob
from rangli.wire.convert import to_struct
from tests.activities import compiled
from tests.world import spec

ALL = "GROUP_MODE_ALL"


def policy(*groups: dict[str, Any], **fields: Any) -> PolicySpec:
    said = {"policy_id": "p", "display_name": "p", "groups": list(groups), **fields}
    stated = to_struct(ParseDict(said, ob.StackingPolicy()), PolicySpec, "policy")
    assert stated.violations("policy") == []
    return stated


def group(name: str, mode: str = ALL, **fields: Any) -> dict[str, Any]:
    if "groups" not in fields:
        fields.setdefault("members", [{}])
    return {"name": name, "mode": mode, **fields}


def live(activity_id: str = "a", template_id: str = "item_discount", **fields: Any) -> LiveActivity:
    fields.setdefault("percent_off", {"off_bps": 1000})
    return compiled.live(activity_id, spec(template_id, **fields))


def placed(spec: PolicySpec, activity: LiveActivity) -> str | None:
    found = policy_of(spec)
    number = found.place(activity)
    return None if number is None else found.group_names[number]


def test_groups_stand_in_preorder_with_all_that_they_say() -> None:
    tree = policy_of(
        policy(
            group("a", "GROUP_MODE_LARGEST", scope="GROUP_SCOPE_UNIT", most=2),
            group(
                "b",
                groups=[
                    group("c", groups=[group("d", "GROUP_MODE_FIRST", zero_counts=True)]),
                    group(
                        "e",
                        "GROUP_MODE_BEST",
                        order="GROUP_ORDER_OPEN",
                        base="CONDITION_BASE_GROUP_START",
                        limit_minor=99,
                        reset_units=True,
                    ),
                ],
            ),
            group("f", "GROUP_MODE_SMALLEST", base="CONDITION_BASE_LIST"),
        )
    ).tree

    assert rows(tree.groups, Group) == [
        Group(mode=Mode.LARGEST, scope=Scope.UNIT, most=2),
        Group(),
        Group(parent=1),
        Group(parent=2, mode=Mode.FIRST, zero_counts=1),
        Group(
            parent=1, mode=Mode.BEST, base=Base.GROUP_START, limit_minor=99, any_order=1, resets=1
        ),
        Group(mode=Mode.SMALLEST, base=Base.LIST),
    ]


def test_roundings_left_out_are_as_the_kernel_says() -> None:
    assert rows(policy_of(policy(group("a"))).tree.money, Money) == [Money()]

    stated = policy(
        group("a"),
        rounding={
            "mode": "ROUNDING_MODE_HALF_EVEN",
            "of": "ROUNDING_OF_PRICE",
            "weight": "SHARE_WEIGHT_EQUAL",
            "share_mode": "ROUNDING_MODE_UP",
            "leftover": "LEFTOVER_CARRY",
        },
        unplaced_is_lost=True,
    )

    assert rows(policy_of(stated).tree.money, Money) == [
        Money(Rounding.HALF_EVEN, RoundingOf.PRICE, Weight.EQUAL, Rounding.UP, Leftover.CARRY, 0)
    ]


def test_only_policies_with_a_best_group_search() -> None:
    best = group("a", "GROUP_MODE_BEST")

    assert policy_of(policy(group("a"), node_limit=9)).tree.node_limit == 1
    assert policy_of(policy(best)).tree.node_limit == NODE_LIMIT_DEFAULT
    assert policy_of(policy(best, node_limit=9)).tree.node_limit == 9


def test_guards_default_to_none() -> None:
    assert policy_of(policy(group("a"))).guards.cart_off_minor_max == 0
    guarded = policy(group("a"), guards={"line_off_bps_max": 5000})
    assert policy_of(guarded).guards.line_off_bps_max == 5000


@pytest.mark.parametrize(
    ("member", "fits", "fits_not"),
    [
        ({"layer": "LAYER_ITEM_DISCOUNT"}, live(), live(template_id="promotion_price")),
        ({"entitlement": "ENTITLEMENT_OPEN"}, live(), live(template_id="item_coupon")),
        ({"entitlement": "ENTITLEMENT_CREDENTIAL"}, live(template_id="item_coupon"), live()),
        ({"template_id": "item_discount"}, live(), live(template_id="item_coupon")),
        ({"label": "x"}, live(stacking={"labels": ["w", "x"]}), live(stacking={"labels": ["w"]})),
        (
            {"without_labels": ["x", "y"]},
            live(stacking={"labels": ["w"]}),
            live(stacking={"labels": ["w", "y"]}),
        ),
        (
            {"layer": "LAYER_ITEM_DISCOUNT", "entitlement": "ENTITLEMENT_OPEN"},
            live(),
            live(template_id="item_coupon"),
        ),
    ],
)
def test_a_member_is_what_fits_all_that_is_stated(
    member: dict[str, Any], fits: LiveActivity, fits_not: LiveActivity
) -> None:
    stated = policy(group("a", members=[member]))

    assert placed(stated, fits) == placed(stated, fits) == "a"
    assert placed(stated, fits_not) is placed(stated, fits_not) is None


def test_an_activity_acts_in_the_first_group_from_the_top_that_has_a_place() -> None:
    stated = policy(
        group("outer", groups=[group("x", members=[{"label": "x"}, {"label": "z"}])]),
        group("y", members=[{"label": "y"}]),
        group("rest"),
        group("later", members=[{"label": "w"}]),
    )

    def of(*labels: str) -> str | None:
        return placed(stated, live(stacking={"labels": list(labels)}))

    assert (of("x"), of("z"), of("y"), of("y", "x"), of("w"), of()) == (
        "x",
        "x",
        "y",
        "x",
        "rest",
        "rest",
    )


def keys(order: str, *members: tuple[LiveActivity, int, str, int]) -> list[str]:
    """Names of (activity, expires_us, credential_id, request_place) in acting order."""
    stated = policy(group("other"), group("g", "GROUP_MODE_BEST", order=f"GROUP_ORDER_{order}"))

    def key(member: tuple[LiveActivity, int, str, int]) -> policies.OrderKey:
        activity, expires_us, credential_id, place = member
        return policy_of(stated).order_key(
            1, activity, expires_us=expires_us, credential_id=credential_id, request_place=place
        )

    return [f"{activity.activity_id}{name}" for activity, _, name, _ in sorted(members, key=key)]


@pytest.mark.parametrize(
    ("order", "acting"),
    [
        ("PRIORITY", "b a c d"),
        ("PRIORITY_DOWN", "d c a b"),
        ("OLDEST", "c d a b"),
        ("NEWEST", "b a d c"),
        ("REQUEST", "b a d c"),
        ("REQUEST_DOWN", "c d a b"),
        ("OPEN", "b a c d"),
    ],
)
def test_groups_order_their_members_as_they_say(order: str, acting: str) -> None:
    made = {"a": (0, 7), "b": (-5, 9), "c": (1, 1), "d": (2, 3)}  # priority, created_us
    places = {"a": NO_PLACE, "b": NO_PLACE, "c": 1, "d": 0}
    members = [
        (replace(live(name, priority=priority), created_us=created_us), 0, "", places[name])
        for name, (priority, created_us) in made.items()
    ]

    assert keys(order, *members) == acting.split()


def test_what_is_equal_is_ordered_by_expiry_then_activity_then_credential() -> None:
    a, b = live("a"), live("b")

    assert keys(
        "PRIORITY", (a, 9, "y", 0), (a, 9, "x", 1), (b, 5, "z", 2), (b, 9, "w", 3), (a, 9, "", 4)
    ) == ["bz", "a", "ax", "ay", "bw"]


def test_a_policy_is_compiled_once_for_each_object() -> None:
    stated = policy(group("a"))
    equal = msgspec.structs.replace(stated)

    assert policy_of(stated) is policy_of(stated)
    assert equal == stated
    assert policy_of(equal) is not policy_of(stated)
    assert policy_of(equal).spec is equal


def test_caches_stay_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_policies", {})
    monkeypatch.setattr(policies, "_POLICIES_MAX", 3)
    monkeypatch.setattr(policies, "_PLACES_MAX", 3)
    kept = [policy(group("a")) for _ in range(10)]

    found = [policy_of(each) for each in kept]
    names = [found[0].place(live(stacking={"labels": [f"l{number}"]})) for number in range(10)]

    assert [each.spec for each in found] == kept
    assert len(policies._policies) <= 3
    assert names == [0] * 10
    assert len(found[0]._places) <= 3


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_place_for_everything(preset: str) -> None:
    """Whatever the template and entitlement; else a new activity would silently give nothing."""
    found = policy_of(PRESETS[preset])
    sample = live()
    for layer in Layer:
        for entitlement in Entitlement:
            credential = entitlement is Entitlement.CREDENTIAL
            activity = replace(sample, layer=layer, credential=credential)
            assert found.place(activity) is not None, (layer, entitlement)

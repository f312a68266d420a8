"""What may be a policy; the presets; pictures."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml
from google.protobuf.json_format import ParseDict

from rangli.activities.policies import presets
from rangli.activities.policies.model import StoredPolicy
from rangli.activities.policies.picture import picture
from rangli.activities.policies.presets import PRESETS
from rangli.activities.policies.rpc import message
from rangli.activities.policies.spec import PolicySpec, decode, encode
from rangli.core.errors import Invalid
from rangli.v1 import policy_pb2 as ob
from rangli.wire.convert import enum_prefix, to_struct

ALL = "GROUP_MODE_ALL"
LARGEST = "GROUP_MODE_LARGEST"
BEST = "GROUP_MODE_BEST"
ANY: list[dict[str, Any]] = [{}]


def group(name: str = "g", mode: str = ALL, **fields: Any) -> dict[str, Any]:
    if "groups" not in fields:
        fields.setdefault("members", ANY)
    return {"name": name, "mode": mode, **fields}


def policy(policy_id: str = "p", *groups: dict[str, Any], **fields: Any) -> ob.StackingPolicy:
    said = {
        "policy_id": policy_id,
        "display_name": policy_id,
        "groups": list(groups or [group()]),
        **fields,
    }
    return ParseDict(said, ob.StackingPolicy())


def violations(*groups: dict[str, Any], **fields: Any) -> set[str]:
    """Where the policy is at fault."""
    try:
        spec = to_struct(policy("p", *groups, **fields), PolicySpec, "policy")
    except Invalid as error:
        return {violation.field for violation in error.violations}
    return {violation.field for violation in spec.violations("policy")}


@pytest.mark.parametrize(
    ("groups", "where"),
    [
        ([group("a"), group("a")], "groups[1].name"),
        ([group(), group("b", members=[])], "groups[1].members"),
        ([group("a", groups=[group("b")], members=ANY)], "groups[0].members"),
        ([group("a", scope="GROUP_SCOPE_LINE", groups=[group("b")])], "groups[0].scope"),
        ([group("a", LARGEST, groups=[group("b", BEST)])], "groups[0].groups[0].mode"),
        ([group("a", BEST, groups=[group("b")])], "groups[0].mode"),
        ([group("a", BEST, scope="GROUP_SCOPE_UNIT")], "groups[0].mode"),
        ([group("a", LARGEST, order="GROUP_ORDER_OPEN")], "groups[0].order"),
        (
            [group("a", BEST, scope="GROUP_SCOPE_LINE", order="GROUP_ORDER_OPEN")],
            "groups[0].order",
        ),
        ([group("a", base="CONDITION_BASE_OTHER_PRICE")], "groups[0].base"),
        ([group("a\u200b")], "groups[0].name"),
        ([group("a", members=[{"label": "x\u200b"}])], "groups[0].members[0]"),
        ([group("", ALL)], "groups[0].name"),
        ([group("a", most=-1)], "groups[0].most"),
        ([{"name": "a", "members": ANY}], "groups[0].mode"),
        ([group("a", members=[{}] * 21)], "groups[0].members"),
    ],
)
def test_a_group_that_cannot_be_is_named(groups: list[dict[str, Any]], where: str) -> None:
    assert violations(*groups) == {f"policy.{where}"}


def test_trees_are_bounded_in_depth_and_size() -> None:
    deep = group("5")
    for name in "4321":
        deep = group(name, groups=[deep])
    wide = [group(f"w{i}", groups=[group(f"w{i}.{j}") for j in range(20)]) for i in range(3)]

    assert violations(deep) == {"policy.groups[0].groups[0].groups[0].groups[0].groups[0]"}
    assert violations(*deep["groups"]) == violations(*wide, group("64")) == set()
    assert violations(*wide, group("64"), group("65")) == {"policy.groups"}
    assert violations(*[group(str(i)) for i in range(21)]) == {"policy.groups"}
    assert violations(group(), node_limit=1_000_001) == {"policy.node_limit"}
    assert violations(group(), guards={"line_off_bps_max": 10_001}) == {
        "policy.guards.line_off_bps_max"
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_what_anybody_could_put(preset: str) -> None:
    text = files(presets).joinpath(f"{preset}.yaml").read_text("utf-8")
    said = ParseDict(yaml.safe_load(text), ob.StackingPolicy())

    spec = PRESETS[preset]

    assert spec.policy_id == spec.preset_of == preset
    assert spec.violations("p") == []
    assert said.description
    said.preset_of = preset
    assert to_struct(said, PolicySpec, "policy") == spec
    assert decode(encode(spec)) == spec
    assert to_struct(message(StoredPolicy(spec, None)), PolicySpec, "policy") == spec


def test_the_presets_know_all_enums_of_the_messages() -> None:
    enums = {
        field.enum_type
        for descriptor in (ob.PolicyGroup, ob.GroupMember, ob.StackingPolicy)
        for field in descriptor.DESCRIPTOR.fields
        if field.enum_type
    }
    enums |= {
        field.enum_type
        for field in ob.StackingPolicy.DESCRIPTOR.fields_by_name["rounding"].message_type.fields
    }
    stated = {
        v.name: v.name.removeprefix(enum_prefix(e)) for e in enums for v in e.values if v.number
    }

    assert stated == presets._MEMBERS


def test_a_picture_shows_every_group_and_escapes_what_people_write() -> None:
    said = policy(
        "p",
        group("<b>", LARGEST, most=2, order="GROUP_ORDER_NEWEST", members=[{"label": "a&b"}]),
        group("outer", groups=[group("inner", limit_minor=1000, reset_units=True)]),
    )

    drawn = picture(to_struct(said, PolicySpec, "policy"))

    assert "<b>" not in drawn
    for words in (
        "1  &lt;b&gt;",
        "labelled a&amp;b",
        "the 2 that give most, per cart",
        "2.1  inner",
    ):
        assert words in drawn
    assert "newest first" in drawn
    assert "at most 1,000 minor units in all; units used before may be used again" in drawn


@pytest.mark.parametrize("preset", PRESETS)
def test_the_pictures_beside_the_page_are_the_policies(preset: str) -> None:
    folder = files("rangli.activities.policies") / "pictures"

    assert (folder / f"{preset}.svg").read_text("utf-8") == picture(PRESETS[preset])

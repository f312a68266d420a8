"""Stacking policies put, assigned and followed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from rangli.activities.loader import policies_at
from rangli.activities.policies import service
from rangli.activities.policies.presets import DEFAULT, PRESETS
from rangli.core.errors import Invalid, NotFound, Reason
from rangli.v1 import policy_pb2 as ob
from rangli.v1 import policy_service_pb2 as pb
from tests.activities.test_policy_specs import LARGEST, group, policy
from tests.world import World, new_tenant, request_id, until

_CHANGES = """
SELECT kind, subject_id, subject_version FROM catalogue_changes WHERE tenant = $1 ORDER BY version
"""
_NEWER = "UPDATE policy_assignments SET policy_id = 'newer' WHERE tenant = $1 RETURNING true"
_OUTBOX = "SELECT * FROM outbox WHERE tenant = $1 ORDER BY event_seq"


async def put(world: World, said: ob.StackingPolicy, **fields: Any) -> ob.StackingPolicy:
    fields.setdefault("request_id", request_id())
    return await world.call("PutPolicy", pb.PutPolicyRequest(policy=said, **fields))


async def assign(world: World, policy_id: str, **fields: Any) -> pb.PolicyAssignment:
    fields.setdefault("request_id", request_id())
    fields.setdefault("reason", "spring")
    return await world.call("AssignPolicy", pb.AssignPolicyRequest(policy_id=policy_id, **fields))


async def get(world: World, policy_id: str, version: int = 0) -> ob.StackingPolicy:
    request = pb.GetPolicyRequest(policy_id=policy_id, version=version)
    return await world.call("GetPolicy", request)


async def test_versions_rise_and_never_change(world: World) -> None:
    first = await put(world, policy("p", group("one")))
    second = await put(world, policy("p", group("two"), guards={"cart_off_bps_max": 5000}))

    assert (first.version, second.version) == (1, 2)
    assert await get(world, "p") == await get(world, "p", 2) == second
    assert await get(world, "p", 1) == first
    assert second.groups[0].name == "two"
    assert second.guards.cart_off_bps_max == 5000
    assert second.created_at.seconds > 0
    with pytest.raises(NotFound):
        await get(world, "p", 3)
    with pytest.raises(NotFound):
        await get(world.of(new_tenant()), "p")


async def test_what_was_got_can_be_put_again(world: World) -> None:
    first = await put(world, policy("p", group("one", LARGEST, scope="GROUP_SCOPE_LINE")))

    again = await put(world, first)

    assert again.version == 2
    again.version, again.created_at.seconds, again.created_at.nanos = (
        1,
        first.created_at.seconds,
        first.created_at.nanos,
    )
    assert again == first


async def test_a_repeated_put_is_one_version_and_leaves_one_trace(world: World) -> None:
    request = pb.PutPolicyRequest(request_id="k", policy=policy(), reason="new")

    answers = await asyncio.gather(*(world.call("PutPolicy", request) for _ in range(10)))

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert [tuple(row) for row in await world.rows(_CHANGES)] == [("POLICY", "p", 1)]
    (event,) = await world.rows(_OUTBOX)
    assert (event["event_type"], event["subject_id"], event["actor"]) == ("policy.put", "p", "olga")
    assert json.loads(event["payload"]) == {"version": 1, "reason": "new"}
    (row,) = await world.rows("SELECT * FROM policy_versions WHERE tenant = $1")
    assert (row["actor"], row["reason"]) == ("olga", "new")
    with pytest.raises(Invalid) as reused:
        await put(world, policy("q"), request_id="k")
    assert reused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED


async def test_versions_put_at_once_are_numbered_without_gaps(world: World) -> None:
    answers = await asyncio.gather(*(put(world, policy("p")) for _ in range(8)))

    assert sorted(answer.version for answer in answers) == list(range(1, 9))
    await world.caught_up()
    assert world.catalogue.policies["p"].version == 8


async def test_lists_show_the_tenants_own_and_then_the_presets(world: World) -> None:
    for name in ("z", "a", "z"):
        await put(world, policy(name))

    answer = await world.call("ListPolicies", pb.ListPoliciesRequest())

    found = [(item.policy_id, item.version, item.preset_of) for item in answer.policies]
    assert found[:2] == [("a", 1, ""), ("z", 2, "")]
    assert found[2:] == [(name, 0, name) for name in sorted(PRESETS)]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.PutPolicyRequest(request_id="r"), "policy"),
        (pb.PutPolicyRequest(policy=policy("p")), "request_id"),
        (pb.PutPolicyRequest(request_id="r", policy=policy("default")), "policy.policy_id"),
        (pb.PutPolicyRequest(request_id="r", policy=policy("a b")), "policy.policy_id"),
        (pb.PutPolicyRequest(request_id="r", policy=policy(), reason="x" * 501), "reason"),
        (pb.AssignPolicyRequest(request_id="r", policy_id="best"), "reason"),
        (pb.AssignPolicyRequest(request_id="r", policy_id="a b", reason="x"), "policy_id"),
        (pb.AssignPolicyRequest(request_id="r", version=1, reason="x"), "version"),
        (
            pb.AssignPolicyRequest(request_id="r", policy_id="best", version=-1, reason="x"),
            "version",
        ),
        (
            pb.AssignPolicyRequest(request_id="r", policy_id="best", channel="x" * 51, reason="x"),
            "channel",
        ),
        (pb.GetPolicyRequest(policy_id=""), "policy_id"),
        (pb.GetPolicyRequest(policy_id="p", version=-1), "version"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_breaks_a_bound_is_refused(world: World, request_: Any, field: str) -> None:
    method = type(request_).__name__.removesuffix("Request")

    with pytest.raises(Invalid) as refused:
        await world.call(method, request_)

    assert [violation.field for violation in refused.value.violations] == [field]
    assert await world.rows(_OUTBOX) == []


async def test_a_tenant_has_a_bounded_number_of_policies_and_channels(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "POLICIES_MAX", 2)
    monkeypatch.setattr(service, "CHANNELS_MAX", 1)
    for name in ("a", "b", "b"):
        await put(world, policy(name))
    await assign(world, "a")
    await assign(world, "b")

    with pytest.raises(Invalid, match="at most 2 policies"):
        await put(world, policy("c"))
    with pytest.raises(Invalid, match="at most 1 channels"):
        await assign(world, "a", channel="app")


async def test_a_channel_uses_its_own_policy_else_the_tenants_else_the_default(
    world: World,
) -> None:
    assert world.catalogue.policy_for("app") is DEFAULT
    await put(world, policy("p", group("one")))
    await assign(world, "best")
    await assign(world, "p", channel="app")
    await world.caught_up()

    catalogue = world.catalogue
    assert catalogue.policy_for("web") is catalogue.policy_for("") is PRESETS["best"]
    assert catalogue.policy_for("app") is catalogue.policies["p"]
    assert catalogue.policy_for("app", "magento") is PRESETS["magento"]
    assert catalogue.policy_for("web", "p") is catalogue.policies["p"]
    assert catalogue.policy_for("app", "nothing") is None

    await assign(world, "", channel="app")
    await assign(world, "")
    await world.caught_up()
    assert world.catalogue.policy_for("app") is DEFAULT
    assert (await world.call("ListAssignments", pb.ListAssignmentsRequest())).assignments == []


async def test_a_new_version_is_used_where_none_is_named(world: World) -> None:
    await put(world, policy("p", group("one")))
    await assign(world, "p")
    await assign(world, "p", channel="app", version=1)
    await put(world, policy("p", group("two")))
    await world.caught_up()

    catalogue = world.catalogue
    listed = await world.call("ListAssignments", pb.ListAssignmentsRequest())

    assert [spec.groups[0].name for spec in map(catalogue.policy_for, ("app", "web"))] == [
        "one",
        "two",
    ]
    assert [(a.channel, a.policy_id, a.version) for a in listed.assignments] == [
        ("", "p", 0),
        ("app", "p", 1),
    ]


async def test_an_assignment_leaves_a_trace_and_names_what_exists(world: World) -> None:
    with pytest.raises(NotFound):
        await assign(world, "nothing")
    with pytest.raises(NotFound):
        await assign(world, "best", version=1)  # presets have no versions

    await assign(world, "best", channel="app", reason="they asked for it")

    (event,) = await world.rows(_OUTBOX)
    assert (event["event_type"], event["subject_kind"], event["subject_id"]) == (
        "policy.assigned",
        "policy_assignment",
        "app",
    )
    (row,) = await world.rows("SELECT * FROM policy_assignments WHERE tenant = $1")
    assert (row["actor"], row["reason"], row["revision"]) == ("olga", "they asked for it", 1)
    assert [tuple(row) for row in await world.rows(_CHANGES)] == [("ASSIGNMENT", "app", 1)]


async def test_every_catalogue_version_can_tell_its_policies(world: World) -> None:
    """Each step is one catalogue version."""
    await put(world, policy("p", group("one")))
    await assign(world, "p", channel="app")
    await put(world, policy("p", group("two")))
    await assign(world, "best", channel="app")
    await assign(world, "", channel="app")

    told = []
    async with world.stores.pg.acquire() as conn:
        for version in range(6):
            then = await policies_at(conn, world.tenant, version)
            told.append(
                (
                    {name: spec.version for name, spec in then.newest.items()},
                    {c: (spec.policy_id, spec.version) for c, spec in then.assignments.items()},
                )
            )

    assert told == [
        ({}, {}),
        ({"p": 1}, {}),
        ({"p": 1}, {"app": ("p", 1)}),
        ({"p": 2}, {"app": ("p", 2)}),
        ({"p": 2}, {"app": ("best", 0)}),
        ({"p": 2}, {}),
    ]


async def test_a_policy_that_this_release_does_not_know_is_never_replaced_by_another(
    world: World,
) -> None:
    """Say, a preset of a newer release: a price by other rules would be a wrong one."""
    await assign(world, "best")
    await world.caught_up()
    before = world.catalogue
    await world.rows(_NEWER)

    await put(world, policy("p"))

    async with world.stores.pg.acquire() as conn:
        with pytest.raises(LookupError, match="newer"):
            await policies_at(conn, world.tenant, before.version + 1)
    await until(lambda: world.tenant in world.feed._unreadable)
    assert world.catalogue is before

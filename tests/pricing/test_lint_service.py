"""LintActivities on real stores: what is published, what is in preparation, and drafts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rangli.core.errors import Invalid, NotFound, Reason
from rangli.v1 import lint_pb2 as lb
from tests.pricing.operators import lint
from tests.world import World, spec

TENTH = spec("item_discount", percent_off={"off_bps": 1_000}, products={"skus": ["a"]})
OTHER = spec("item_discount", percent_off={"off_bps": 2_000}, products={"skus": ["a"]})


def kinds(answer: lb.LintActivitiesResponse) -> list[tuple[str, list[str]]]:
    return [
        (lb.FindingKind.Name(f.kind).removeprefix("FINDING_KIND_"), list(f.activity_ids))
        for f in answer.findings
    ]


async def test_what_is_published_and_what_is_in_preparation_is_looked_at(world: World) -> None:
    await world.launch("live", TENTH)
    await world.create("prepared", OTHER)

    answer = await lint(world)

    assert kinds(answer) == [("OVERLAP", ["prepared", "live"])]
    finding = answer.findings[0]
    assert finding.severity == lb.SEVERITY_NOTE
    assert finding.sku == "a"
    assert finding.until_at.ToDatetime(tzinfo=UTC) == datetime(2027, 1, 1, tzinfo=UTC)
    assert (answer.catalogue_version, answer.truncated) == (1, False)


async def test_a_draft_takes_the_place_of_what_is_stored(world: World) -> None:
    await world.launch("live", TENTH)
    await world.launch("more", OTHER)
    await world.update("more", spec("item_discount", percent_off={"off_bps": 2_000}))

    assert kinds(await lint(world)) == [("OVERLAP", ["more", "live"])]
    off = lb.Draft(activity_id="more", absent=True)
    assert kinds(await lint(world, drafts=[off])) == []
    apart = spec("item_discount", percent_off={"off_bps": 1}, products={"skus": ["b"]})
    assert kinds(await lint(world, drafts=[lb.Draft(activity_id="more", spec=apart)])) == []
    half = spec("order_coupon", percent_off={"off_bps": 9_900})
    added = await lint(world, drafts=[lb.Draft(activity_id="new", spec=half)])
    assert kinds(added)[0] == ("DEEP_STACK", ["new", "more"])
    newest = await lint(world, drafts=[lb.Draft(activity_id="more")], activity_ids=["live"])
    assert kinds(newest) == [("OVERLAP", ["more", "live"])]


async def test_findings_are_about_those_asked_for(world: World) -> None:
    await world.launch("live", TENTH)
    await world.launch("more", OTHER)
    await world.launch("else", spec("item_discount", percent_off={"off_bps": 1}))
    await world.verb("Pause", "else")

    assert kinds(await lint(world, activity_ids=["else"])) == [("UNREACHABLE", ["else"])]
    assert kinds(await lint(world)) == [("OVERLAP", ["more", "live"])]


async def test_later_nothing_is_left_of_it(world: World) -> None:
    await world.launch("live", TENTH)
    await world.launch("more", OTHER)

    assert kinds(await lint(world, at=datetime(2027, 1, 1, tzinfo=UTC))) == []


async def test_the_share_that_may_be_given_away_is_the_callers(world: World) -> None:
    await world.launch("more", OTHER)

    assert kinds(await lint(world, off_bps_max=2_000)) == []
    told = await lint(world, off_bps_max=1_999)
    assert kinds(told) == [("DEEP_STACK", ["more"])]
    assert told.findings[0].off_bps == 2_000


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"off_bps_max": 10_001}, "off_bps_max"),
        ({"off_bps_max": -1}, "off_bps_max"),
        ({"activity_ids": ["a b"]}, "activity_ids[0]"),
        ({"channel": "x" * 51}, "channel"),
        ({"drafts": [{"activity_id": ""}]}, "drafts[0].activity_id"),
        ({"drafts": [{"activity_id": "a", "absent": True}] * 2}, "drafts"),
        ({"drafts": [{"activity_id": "a", "absent": True, "spec": TENTH}]}, "drafts[0].spec"),
        ({"drafts": [{"activity_id": "a", "spec": {"template_id": "x"}}]}, "drafts[0].spec"),
        (
            {"drafts": [{"activity_id": "a", "spec": spec("item_discount", set_price={})}]},
            "drafts[0].spec",
        ),
    ],
)
async def test_a_request_out_of_bounds_is_refused(
    world: World, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await lint(world, **fields)

    assert refused.value.violations[0].field.startswith(field)


@pytest.mark.parametrize(
    "fields",
    [
        {"activity_ids": ["gone"]},
        {"drafts": [{"activity_id": "gone"}]},
        {
            "drafts": [
                {
                    "activity_id": "new",
                    "spec": spec(
                        "item_discount", percent_off={"off_bps": 1}, products={"set_ids": ["gone"]}
                    ),
                }
            ]
        },
    ],
)
async def test_what_is_not_there_is_refused(world: World, fields: dict[str, Any]) -> None:
    with pytest.raises(NotFound) as refused:
        await lint(world, **fields)

    assert refused.value.reason is Reason.NO_SUCH_RESOURCE
    assert refused.value.metadata["id"] == "gone"

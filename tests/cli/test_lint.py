"""`rangli lint`, as an operator runs it: against a real server."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from rangli.client import RangliClient
from tests.cli import commands
from tests.world import spec

run = partial(commands.run, "lint")
DRAFTS = """
- activity_id: empty
  spec:
    template_id: item_discount
    display_name: For nobody's products
    currency: USD
    schedule: {starts_at: "2020-01-01T00:00:00Z", ends_at: "2090-01-01T00:00:00Z", time_zone: UTC}
    products: {skus: [a], exclude: {skus: [a]}}
    effect: {percent_off: {off_bps: 1000}}
    funding: [{funder: retailer, share_bps: 10000}]
"""


@pytest.fixture
async def published(address):
    """Where two activities are published that compete."""
    schedule = {"starts_at": {"seconds": 0}, "ends_at": {"seconds": 4_000_000_000}}
    async with RangliClient(address, actor="tests") as client:
        for name, off_bps in (("tenth", 1_000), ("fifth", 2_000)):
            await client.activities.launch(
                spec("item_discount", percent_off={"off_bps": off_bps}, schedule=schedule),
                activity_id=name,
            )
        async with asyncio.timeout(60):
            while (await client.lint.activities()).catalogue_version < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    return address


async def test_findings_are_told_and_errors_end_it_with_1(published, tmp_path):
    drafts = tmp_path / "drafts.yaml"
    drafts.write_text(DRAFTS)

    code, out, err = await run("--address", published)
    with_errors = await run("--address", published, "--drafts", drafts)
    about_one = await run("fifth", "--off-bps-max", "1000", "--address", published)

    assert (code, err) == (0, "")
    assert "0 errors, 0 warnings, 1 notes in catalogue version 2" in out
    assert "NOTE  overlap  tenth, fifth" in out
    assert "tenth competes with fifth in the group" in out
    assert with_errors[0] == 1
    assert "ERROR  unreachable  empty" in with_errors[1]
    assert about_one[0] == 0
    assert "deep stack  fifth" in about_one[1]


async def test_where_nothing_is_found_it_says_so(address):
    assert await run("--address", address, "--tenant", "nobody") == (
        0,
        "Nothing found in catalogue version 0.\n",
        "",
    )


async def test_what_cannot_be_asked_ends_it_with_2(address, tmp_path):
    drafts = tmp_path / "drafts.yaml"
    drafts.write_text("- activity: wrong")

    gone = await run("gone", "--address", address)
    unread = await run("--drafts", drafts, "--address", address)

    assert (gone[0], gone[1]) == (2, "")
    assert "'gone'" in gone[2]
    assert (unread[0], unread[1]) == (2, "")
    assert str(drafts) in unread[2]

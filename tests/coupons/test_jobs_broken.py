"""What becomes of a job when workers die, members cannot be given a coupon, or rows are in use."""

from __future__ import annotations

import asyncio
import random
import sys
from base64 import urlsafe_b64encode

import pytest
import structlog

from rangli.core.errors import Invalid
from rangli.coupons import job_store
from rangli.coupons.job_runner import JobRunner
from rangli.storage.postgres import changing
from rangli.storage.stores import Stores
from tests.coupons.mint import Mint, activity
from tests.coupons.office import DONE, PAUSED, RUNNING, Office
from tests.world import world_on


@pytest.fixture
async def office(mint: Mint) -> Office:
    await mint.batch(stock=100_000)
    return Office(mint)


async def test_a_step_that_is_torn_leaves_nothing_and_is_done_again(office):
    members = await office.members(3_000)
    job = await office.start()
    luck = random.Random(5)
    for _ in range(30):
        step = asyncio.create_task(JobRunner(office.pg).step())
        await asyncio.sleep(luck.uniform(0, 0.03))
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        seen = await office.get(job)
        assert sum((await office.holders()).values()) == seen.given

    await office.work()

    assert (await office.get(job)).state == DONE
    assert await office.holders() == dict.fromkeys(members, 1)


async def test_workers_that_are_killed_neither_pass_anybody_over_nor_give_two(
    stores: Stores, database: str
):
    async with world_on(stores) as world:
        await world.launch("a1", activity())
        office = Office(Mint(world))
        await office.mint.batch(stock=100_000)
        members = await office.members(12_000)
        job = await office.start(per_s_max=4_000)  # so that it is not over before the last kill
        given = 0
        for _ in range(2):
            workers = [
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.coupons.worker", database),
                    stdout=asyncio.subprocess.DEVNULL,
                )
                for _ in range(2)
            ]
            async with asyncio.timeout(60):
                while (await office.get(job)).given <= given:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            for worker in workers:
                if worker.returncode is None:
                    worker.kill()
                await worker.wait()
            given = (await office.get(job)).given
        assert 0 < given < 12_000  # they were killed in the middle

        await office.change(job, "SPEED", per_s_max=0)
        async with asyncio.timeout(60):
            while (await office.get(job)).state != DONE:
                await office.work()
        assert await office.holders() == dict.fromkeys(members, 1)
        assert (await office.get(job)).given == 12_000
        assert await office.mint.findings() == []


async def test_a_dead_workers_shard_is_taken_up_by_another(office):
    await office.members(1_000)
    job = await office.start()
    async with office.pg.acquire() as hung:
        transaction = hung.transaction()
        await transaction.start()
        shard = await job_store.take(hung)
        assert shard is not None
        await office.work()  # the other shard, and not this one
        assert (await office.get(job)).given == 500

        pid = hung.get_server_pid()
        await office.pg.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await office.work()
        assert (await office.get(job)).state == DONE


async def test_who_cannot_be_given_one_stands_in_the_failures_and_stops_nobody(office):
    members = await office.members(1_100)
    bad = members[700]
    async with office.mint.nothing_for(bad):
        with structlog.testing.capture_logs() as logs:
            job = await office.done()

        assert (job.state, job.given, job.failed) == (DONE, 1_099, 1)
        (failure,) = (await office.failures(job)).failures
        assert (failure.user_id, failure.reason) == (bad, "INTERNAL_FAULT")
        assert failure.HasField("failed_at")
        assert [log["job_id"] for log in logs if log["event"] == "a member gets no coupon"] == [
            job.job_id
        ]

        await office.change(job, "RESUME")
        with structlog.testing.capture_logs():
            await office.work()
        job = await office.get(job)
        assert (job.state, job.given, job.failed) == (DONE, 1_099, 1)

    await office.change(job, "RESUME")
    await office.work()

    job = await office.get(job)
    assert (job.state, job.given, job.failed) == (DONE, 1_100, 0)
    assert list((await office.failures(job)).failures) == []
    assert await office.holders() == dict.fromkeys(members, 1)


async def test_a_failure_that_came_right_otherwise_counts_as_had(office):
    members = await office.members(3)
    async with office.mint.nothing_for(members[1]):
        with structlog.testing.capture_logs():
            job = await office.done()
    await office.mint.claim(members[1])

    await office.change(job, "RESUME")
    await office.work()

    job = await office.get(job)
    assert (job.state, job.given, job.had, job.failed) == (DONE, 2, 1, 0)


async def test_failures_are_listed_by_user_page_by_page(office):
    members = await office.members(3)
    job = await office.start()
    await office.change(job, "PAUSE")
    await office.pg.executemany(
        "INSERT INTO coupon_issue_failures (tenant, job_id, user_id, reason, message)"
        " VALUES ($1, $2, $3, 'INTERNAL_FAULT', '')",
        [(office.mint.world.tenant, job.job_id, user) for user in members],
    )
    await office.pg.execute(
        "UPDATE coupon_issue_shards SET failed = 3, done = true, after_member = upto_member"
        " WHERE job_id = $1 AND shard = 0",
        job.job_id,
    )

    first = await office.failures(job, page_size=2)
    second = await office.failures(job, page_size=2, page_token=first.next_page_token)

    found = [one.user_id for one in (*first.failures, *second.failures)]
    assert found == members
    assert not second.next_page_token
    assert (await office.get(job)).state == PAUSED

    await office.change(job, "RESUME")
    await office.work()
    job = await office.get(job)
    assert (job.state, job.given, job.failed) == (DONE, 3, 0)


async def test_a_page_of_failures_begins_behind_a_user_or_nowhere(office):
    await office.members(1)
    job = await office.start()

    for forged in ("\0", "a\0", "a" * 101):
        token = urlsafe_b64encode(forged.encode()).decode()
        with pytest.raises(Invalid):
            await office.failures(job, page_token=token)

    token = urlsafe_b64encode("é 李".encode()).decode()
    assert list((await office.failures(job, page_token=token)).failures) == []
    await office.work()


async def test_rows_that_others_keep_locked_delay_a_job_and_nothing_else(office):
    await office.members(10)
    job = await office.start()
    async with changing(office.pg) as conn:
        await job_store.lock_shards(conn, (office.mint.world.tenant, job.job_id))
        await office.work()
        assert (await office.get(job)).state == RUNNING
    await office.work()
    assert (await office.get(job)).state == DONE

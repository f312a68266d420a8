"""A coupon for every member of a set."""

from __future__ import annotations

import asyncio

import pytest

from rangli.core.errors import Invalid, NotFound
from rangli.coupons.job_runner import JobRunner
from rangli.server import upkeep
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import Mint, refused
from tests.coupons.office import CANCELLED, DONE, PAUSED, RUNNING, STOPPED, Office
from tests.world import request_id


@pytest.fixture
async def office(mint: Mint) -> Office:
    await mint.batch(stock=100_000)
    return Office(mint)


async def test_every_member_gets_one_coupon_and_then_the_job_is_done(office):
    members = await office.members(1_200)
    job = await office.start()
    assert (job.state, job.members, job.given) == (RUNNING, 1_200, 0)

    await office.work()

    job = await office.get(job)
    assert (job.state, job.given, job.had, job.failed) == (DONE, 1_200, 0, 0)
    assert await office.holders() == dict.fromkeys(members, 1)
    assert (await office.mint.seen()).given == 1_200
    coupon = (await office.mint.list(members[0])).coupons[0]
    assert coupon.source == pb.COUPON_SOURCE_ISSUED


async def test_who_has_one_already_is_counted_and_gets_no_second(office):
    await office.members(10)
    await office.mint.claim("user-00003")

    job = await office.done()

    assert (job.state, job.given, job.had) == (DONE, 9, 1)
    assert set((await office.holders()).values()) == {1}


async def test_workers_take_up_what_was_started_by_themselves(office, monkeypatch):
    monkeypatch.setattr(upkeep, "ISSUE_EVERY_S", 0.01)
    await office.members(1_200)
    job = await office.start()

    keeping = asyncio.create_task(upkeep.keep_up(office.pg))
    async with asyncio.timeout(60):
        while (await office.get(job)).state != DONE:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)

    assert (await office.get(job)).given == 1_200


async def test_a_second_job_is_another_one(office):
    await office.members(3)
    await office.done()

    job = await office.done()

    assert (job.given, job.had) == (0, 3)


async def test_the_members_are_those_of_the_set_as_it_was(office):
    members = await office.members(600)
    job = await office.start()
    assert job.set_version == 1
    await office.mint.world.import_set("everybody", "USER", ["nobody-else"])

    await office.work()

    assert set(await office.holders()) == set(members)
    assert (await office.done()).set_version == 2
    assert set(await office.holders()) == {*members, "nobody-else"}


async def test_a_set_without_members_is_done_at_once(office):
    await office.mint.world.import_set("everybody", "USER", [])

    job = await office.start()

    assert (job.state, job.members) == (DONE, 0)


async def test_a_job_needs_a_set_of_users_and_a_batch_that_is_not_closed(office):
    await office.members(1)
    await office.mint.world.import_set("things", "PRODUCT", ["a"])

    with pytest.raises(NotFound):
        await office.start(set_id="nothing")
    with pytest.raises(NotFound):
        await office.start(batch_id="nothing")
    with pytest.raises(Invalid):
        await office.start(set_id="things")
    with pytest.raises(Invalid):
        await office.start(per_s_max=100_001)
    await office.mint.verb("Close")
    assert (await refused(office.start()))["reason"] == "WRONG_STATE"


async def test_what_is_sold_out_stops_the_job_and_more_stock_lets_it_end(office):
    members = await office.members(1_500)
    await office.mint.update(stock=700)

    job = await office.done()

    assert (job.state, job.given, job.failed) == (STOPPED, 700, 0)
    assert job.problem.startswith("SOLD_OUT")
    assert sum((await office.holders()).values()) == 700

    await office.mint.update(stock=100_000)
    await office.change(job, "RESUME")
    await office.work()

    job = await office.get(job)
    assert (job.state, job.given, job.had, job.problem) == (DONE, 1_500, 0, "")
    assert await office.holders() == dict.fromkeys(members, 1)


@pytest.mark.parametrize("verb", ["Pause", "Close"])
async def test_a_batch_that_gives_nothing_any_more_stops_the_job(office, verb):
    await office.members(600)
    job = await office.start()
    await office.mint.verb(verb)

    await office.work()

    job = await office.get(job)
    assert (job.state, job.given) == (STOPPED, 0)
    assert job.problem.startswith("BATCH_NOT_OPEN")


async def test_a_paused_job_gives_nothing_until_it_is_resumed(office):
    await office.members(1_000)
    job = await office.start()
    assert await JobRunner(office.pg).step()
    assert (await office.change(job, "PAUSE")).state == PAUSED
    before = await office.holders()

    await office.work()
    assert await office.holders() == before

    assert (await office.change(job, "RESUME")).state == RUNNING
    await office.work()
    assert (await office.get(job)).state == DONE
    assert len(await office.holders()) == 1_000


async def test_once_a_pause_is_answered_nothing_more_is_given(office):
    await office.members(3_000)
    job = await office.start()
    for _ in range(4):
        working = asyncio.gather(*(JobRunner(office.pg).round() for _ in range(2)))
        await asyncio.sleep(0.03)
        await office.change(job, "PAUSE")
        given = sum((await office.holders()).values())
        await working
        assert sum((await office.holders()).values()) == given
        assert (await office.get(job)).given == given
        await office.change(job, "RESUME")
    await office.work()
    assert set((await office.holders()).values()) == {1}


async def test_a_cancelled_job_is_over_and_what_it_gave_stays(office):
    await office.members(1_000)
    job = await office.start()
    assert await JobRunner(office.pg).step()

    job = await office.change(job, "CANCEL")
    await office.work()

    assert (job.state, job.given) == (CANCELLED, 500)
    assert len(await office.holders()) == 500
    for change in ("PAUSE", "RESUME", "CANCEL", "SPEED"):
        no = await refused(office.change(job, change))
        assert (no["reason"], no["state"]) == ("WRONG_STATE", "CANCELLED")


async def test_only_what_is_under_way_can_be_paused_and_only_what_stands_resumed(office):
    await office.members(1)
    job = await office.start()

    assert (await refused(office.change(job, "RESUME")))["state"] == "RUNNING"
    await office.work()
    assert (await refused(office.change(job, "PAUSE")))["state"] == "DONE"
    assert (await refused(office.change(job, "RESUME")))["state"] == "DONE"
    with pytest.raises(NotFound):
        await office.change(pb.IssueJob(job_id="nobody"), "PAUSE")
    with pytest.raises(Invalid):
        await office.change(job, "UNSPECIFIED")


async def test_a_job_goes_no_faster_than_it_may_until_it_may(office):
    await office.members(5_000)
    job = await office.start(per_s_max=100)

    await office.work()

    job = await office.get(job)
    assert (job.state, job.per_s_max) == (RUNNING, 100)
    assert 10 <= job.given < 2_500  # a tenth of a second's worth; not what it could do in that time

    job = await office.change(job, "SPEED", per_s_max=0)
    await office.work()
    assert (await office.get(job)).state == DONE


async def test_many_workers_at_once_give_each_member_one(office):
    members = await office.members(4_000)
    job = await office.start()

    await asyncio.gather(*(JobRunner(office.pg).round() for _ in range(4)))
    await office.work()

    job = await office.get(job)
    assert (job.state, job.given, job.had) == (DONE, 4_000, 0)
    assert await office.holders() == dict.fromkeys(members, 1)


async def test_a_job_is_repeated_by_its_request_and_listed_newest_first(office):
    await office.members(1)
    name = request_id()
    first = await office.start(request_id=name)
    assert await office.start(request_id=name) == first
    second = await office.start()
    third = await office.start()

    request = pb.ListIssueJobsRequest(batch_id="b1", page_size=2)
    page = await office.mint.call("ListIssueJobs", request)
    request.page_token = page.next_page_token
    rest = await office.mint.call("ListIssueJobs", request)

    assert [one.job_id for one in page.jobs] == [third.job_id, second.job_id]
    assert [one.job_id for one in rest.jobs] == [first.job_id]
    assert not rest.next_page_token
    await office.work()


async def test_a_jobs_changes_are_events_of_its_batch(office):
    await office.members(1)
    job = await office.start(reason="to say sorry")
    for change in ("PAUSE", "RESUME"):
        await office.change(job, change)
    await office.change(job, "SPEED", per_s_max=10)
    await office.work()

    found = [event for event in await office.mint.events("coupon_batch") if "issue_job" in event[1]]
    assert found == [
        ("b1", f"coupon_batch.issue_job_{what}")
        for what in ("started", "paused", "resumed", "speed_changed", "done")
    ]
    rows = await office.mint.world.rows(
        "SELECT actor, payload ->> 'reason' AS reason FROM outbox"
        " WHERE tenant = $1 AND event_type = 'coupon.given'"
    )
    assert [(row["actor"], row["reason"]) for row in rows] == [("olga", "to say sorry")]

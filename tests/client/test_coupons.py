"""Coupons through the client, on the real server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from rangli.client import CallRefused, RangliClient, admission_token
from rangli.server.app import opened
from rangli.storage.settings import StorageSettings
from rangli.v1 import coupon_codes_pb2 as cb
from rangli.v1 import coupon_jobs_pb2 as jb
from rangli.v1 import coupon_pb2 as kb
from rangli.v1 import coupon_service_pb2 as pb
from tests.client.conftest import listening
from tests.client.offers import batch

KEY = bytes(range(32))


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests", connections=2) as opened_:
        yield opened_


async def test_a_batch_goes_through_its_life(client):
    made = await batch(client)
    spec = made.spec
    spec.stock = 3

    changed = await client.coupons.update_batch(pb.UpdateBatchRequest(batch_id="b1", spec=spec))
    verb = pb.BatchVerbRequest(batch_id="b1", reason="tests")
    states = [
        (await call(verb)).state
        for call in (
            client.coupons.pause_batch,
            client.coupons.resume_batch,
            client.coupons.close_batch,
        )
    ]

    assert (made.left, changed.left) == (10, 3)
    assert states == [kb.BATCH_STATE_PAUSED, kb.BATCH_STATE_OPEN, kb.BATCH_STATE_CLOSED]
    assert (await client.coupons.batch("b1")).state == kb.BATCH_STATE_CLOSED
    assert [one.batch_id async for one in client.coupons.batches()] == ["b1"]
    assert [one async for one in client.coupons.batches(activity_id="other")] == []


async def test_the_last_coupon_is_won_once_and_again_by_who_asks_again(client):
    await batch(client, stock=1)
    claims = [
        pb.ClaimRequest(request_id=f"r-{user_id}", batch_id="b1", user_id=user_id)
        for user_id in ("ann", "bob", "cem")
    ]

    answers = await asyncio.gather(
        *(client.coupons.claim(one) for one in claims), return_exceptions=True
    )
    won = [one for one in answers if isinstance(one, kb.Coupon)]
    (winner,) = won
    refused = [one.reason for one in answers if isinstance(one, CallRefused)]
    again = next(one for one in claims if one.user_id == winner.user_id)

    assert refused == ["SOLD_OUT"] * 2
    assert await client.coupons.claim(again) == winner


async def test_many_claims_and_issues_are_each_on_their_own(client):
    await batch(client, stock=2)

    claimed = await client.coupons.batch_claim(
        pb.ClaimRequest(batch_id="b1", user_id=user_id) for user_id in ("ann", "ann", "bob")
    )
    issued = await client.coupons.batch_issue([pb.IssueRequest(batch_id="b1", user_id="cem")])

    # Which of a user's two claims comes first, nobody promises.
    anns, bobs, cems = claimed[:2], claimed[2], issued[0]
    assert {item.WhichOneof("result") for item in anns} == {"coupon", "error"}
    assert bobs.WhichOneof("result") == "coupon"
    assert cems.WhichOneof("result") == "error"


async def test_a_coupon_goes_through_its_life(client):
    await batch(client, transferable=True, per_user_max=0)
    one = await client.coupons.issue(pb.IssueRequest(batch_id="b1", user_id="ann", grant_key="g"))
    verb = pb.CouponVerbRequest(user_id="ann", coupon_id=one.coupon_id)

    frozen = await client.coupons.freeze(verb)
    thawed = await client.coupons.unfreeze(verb)
    until = pb.ExtendCouponRequest(user_id="ann", coupon_id=one.coupon_id)
    until.expires_at.FromDatetime(datetime.now(UTC) + timedelta(days=9))
    extended = await client.coupons.extend(until)
    given = await client.coupons.transfer(
        pb.TransferCouponRequest(user_id="ann", coupon_id=one.coupon_id, to_user_id="bob")
    )
    ended = await client.coupons.void(
        pb.VoidCouponRequest(user_id="bob", coupon_id=given.coupon_id, restock=True)
    )

    assert (frozen.state, thawed.state) == (kb.COUPON_STATE_FROZEN, kb.COUPON_STATE_USABLE)
    assert extended.expires_at == until.expires_at
    assert (given.user_id, ended.state) == ("bob", kb.COUPON_STATE_VOID)
    assert await client.coupons.get("bob", given.coupon_id) == ended
    assert (await client.coupons.batch("b1")).left == 10


async def test_a_users_coupons_are_listed_page_after_page(client):
    await batch(client, stock=300, per_user_max=0)
    await client.coupons.batch_issue(
        pb.IssueRequest(batch_id="b1", user_id="ann") for _ in range(120)
    )

    every = [one.coupon_id async for one in client.coupons.of_user("ann")]
    soon = [one async for one in client.coupons.of_user("ann", expiring_within_days=1)]
    used = [one async for one in client.coupons.of_user("ann", states=[kb.COUPON_STATE_USED])]
    other = [one async for one in client.coupons.of_user("ann", batch_id="b2")]

    assert len(set(every)) == len(every) == len(soon) == 120
    assert used == other == []


async def test_codes_are_made_imported_redeemed_and_ended(client):
    await batch(client, stock=100)
    messages = [one async for one in client.coupons.generate_codes("b1", 1_500, prefix="QX")]
    made = [code for one in messages for code in one.codes]
    taken = await client.coupons.import_codes("b1", ["WELCOME-0001", "WELCOME-0002"])
    vanity = await client.coupons.put_vanity_code(
        cb.PutVanityCodeRequest(batch_id="b1", code="SUMMER", most=5)
    )

    for user_id, code in (("ann", made[-1]), ("bob", "welcome-0002"), ("cem", "summer")):
        coupon = await client.coupons.redeem(cb.RedeemCodeRequest(code=code, user_id=user_id))
        assert coupon.user_id == user_id
    ended = await client.coupons.void_codes(cb.VoidCodesRequest(code_set_id=taken.code_set_id))
    with pytest.raises(CallRefused) as refused:
        await client.coupons.redeem(cb.RedeemCodeRequest(code="welcome-0001", user_id="dan"))

    sets = {one.code_set_id: one async for one in client.coupons.code_sets("b1")}
    assert messages[0].code_set.code_set_id in sets
    assert len(set(made)) == 1_500
    assert ended.is_void
    assert refused.value.reason == "CODE_REFUSED"
    assert [sets[one.code_set_id].redeemed for one in (taken, vanity)] == [1, 1]


async def test_who_stops_reading_codes_leaves_a_set_to_be_ended(client):
    await batch(client)
    async with aclosing(client.coupons.generate_codes("b1", 100_000)) as messages:
        code_set = (await anext(messages)).code_set

    ended = await client.coupons.void_codes(cb.VoidCodesRequest(code_set_id=code_set.code_set_id))

    assert ended.is_void


async def test_a_set_of_users_is_given_coupons_by_a_job(client):
    await batch(client, stock=250)
    await client.selection.import_set(
        "everybody", "SET_KIND_USER", [f"user-{number}" for number in range(200)]
    )

    job = await client.coupons.start_job(
        jb.StartIssueJobRequest(batch_id="b1", set_id="everybody", per_s_max=1)
    )
    await client.coupons.change_job(
        jb.ChangeIssueJobRequest(job_id=job.job_id, change=jb.ISSUE_JOB_CHANGE_SPEED)
    )
    async with asyncio.timeout(60):
        while job.state == jb.ISSUE_JOB_STATE_RUNNING:
            await asyncio.sleep(0.05)
            job = await client.coupons.job(job.job_id)

    assert (job.state, job.given) == (jb.ISSUE_JOB_STATE_DONE, 200)
    assert [one.job_id async for one in client.coupons.jobs(batch_id="b1")] == [job.job_id]
    assert [one async for one in client.coupons.job_failures(job.job_id)] == []


async def test_a_gates_token_admits_its_user_alone(transport, database, redis_url):
    settings = StorageSettings(
        postgres_dsn=database,
        redis_url=redis_url,
        acquire_timeout_s=20,
        redis_timeout_s=10,
        key_admission=KEY,
    )
    async with (
        opened(settings) as app,
        listening(transport, *app.services) as address,
        RangliClient(address, tenant="shop") as client,
    ):
        await batch(client, needs_admission=True)
        soon = datetime.now(UTC) + timedelta(minutes=5)

        def claim(user_id: str, key: bytes = KEY, at: datetime = soon) -> pb.ClaimRequest:
            token = admission_token(key, "shop", batch_id="b1", user_id="ann", expires_at=at)
            return pb.ClaimRequest(batch_id="b1", user_id=user_id, admission_token=token)

        for one in (
            claim("bob"),
            claim("ann", bytes(32)),
            claim("ann", at=soon - timedelta(days=1)),
        ):
            with pytest.raises(CallRefused) as refused:
                await client.coupons.claim(one)
            assert refused.value.reason == "ADMISSION_REFUSED"
        assert (await client.coupons.claim(claim("ann"))).user_id == "ann"

"""Operators make batches, change them, and end them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rangli.core.errors import Conflict, Invalid, NameTaken, NotFound
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import FAR_AHEAD, LONG_AGO, NOW, Mint, activity, refused
from tests.world import request_id, spec

OPEN, PAUSED, CLOSED = pb.BATCH_STATE_OPEN, pb.BATCH_STATE_PAUSED, pb.BATCH_STATE_CLOSED


async def test_a_batch_is_kept_as_it_was_made(mint: Mint) -> None:
    await mint.world.import_set("vips", "USER", ["ann"])
    fields = {
        "display_name": "Welcome",
        "stock": 7,
        "stock_buckets": 3,
        "per_user_max": 0,
        "per_device_max": 2,
        "per_phone_max": 1,
        "claim_from": LONG_AGO,
        "claim_until": FAR_AHEAD,
        "validity": {"from": NOW, "until": FAR_AHEAD, "lasts_s": 60},
        "audience_set_ids": ["vips"],
        "channels": ["app", "web"],
        "not_claimable": True,
        "transferable": True,
        "needs_admission": True,
        "returns_on_refund": True,
    }

    made = await mint.batch(**fields)

    assert (made.batch_id, made.state, made.given, made.left) == ("b1", OPEN, 0, 7)
    assert made.revision == 1
    assert made.spec.validity == mint.spec(**fields).validity
    assert made.spec.channels == ["app", "web"]
    assert await mint.seen() == made
    assert (await mint.batch("")).batch_id.startswith("bat_")


async def test_without_a_word_a_batch_gives_each_user_one_for_good(mint: Mint) -> None:
    made = await mint.batch()

    assert not made.spec.HasField("per_user_max")
    assert [limit["most"] for limit in await limits(mint)] == [10, 1]


async def limits(mint: Mint) -> list[dict[str, object]]:
    rows = await mint.world.rows(
        "SELECT limit_id, most, ended FROM counter_limits WHERE tenant = $1 ORDER BY limit_id"
    )
    return [dict(row) for row in rows]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("spec.stock", {"stock": -1}),
        ("spec.stock", {"stock": 10**9 + 1}),
        ("spec.stock_buckets", {"stock_buckets": 65}),
        ("spec.per_user_max", {"per_user_max": -1}),
        ("spec.validity.until", {"validity": {}}),
        ("spec.validity.lasts_s", {"validity": {"lasts_s": 3_660 * 86_400 + 1}}),
        ("spec.validity.from_after_s", {"validity": {"from_after_s": -1, "lasts_s": 1}}),
        (
            "spec.validity.from_after_s",
            {"validity": {"from": NOW, "from_after_s": 1, "lasts_s": 1}},
        ),
        ("spec.validity.until", {"validity": {"from": NOW, "until": NOW}}),
        ("spec.claim_until", {"claim_from": NOW, "claim_until": NOW}),
        ("spec.channels[1]", {"channels": ["app", "w\u200beb"]}),
        ("spec.audience_set_ids", {"audience_set_ids": ["s"] * 21}),
        ("spec.activity_id", {"activity_id": ""}),
    ],
)
async def test_a_batch_out_of_bounds_is_refused_by_its_field(
    mint: Mint, path: str, fields: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as caught:
        await mint.batch(**fields)

    assert caught.value.violations[0].field == path


async def test_stock_must_be_said_and_may_be_none(mint: Mint) -> None:
    unsaid = mint.spec()
    unsaid.ClearField("stock")
    with pytest.raises(Invalid, match=r"spec\.stock"):
        request = pb.CreateBatchRequest(request_id=request_id(), batch_id="b1", spec=unsaid)
        await mint.call("CreateBatch", request)

    await mint.batch(stock=0)

    assert (await refused(mint.claim()))["reason"] == "SOLD_OUT"


async def test_a_batch_needs_an_activity_that_asks_for_coupons_and_is_not_over(mint: Mint) -> None:
    world = mint.world
    await world.launch("open", spec("item_discount", percent_off={"off_bps": 100}))
    over = {"starts_at": LONG_AGO, "ends_at": NOW - timedelta(days=1)}
    await world.create("over", activity(schedule=over))
    await world.create("planned", activity())

    assert (await refused(mint.batch(activity_id="open")))["reason"] == "NOT_READY"
    with pytest.raises(NotFound):
        await mint.batch(activity_id="nowhere")
    await mint.batch("planned", activity_id="planned")


async def test_an_audience_is_of_known_sets_of_users(mint: Mint) -> None:
    await mint.world.import_set("shops", "STORE", ["s1"])

    with pytest.raises(NotFound):
        await mint.batch(audience_set_ids=["nobody"])
    with pytest.raises(Invalid, match=r"audience_set_ids\[0\]"):
        await mint.batch(audience_set_ids=["shops"])


async def test_a_name_is_given_once_and_the_same_request_is_answered_again(mint: Mint) -> None:
    request = pb.CreateBatchRequest(request_id=request_id(), batch_id="b1", spec=mint.spec())
    made = await mint.call("CreateBatch", request)

    assert await mint.call("CreateBatch", request) == made
    with pytest.raises(NameTaken):
        await mint.batch("b1")


async def test_an_update_changes_what_is_given_from_now_on(mint: Mint) -> None:
    await mint.batch(transferable=True)
    before = await mint.claim("ann")

    after = await mint.update(
        stock=3, per_device_max=1, validity={"lasts_s": 60}, returns_on_refund=True
    )

    assert (after.revision, after.left, after.given) == (2, 2, 1)
    assert await mint.get(before) == before
    later = await mint.claim("ben", device_id="d1")
    assert (later.expires_at.seconds - later.usable_from.seconds, later.transferable) == (60, False)
    with pytest.raises(Invalid, match="device_id"):
        await mint.claim("cid")


async def test_a_limit_that_an_update_drops_counts_no_more(mint: Mint) -> None:
    await mint.batch()
    first = await mint.claim("ann")
    await mint.update(per_user_max=0)

    second = await mint.claim("ann")

    await mint.void(second, restock=True)
    await mint.void(first, restock=True)
    assert (await mint.seen()).given == 0


async def test_an_update_is_refused_for_another_activity_or_another_revision(mint: Mint) -> None:
    await mint.world.launch("a2", activity())
    await mint.batch()

    with pytest.raises(Invalid, match=r"spec\.activity_id"):
        await mint.update(activity_id="a2")
    request = pb.UpdateBatchRequest(
        request_id=request_id(), batch_id="b1", spec=mint.spec(), expected_revision=9
    )
    with pytest.raises(Conflict) as caught:
        await mint.call("UpdateBatch", request)
    assert caught.value.metadata == {"expected_revision": "9", "actual_revision": "1"}
    with pytest.raises(NotFound):
        await mint.update("b9")


async def test_a_batch_is_paused_resumed_and_closed_for_good(mint: Mint) -> None:
    await mint.batch()

    assert (await mint.verb("Pause", reason="too cheap")).state == PAUSED
    assert (await refused(mint.claim("ann")))["why"] == "PAUSED"
    assert (await refused(mint.verb("Pause")))["reason"] == "WRONG_STATE"
    assert (await mint.verb("Resume")).state == OPEN
    coupon = await mint.claim("ann")
    assert (await mint.verb("Close")).state == CLOSED
    assert (await refused(mint.claim("ben")))["why"] == "CLOSED"
    assert (await refused(mint.issue("ben")))["why"] == "CLOSED"
    for verb in ("Pause", "Resume", "Close"):
        assert (await refused(mint.verb(verb)))["reason"] == "WRONG_STATE"
    assert (await refused(mint.update()))["reason"] == "WRONG_STATE"
    assert await mint.get(coupon) == coupon
    assert [kind for _, kind in await mint.events("coupon_batch")] == [
        "coupon_batch.created",
        "coupon_batch.paused",
        "coupon_batch.resumed",
        "coupon_batch.closed",
    ]


async def test_batches_are_listed_by_id_page_by_page(mint: Mint) -> None:
    await mint.world.launch("a2", activity())
    for batch_id in ("b2", "b1", "b3"):
        await mint.batch(batch_id, activity_id="a2" if batch_id == "b2" else "a1")
    await mint.claim(batch_id="b3")

    first = await mint.call("ListBatches", pb.ListBatchesRequest(page_size=2))
    rest = await mint.call(
        "ListBatches", pb.ListBatchesRequest(page_size=2, page_token=first.next_page_token)
    )

    assert [one.batch_id for one in first.batches] == ["b1", "b2"]
    assert [(one.batch_id, one.given) for one in rest.batches] == [("b3", 1)]
    assert rest.next_page_token == ""
    of_a2 = await mint.call("ListBatches", pb.ListBatchesRequest(activity_id="a2"))
    assert [one.batch_id for one in of_a2.batches] == ["b2"]

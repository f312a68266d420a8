"""Who may claim, when and where; and whom an operator may send a coupon anyway."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rangli.client.admission import admission_token
from rangli.core.errors import Invalid, NotFound
from tests.coupons.mint import FAR_AHEAD, LONG_AGO, NOW, Mint, activity, refused
from tests.world import NOW as CALLED_AT


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        ("NOT_STARTED", {"claim_from": NOW + timedelta(days=1)}),
        ("ENDED", {"claim_until": NOW - timedelta(days=1)}),
        ("NOT_CLAIMABLE", {"not_claimable": True}),
        ("OTHER_CHANNEL", {"channels": ["app", "web"]}),
        ("ENDED", {"validity": {"until": NOW - timedelta(seconds=1)}}),
    ],
)
async def test_a_closed_door_says_why(mint: Mint, why: str, fields: dict[str, object]) -> None:
    await mint.batch(**fields)

    no = await refused(mint.claim(channel="till"))

    assert (no["reason"], no["batch_id"], no["why"]) == ("BATCH_NOT_OPEN", "b1", why)
    assert (await mint.seen()).given == 0


async def test_an_operators_coupon_asks_for_no_window_channel_audience_or_token(mint: Mint) -> None:
    await mint.world.import_set("vips", "USER", ["zoe"])
    await mint.batch(
        claim_until=NOW - timedelta(days=1),
        not_claimable=True,
        channels=["app"],
        audience_set_ids=["vips"],
        needs_admission=True,
        per_device_max=1,
    )

    await mint.issue("ann")

    assert (await refused(mint.issue("ann")))["limit_id"] == "coupon/b1/user"


async def test_only_members_of_the_audience_may_claim(mint: Mint) -> None:
    await mint.world.import_set("vips", "USER", ["ann"])
    await mint.world.import_set("staff", "USER", ["ben"])
    await mint.batch(audience_set_ids=["vips", "staff"])

    await mint.claim("ann")
    await mint.claim("ben")
    assert (await refused(mint.claim("cid")))["why"] == "NOT_IN_AUDIENCE"
    await mint.world.import_set("staff", "USER", ["cid"])
    await mint.claim("cid")


async def test_a_window_is_judged_by_the_databases_clock(mint: Mint) -> None:
    # The call itself is dated CALLED_AT, months before.
    assert NOW - timedelta(days=1) > CALLED_AT
    await mint.batch(claim_from=NOW - timedelta(days=1), claim_until=NOW + timedelta(days=1))

    await mint.claim()


async def test_limits_of_devices_and_phones_must_be_told_and_hold_across_users(mint: Mint) -> None:
    await mint.batch("d", per_user_max=0, per_device_max=1)
    await mint.batch("p", per_user_max=0, per_phone_max=1)

    with pytest.raises(Invalid, match="device_id"):
        await mint.claim(batch_id="d")
    with pytest.raises(Invalid, match="phone"):
        await mint.claim(batch_id="p")
    await mint.claim("ann", batch_id="d", device_id="x")
    no = await refused(mint.claim("ben", batch_id="d", device_id="x"))
    assert (no["subject"], no["subject_id"]) == ("DEVICE", "x")
    await mint.claim("ann", batch_id="p", phone="1")
    assert (await refused(mint.claim("ben", batch_id="p", phone="1")))["subject"] == "PHONE"
    # What one limit refused the other has not counted.
    await mint.claim("ben", batch_id="d", device_id="y")


@pytest.mark.parametrize("verb", ["Pause", "Cancel"])
async def test_an_activity_that_is_stopped_gives_no_coupons(mint: Mint, verb: str) -> None:
    await mint.batch()
    await mint.world.verb(verb, "a1", reason="a mistake")

    assert (await refused(mint.claim()))["why"] == "NOT_RUNNING"
    assert (await refused(mint.issue()))["why"] == "NOT_RUNNING"


async def test_coupons_are_given_before_the_activity_begins_but_not_before_it_is_approved(
    mint: Mint,
) -> None:
    soon = {"starts_at": NOW + timedelta(days=9), "ends_at": FAR_AHEAD}
    await mint.world.create("soon", activity(schedule=soon))
    await mint.batch(activity_id="soon")

    assert (await refused(mint.claim()))["why"] == "NOT_RUNNING"
    await mint.world.publish("soon")
    assert (await mint.claim()).activity_version == 1


async def test_an_activity_that_has_ended_gives_no_coupons(mint: Mint) -> None:
    ending = {"starts_at": LONG_AGO, "ends_at": FAR_AHEAD}
    await mint.world.launch("ending", activity(schedule=ending))
    await mint.batch(activity_id="ending")
    await mint.world.rows(
        "UPDATE activity_versions SET spec = jsonb_set(spec, '{schedule,ends_at}', $2::jsonb)"
        " WHERE tenant = $1 AND activity_id = 'ending'",
        f'"{(NOW - timedelta(seconds=1)).isoformat()}"',
    )

    assert (await refused(mint.claim()))["why"] == "NOT_RUNNING"


async def test_an_unknown_batch_is_not_there(mint: Mint) -> None:
    with pytest.raises(NotFound):
        await mint.claim()
    with pytest.raises(NotFound):
        await mint.issue()
    await mint.batch()
    await mint.claim()


def token(mint: Mint, **fields: object) -> str:
    fields = {"batch_id": "b1", "user_id": "ann", "expires_at": CALLED_AT + timedelta(1)} | fields
    tenant = fields.pop("tenant", mint.world.tenant)
    return admission_token(mint.world.stores.keys.admission, tenant, **fields)


async def test_a_batch_that_asks_for_admission_lets_in_whom_the_gate_let_in(mint: Mint) -> None:
    await mint.batch(needs_admission=True)

    no = await refused(mint.claim("ann"))
    assert (no["reason"], no["batch_id"], no["why"]) == ("ADMISSION_REFUSED", "b1", "MISSING")
    for why, wrong in (
        ("OTHER_USER", token(mint, user_id="ben")),
        ("OTHER_USER", token(mint, batch_id="b2")),
        ("OTHER_USER", token(mint, tenant="another")),
        ("OTHER_USER", token(mint)[:-1] + "-"),
        ("OTHER_USER", "x"),
        ("EXPIRED", token(mint, expires_at=CALLED_AT)),
    ):
        assert (await refused(mint.claim("ann", admission_token=wrong)))["why"] == why
    await mint.claim("ann", admission_token=token(mint))


async def test_a_winner_who_repeats_with_a_newer_token_or_none_gets_his_win(mint: Mint) -> None:
    await mint.batch(needs_admission=True)
    request = mint.claim_request("ann", admission_token=token(mint))
    won = await mint.call("Claim", request)

    request.admission_token = token(mint, expires_at=CALLED_AT + timedelta(2))
    assert await mint.call("Claim", request) == won
    request.admission_token = ""
    assert await mint.call("Claim", request) == won


async def test_what_a_batch_begins_to_ask_for_is_asked_at_once(mint: Mint) -> None:
    """Although processes keep what they know of batches for a moment."""
    await mint.batch()
    await mint.claim("ann")
    await mint.update(needs_admission=True)

    assert (await refused(mint.claim("ben")))["why"] == "MISSING"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("user_id", {"user_id": ""}),
        ("user_id", {"user_id": "a" * 101}),
        ("batch_id", {"batch_id": "{b1}"}),
        ("device_id", {"device_id": "a\u202eb"}),
        ("phone", {"phone": "1" * 101}),
        ("channel", {"channel": "c" * 51}),
        ("request_id", {"request_id": ""}),
    ],
)
async def test_a_claim_out_of_bounds_is_refused_by_its_field(
    mint: Mint, path: str, fields: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as caught:
        await mint.claim(**fields)

    assert caught.value.violations[0].field == path

"""What becomes of a coupon between its gift and its end."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, timedelta

import pytest

from rangli.core.errors import Invalid, NotFound, Refused
from rangli.coupons import store
from rangli.coupons.model import CouponKey
from rangli.storage.postgres import transaction
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import (
    EXPIRED,
    FAR_AHEAD,
    FROZEN,
    LOCKED,
    NOW,
    USABLE,
    USED,
    VOID,
    Mint,
    counted,
    refused,
)
from tests.world import request_id


async def test_a_coupon_is_locked_by_one_order_and_used_by_it_alone(mint: Mint) -> None:
    await mint.batch()
    coupon = await mint.claim()

    await mint.order("lock", coupon, "o1")

    assert ((await mint.get(coupon)).state, (await mint.get(coupon)).order_id) == (LOCKED, "o1")
    no = await refused(mint.order("lock", coupon, "o2"))
    assert (no["reason"], no["state"], no["why"]) == ("COUPON_NOT_USABLE", "LOCKED", "WRONG_STATE")
    assert (await refused(mint.order("use", coupon, "o2")))["why"] == "NOT_YOURS"
    assert (await refused(mint.order("unlock", coupon, "o2")))["why"] == "NOT_YOURS"
    await mint.order("lock", coupon, "o1")
    await mint.order("use", coupon, "o1")
    assert (await mint.get(coupon)).state == USED
    for verb in ("lock", "unlock", "use"):
        assert (await refused(mint.order(verb, coupon, "o1")))["why"] == "WRONG_STATE"
    assert [kind for _, kind in await mint.events()] == [
        "coupon.given",
        "coupon.locked",
        "coupon.used",
    ]


async def test_an_order_that_fails_gives_its_coupon_back_to_be_locked_again(mint: Mint) -> None:
    await mint.batch()
    coupon = await mint.claim()
    await mint.order("lock", coupon, "o1")

    assert await mint.order("unlock", coupon, "o1") is True

    assert (await mint.get(coupon)).order_id == ""
    await mint.order("lock", coupon, "o2")
    assert (await mint.get(coupon)).order_id == "o2"


async def test_of_parallel_orders_one_gets_the_coupon(mint: Mint) -> None:
    """A single-use coupon in two hundred checkouts at once."""
    await mint.batch()
    coupon = await mint.claim()

    outcomes = await asyncio.gather(
        *(mint.order("lock", coupon, f"o{number}") for number in range(30)),
        return_exceptions=True,
    )

    assert counted(outcomes) == {"OK": 1, "COUPON_NOT_USABLE": 29}


async def test_expiry_is_judged_when_it_is_locked_and_the_lock_outlives_it(mint: Mint) -> None:
    await mint.batch()
    late, kept, freed = [await mint.claim(user) for user in ("ann", "ben", "cid")]
    await mint.order("lock", kept)
    await mint.order("lock", freed)
    for coupon in (late, kept, freed):
        await mint.age(coupon, 86_400)

    no = await refused(mint.order("lock", late))

    assert (no["state"], no["why"]) == ("EXPIRED", "EXPIRED")
    assert (await mint.get(kept)).state == LOCKED
    await mint.order("use", kept)
    assert (await mint.get(kept)).state == USED
    assert await mint.order("unlock", freed) is False
    assert (await mint.get(freed)).state == EXPIRED


async def test_a_coupon_cannot_be_used_before_its_time(mint: Mint) -> None:
    await mint.batch(validity={"from": NOW + timedelta(days=1), "lasts_s": 86_400})
    coupon = await mint.claim()

    assert coupon.usable_from.seconds == (NOW + timedelta(days=1)).timestamp()
    assert coupon.state == USABLE
    assert (await refused(mint.order("lock", coupon)))["why"] == "NOT_STARTED"
    await mint.age(coupon, 86_400)
    await mint.order("lock", coupon)


@pytest.mark.parametrize(
    ("validity", "from_s", "until_s"),
    [
        ({"lasts_s": 60}, 0, 60),
        ({"from_after_s": 10, "lasts_s": 60}, 10, 70),
        ({"until": NOW + timedelta(days=9), "lasts_s": 60}, 0, 60),
        ({"from": NOW - timedelta(days=9), "lasts_s": 60}, 0, 60),
    ],
)
async def test_relative_times_count_from_when_it_is_given(
    mint: Mint, validity: dict[str, object], from_s: int, until_s: int
) -> None:
    await mint.batch(validity=validity)

    coupon = await mint.claim()

    given_ns = coupon.given_at.ToNanoseconds()
    assert coupon.usable_from.ToNanoseconds() - given_ns == from_s * 10**9
    assert coupon.expires_at.ToNanoseconds() - given_ns == until_s * 10**9


async def test_whichever_end_comes_first_ends_it(mint: Mint) -> None:
    until = NOW + timedelta(minutes=30)
    await mint.batch(validity={"until": until, "lasts_s": 86_400})

    assert (await mint.claim()).expires_at.seconds == until.timestamp()


async def test_what_all_is_refunded_for_is_usable_again_if_its_terms_say_so(mint: Mint) -> None:
    await mint.batch("stays")
    await mint.batch("returns", returns_on_refund=True)
    stays, returns, late = [
        await mint.claim(user, batch_id=batch)
        for user, batch in (("ann", "stays"), ("ann", "returns"), ("ben", "returns"))
    ]
    # What an operator decides later does not touch what is out.
    await mint.update("stays", returns_on_refund=True)
    await mint.update("returns", returns_on_refund=False)
    for coupon in (stays, returns, late):
        await mint.order("lock", coupon)
        await mint.order("use", coupon)
    await mint.age(late, 86_400)

    assert [await mint.order("give_back", one) for one in (stays, returns, late)] == [
        False,
        True,
        False,
    ]

    assert [(await mint.get(one)).state for one in (stays, returns, late)] == [USED, USABLE, USED]
    assert (await refused(mint.order("give_back", returns)))["why"] == "WRONG_STATE"


async def test_voiding_ends_it_and_restocking_gives_its_place_away_once(mint: Mint) -> None:
    await mint.batch(stock=1)
    coupon = await mint.claim("ann")

    ended = await mint.void(coupon, reason="not wanted")

    assert (ended.state, ended.reason) == (VOID, "not wanted")
    assert (await refused(mint.claim("ben")))["reason"] == "SOLD_OUT"
    await mint.void(coupon, restock=True)
    await mint.void(coupon, restock=True)
    assert (await mint.seen()).left == 1
    await mint.claim("ann")
    assert (await refused(mint.claim("ben")))["reason"] == "SOLD_OUT"


async def test_a_restock_repeated_with_its_request_id_is_answered_and_counts_once(
    mint: Mint,
) -> None:
    await mint.batch(stock=2)
    first, _ = await mint.claim("ann"), await mint.claim("ben")
    request = pb.VoidCouponRequest(
        request_id=request_id(), user_id="ann", coupon_id=first.coupon_id, restock=True
    )

    answers = await asyncio.gather(*(mint.call("VoidCoupon", request) for _ in range(20)))

    assert all(one == answers[0] for one in answers)
    assert (await mint.seen()).left == 1


async def test_what_is_locked_or_used_cannot_be_voided(mint: Mint) -> None:
    await mint.batch()
    coupon = await mint.claim()
    await mint.order("lock", coupon)

    assert (await refused(mint.void(coupon)))["state"] == "LOCKED"
    await mint.order("use", coupon)
    assert (await refused(mint.void(coupon, restock=True)))["state"] == "USED"
    assert (await mint.seen()).given == 1


async def test_of_a_lock_and_a_void_at_once_one_wins(mint: Mint) -> None:
    await mint.batch(stock=20)
    coupons = [await mint.claim(f"u{number}") for number in range(20)]

    outcomes = await asyncio.gather(
        *(mint.order("lock", coupon) for coupon in coupons),
        *(mint.void(coupon, restock=True) for coupon in coupons),
        return_exceptions=True,
    )

    assert counted(outcomes) == {"OK": 20, "COUPON_NOT_USABLE": 20}
    states = [(await mint.get(coupon)).state for coupon in coupons]
    assert states.count(VOID) == (await mint.seen()).left


async def test_a_frozen_coupon_waits_but_an_order_keeps_it(mint: Mint) -> None:
    await mint.batch()
    idle, busy = await mint.claim("ann"), await mint.claim("ben")
    await mint.order("lock", busy)

    frozen = await mint.change("Freeze", idle, reason="fraud?")
    assert (frozen.state, frozen.reason) == (FROZEN, "fraud?")
    assert (await mint.change("Freeze", busy)).state == LOCKED

    assert (await refused(mint.order("lock", idle)))["state"] == "FROZEN"
    assert await mint.order("unlock", busy) is False
    assert (await mint.get(busy)).state == FROZEN
    thawed = await mint.change("Unfreeze", idle)
    assert (thawed.state, thawed.reason) == (USABLE, "")
    await mint.order("lock", idle)


async def test_a_frozen_coupons_time_goes_on(mint: Mint) -> None:
    await mint.batch()
    coupon = await mint.claim()
    await mint.change("Freeze", coupon)
    await mint.age(coupon, 86_400)

    assert (await mint.get(coupon)).state == EXPIRED
    assert (await refused(mint.change("Unfreeze", coupon)))["why"] == "EXPIRED"


async def test_more_time_revives_what_has_expired(mint: Mint) -> None:
    await mint.batch()
    coupon = await mint.claim()
    await mint.age(coupon, 86_400)

    longer = await mint.extend(coupon, NOW + timedelta(days=2), reason="late parcel")

    assert (longer.state, longer.revision) == (USABLE, 2)
    await mint.order("lock", coupon)
    await mint.order("use", coupon)
    assert (await refused(mint.extend(coupon, FAR_AHEAD)))["state"] == "USED"
    other = await mint.claim("ben")
    for wrong in (NOW - timedelta(days=1), NOW + timedelta(days=3_700)):
        with pytest.raises(Invalid, match="expires_at"):
            await mint.extend(other, wrong)


async def test_a_coupon_never_ends_before_it_begins(mint: Mint) -> None:
    await mint.batch(validity={"from": NOW + timedelta(days=9), "lasts_s": 60})

    with pytest.raises(Invalid, match="expires_at"):
        await mint.extend(await mint.claim(), NOW + timedelta(days=8))


async def test_its_owner_gives_it_away_and_it_counts_for_him_still(mint: Mint) -> None:
    await mint.batch(transferable=True)
    coupon = await mint.claim("ann")

    moved = await mint.transfer(coupon, "ben")

    assert (moved.user_id, moved.coupon_id) == ("ben", coupon.coupon_id)
    assert moved.source == pb.COUPON_SOURCE_TRANSFERRED
    with pytest.raises(NotFound):
        await mint.get(coupon)
    assert (await refused(mint.claim("ann")))["reason"] == "LIMIT_REACHED"
    await mint.claim("ben")
    # Restocked, it counts no more for whom it was counted.
    await mint.void(moved, restock=True)
    await mint.claim("ann")
    assert await mint.events() == [
        ("ann", "coupon.given"),
        ("ann", "coupon.transferred"),
        ("ben", "coupon.received"),
        ("ben", "coupon.given"),
        ("ben", "coupon.voided"),
        ("ann", "coupon.given"),
    ]


async def test_a_transfer_is_an_event_of_both_who_take_part(mint: Mint) -> None:
    await mint.batch(transferable=True)
    coupon = await mint.claim("ann")

    await mint.transfer(coupon, "ben")

    given, got = await mint.world.rows(
        "SELECT subject_id, event_type, actor, payload FROM outbox"
        " WHERE tenant = $1 AND subject_kind = 'coupon' AND event_type <> 'coupon.given'"
        " ORDER BY event_seq"
    )
    assert tuple(given)[:3] == ("ann", "coupon.transferred", "olga")
    assert tuple(got)[:3] == ("ben", "coupon.received", "olga")
    named = {"coupon_id": coupon.coupon_id, "batch_id": "b1"}
    assert json.loads(given["payload"]) == named | {"to_user_id": "ben"}
    expires_at = coupon.expires_at.ToDatetime(tzinfo=UTC).isoformat()
    assert json.loads(got["payload"]) == named | {"from_user_id": "ann", "expires_at": expires_at}


async def test_a_coupon_given_away_twice_at_once_goes_to_one(mint: Mint) -> None:
    await mint.batch(transferable=True)
    coupon = await mint.claim("ann")

    outcomes = await asyncio.gather(
        *(mint.transfer(coupon, f"u{number}") for number in range(20)), return_exceptions=True
    )

    assert sorted(map(type, outcomes), key=str).count(pb.Coupon) == 1
    assert {type(one) for one in outcomes} == {pb.Coupon, NotFound}


async def test_only_what_may_be_given_away_is(mint: Mint) -> None:
    await mint.batch("fixed")
    await mint.batch("free", transferable=True)
    fixed = await mint.claim(batch_id="fixed")
    free = await mint.claim(batch_id="free")

    assert (await refused(mint.transfer(fixed, "ben")))["why"] == "NOT_TRANSFERABLE"
    with pytest.raises(Invalid, match="to_user_id"):
        await mint.transfer(free, "ann")
    await mint.order("lock", free)
    assert (await refused(mint.transfer(free, "ben")))["state"] == "LOCKED"


async def test_what_is_not_there_or_anothers_is_not_found(mint: Mint) -> None:
    await mint.batch()
    coupon = await mint.claim("ann")
    theirs = pb.Coupon(user_id="ben", coupon_id=coupon.coupon_id)

    for call in (
        mint.get(theirs),
        mint.void(theirs),
        mint.change("Freeze", theirs),
        mint.change("Unfreeze", theirs),
        mint.extend(theirs, FAR_AHEAD),
        mint.transfer(theirs, "cid"),
        mint.order("lock", theirs),
    ):
        with pytest.raises(NotFound):
            await call


async def test_what_was_done_and_is_refused_later_is_undone(mint: Mint) -> None:
    """As checkout does it, when a later part of an order is refused."""
    await mint.batch()
    first, second = await mint.claim("ann"), await mint.claim("ben")
    keys = [CouponKey(mint.world.tenant, one.user_id, one.coupon_id) for one in (first, second)]
    async with transaction(mint.world.stores.pg) as conn:
        book = await store.locked(conn, keys)
        before = book.coupons[keys[0]]
        book.lock(keys[0], "o1")
        book.lock(keys[1], "o2")
        book.put_back(keys[0], before)
        await store.write(conn, book, actor_of=lambda _: "checkout")

    assert await mint.get(first) == first
    assert (await mint.get(second)).order_id == "o2"
    assert ("ann", "coupon.locked") not in await mint.events()
    with pytest.raises(Refused):
        await mint.order("lock", second, "o3")

"""Refunds: to the tenders by what each paid, and to the very lots that paid."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rangli.core.errors import Invalid, Reason, Refused
from rangli.v1 import wallet_service_pb2 as pb
from tests.wallet.purse import BALANCE, CASH, POINTS, Purse, day, ends, parts, refusal
from tests.world import World, new_tenant

EXTEND = {"expired_lots": pb.EXPIRED_LOTS_EXTEND, "extend_s": 86_400}


def told(done: pb.RefundTenderResponse) -> list[tuple[int, int, int]]:
    """Of each tender: kind, units, money."""
    return [(one.kind, one.amount, one.refund_minor) for one in done.tenders]


async def lots(purse: Purse) -> list[tuple[datetime | None, int]]:
    return [(ends(lot), lot.available) for lot in (await purse.pocket()).lots]


async def test_a_refund_goes_to_the_same_lots_the_last_to_expire_first(purse: Purse) -> None:
    for at in (day(1), day(2), None):
        await purse.credit(10, expires_at=at)
    key = await purse.pay(25)

    first = await purse.refund(key, refund_minor=8)
    assert parts(first.tenders[0].lots) == [(day(2), 3), (None, 5)]
    assert await lots(purse) == [(day(2), 3), (None, 10)]

    rest = await purse.refund(key, refund_minor=17)
    assert parts(rest.tenders[0].lots) == [(day(1), 10), (day(2), 7)]
    assert await lots(purse) == [(day(1), 10), (day(2), 10), (None, 10)]
    assert rest.reservation.tenders[0].returned == 25


async def test_each_tender_and_the_card_get_back_by_what_they_paid(purse: Purse) -> None:
    await purse.credit(2_000)
    await purse.credit(1_000, CASH)
    await purse.credit(50_000, POINTS)
    key = await purse.pay(2_000, (CASH, 1_000), (POINTS, 50_000, 500), external_minor=6_500)

    tenth = await purse.refund(key, refund_minor=1_000)
    assert told(tenth) == [(BALANCE, 200, 200), (CASH, 100, 100), (POINTS, 5_000, 50)]
    assert tenth.external_minor == 650

    rest = await purse.refund(key, refund_minor=9_000)
    assert told(rest) == [(BALANCE, 1_800, 1_800), (CASH, 900, 900), (POINTS, 45_000, 450)]
    assert rest.external_minor == 5_850
    reservation = rest.reservation
    assert reservation.external_refunded_minor == 6_500
    assert [(one.returned, one.refunded_minor) for one in reservation.tenders] == [
        (2_000, 2_000),
        (1_000, 1_000),
        (50_000, 500),
    ]


async def test_more_than_was_captured_is_never_refunded(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(10, external_minor=5)
    key = reservation.reservation_id
    nothing = await refusal(purse.refund(key, refund_minor=1))
    assert nothing.reason is Reason.RETURN_EXCEEDS_CAPTURED
    await purse.capture(key, 6)
    await purse.refund(key, refund_minor=4)

    for call, returnable, wanted in (
        (purse.refund(key, refund_minor=8), "7", "8"),
        (purse.refund(key, 5), "4", "5"),
        (purse.refund(key, external_minor=5), "3", "5"),
    ):
        refused = await refusal(call)
        assert refused.reason is Reason.RETURN_EXCEEDS_CAPTURED
        assert refused.metadata["returnable_minor"] == returnable
        assert refused.metadata["wanted_minor"] == wanted
    assert (await purse.reservation(key)).tenders[0].returned == 2


async def test_many_refunds_at_once_return_no_more_than_was_paid(purse: Purse) -> None:
    await purse.credit(10)
    key = await purse.pay(10)

    answers = await asyncio.gather(
        *(purse.refund(key, refund_minor=3) for _ in range(20)), return_exceptions=True
    )

    assert sum(isinstance(one, pb.RefundTenderResponse) for one in answers) == 3
    assert await purse.available() == 9


async def test_the_same_refund_twice_refunds_once(purse: Purse) -> None:
    await purse.credit(10)
    key = await purse.pay(10)
    first = await purse.refund(key, refund_minor=3, request_id="k")

    assert await purse.refund(key, refund_minor=3, request_id="k") == first
    assert await purse.available() == 3
    with pytest.raises(Invalid) as refused:
        await purse.refund(key, refund_minor=4, request_id="k")
    assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED


async def test_amounts_may_be_named_and_money_shares_what_they_left(purse: Purse) -> None:
    await purse.credit(100)
    await purse.credit(100, POINTS)
    key = await purse.pay(100, (POINTS, 100, 50), external_minor=50)

    named = await purse.refund(key, 40, (POINTS, 33), external_minor=5)
    assert told(named) == [(BALANCE, 40, 40), (POINTS, 33, 16)]
    assert named.external_minor == 5

    rest = await purse.refund(key, refund_minor=139)
    assert told(rest) == [(BALANCE, 60, 60), (POINTS, 67, 34)]
    assert rest.external_minor == 45


async def test_only_the_external_part_may_be_refunded(purse: Purse) -> None:
    await purse.credit(10)
    key = await purse.pay(10, external_minor=90)

    done = await purse.refund(key, external_minor=90)

    assert (told(done), done.external_minor) == ([], 90)
    assert told(await purse.refund(key, refund_minor=10)) == [(BALANCE, 10, 10)]


async def test_points_worth_less_than_a_cent_come_back_with_the_last_of_it(purse: Purse) -> None:
    await purse.credit(1_000, POINTS)
    await purse.credit(5)
    reservation = await purse.reserve(5, (POINTS, 1_000, 1))
    await purse.capture(reservation.reservation_id, 5, (POINTS, 400), final=True)

    done = await purse.refund(reservation.reservation_id, refund_minor=5)

    assert told(done) == [(BALANCE, 5, 5), (POINTS, 400, 0)]


async def test_what_comes_back_to_an_expired_lot_expires_again(purse: Purse) -> None:
    await purse.credit(10, expires_at=day(1))
    await purse.credit(10)
    key = await purse.pay(15)
    await purse.ended(day(1))
    await purse.swept()

    done = await purse.refund(key, refund_minor=12)

    expired, never = done.tenders[0].lots
    assert (expired.amount, expired.expired, expired.HasField("extended_to")) == (7, True, False)
    assert (never.amount, never.expired) == (5, False)
    assert await purse.available() == 10
    await purse.swept()
    (house,) = await purse.world.rows(
        "SELECT posted_minor FROM ledger_accounts WHERE tenant = $1 AND kind = 'expired:balance'"
    )
    assert house["posted_minor"] == 7


async def test_what_comes_back_to_an_expired_lot_may_be_extended(purse: Purse) -> None:
    await purse.credit(10, expires_at=day(1))
    await purse.credit(10, expires_at=day(2))
    key = await purse.pay(15)
    await purse.ended(day(1))
    await purse.freeze()  # refunds go on

    done = await purse.refund(key, refund_minor=12, **EXTEND)

    expired, live = done.tenders[0].lots
    assert (expired.amount, expired.expired) == (7, True)
    assert (live.amount, live.expired, live.HasField("extended_to")) == (5, False, False)
    until = expired.extended_to.ToDatetime(UTC)
    assert until.microsecond == 0
    soon = datetime.now(UTC) + timedelta(days=1)
    assert soon - timedelta(minutes=1) < until < soon + timedelta(minutes=1)
    assert sorted(await lots(purse)) == sorted([(until, 7), (day(2), 10)])
    await purse.swept()
    assert await purse.available() == 17


async def test_extending_moves_only_what_came_back(purse: Purse) -> None:
    await purse.credit(10, expires_at=day(1))
    key = await purse.pay(6)
    await purse.ended(day(1))

    await purse.refund(key, refund_minor=2)  # expires again
    await purse.refund(key, refund_minor=3, **EXTEND)

    assert await purse.available() == 3
    await purse.swept()
    assert await purse.available() == 3


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("money"), st.integers(1, 3) | st.integers(1, 400)),
        st.tuples(st.just("balance"), st.integers(1, 60)),
        st.tuples(st.just("points"), st.integers(1, 300)),
        st.tuples(st.just("external"), st.integers(1, 60)),
        st.tuples(st.just("capture"), st.integers(1, 60)),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    balances=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    points=st.integers(1, 997),
    pays=st.integers(1, 90),
    external=st.integers(0, 150),
    steps=_steps,
)
async def test_any_steps_of_refunds_sum_exactly_per_tender_and_lot(  # noqa: PLR0917
    process: World,
    balances: list[int],
    points: int,
    pays: int,
    external: int,
    steps: list[tuple[str, int]],
) -> None:
    purse = Purse(process.of(new_tenant()))
    for number, amount in enumerate(balances):
        await purse.credit(amount, expires_at=day(number))
    await purse.credit(points, POINTS)
    before = [(ends(lot), lot.available) for lot in (await purse.pocket()).lots]
    reservation = await purse.reserve(
        sum(balances), (POINTS, points, pays), external_minor=external
    )
    key = reservation.reservation_id
    refunded = [0, 0, 0]  # balance, points, external: in money

    async def step(name: str, size: int) -> None:
        if name == "capture":
            await purse.capture(key, min(size, sum(balances)), (POINTS, min(size, points)))
            return
        calls: dict[str, Any] = {
            "money": lambda: purse.refund(key, refund_minor=size),
            "balance": lambda: purse.refund(key, size),
            "points": lambda: purse.refund(key, (POINTS, size)),
            "external": lambda: purse.refund(key, external_minor=size),
        }
        done = await calls[name]()
        shares = {one.kind: one.refund_minor for one in done.tenders}
        told = [shares.get(BALANCE, 0), shares.get(POINTS, 0), done.external_minor]
        if name == "money":
            assert sum(told) == size
        for tender in done.tenders:
            assert sum(lot.amount for lot in tender.lots) == tender.amount
        for place, share in enumerate(told):
            refunded[place] += share

    reasons = set()
    for name, size in steps:
        try:
            await step(name, size)
        except Refused as refused:
            reasons.add(refused.reason)
    assert reasons <= {Reason.RETURN_EXCEEDS_CAPTURED, Reason.RESERVATION_ENDED}
    if (await purse.reservation(key)).state == pb.WALLET_RESERVATION_STATE_RESERVED:
        await purse.capture(key)
    if left := sum(balances) + pays + external - sum(refunded):
        await step("money", left)

    assert refunded == [sum(balances), pays, external]
    last = await purse.reservation(key)
    assert [one.returned for one in last.tenders] == [sum(balances), points]
    assert [(ends(lot), lot.available) for lot in (await purse.pocket()).lots] == before
    assert await purse.available(POINTS) == points
    refused = await refusal(purse.refund(key, refund_minor=1))
    assert refused.reason is Reason.RETURN_EXCEEDS_CAPTURED
    assert await purse.findings() == []


@pytest.mark.parametrize(
    ("amounts", "fields", "path"),
    [
        ((), {}, "refund_minor"),
        ((1,), {"refund_minor": 1}, "refund_minor"),
        ((), {"refund_minor": 1, "external_minor": 1}, "refund_minor"),
        ((), {"refund_minor": -1}, "refund_minor"),
        ((), {"external_minor": -1}, "external_minor"),
        ((0,), {}, "tenders[0].amount"),
        ((1, 1), {}, "tenders[1]"),
        ((), {"refund_minor": 1, "request_id": ""}, "request_id"),
        ((), {"refund_minor": 1, "expired_lots": 9}, "expired_lots"),
        ((), {"refund_minor": 1, "extend_s": 1}, "extend_s"),
        ((), {"refund_minor": 1, **EXTEND, "extend_s": 0}, "extend_s"),
        ((), {"refund_minor": 1, **EXTEND, "extend_s": 315_360_001}, "extend_s"),
        ((), {"refund_minor": 1, "reason": "r" * 501}, "reason"),
    ],
)
async def test_a_refund_that_is_none_is_refused_by_the_name_of_its_field(
    purse: Purse, amounts: tuple[Any, ...], fields: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await purse.refund("hold_1", *amounts, **fields)

    assert [violation.field for violation in refused.value.violations] == [path]

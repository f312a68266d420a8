"""Tender of orders: what expires first goes first, all or nothing, never below zero."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rangli.core.errors import Invalid, NotFound, Reason, Refused
from rangli.v1 import wallet_service_pb2 as pb
from tests.wallet.purse import (
    BALANCE,
    CAPTURED,
    CASH,
    EXPIRED,
    POINTS,
    RELEASED,
    RESERVED,
    Purse,
    day,
    ends,
    parts,
    refusal,
)


async def state(purse: Purse, reservation: pb.WalletReservation) -> tuple[int, list[int]]:
    now = await purse.reservation(reservation.reservation_id)
    (tender,) = now.tenders
    return now.state, [tender.captured, tender.released, tender.returned]


async def test_what_expires_first_is_reserved_first_whatever_came_first(purse: Purse) -> None:
    for amount, at in ((10, None), (10, day(3)), (10, day(1)), (10, day(2))):
        await purse.credit(amount, expires_at=at)

    reservation = await purse.reserve(35)

    assert parts(reservation.tenders[0].lots) == [
        (day(1), 10),
        (day(2), 10),
        (day(3), 10),
        (None, 5),
    ]
    pocket = await purse.pocket()
    assert (pocket.available, pocket.reserved) == (5, 35)


async def test_lots_of_one_instant_are_one_so_there_are_no_ties(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1))
    await purse.credit(1)
    await purse.credit(5, expires_at=day(1))

    assert parts((await purse.reserve(8)).tenders[0].lots) == [(day(1), 8)]


async def test_a_lot_whose_time_has_passed_is_not_used_though_nobody_swept_it(
    purse: Purse,
) -> None:
    await purse.credit(10, expires_at=day(1))
    await purse.credit(10, expires_at=day(2))
    await purse.ended(day(1))

    assert parts((await purse.reserve(4)).tenders[0].lots) == [(day(2), 4)]
    refused = await refusal(purse.reserve(7))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.metadata["available_minor"] == "6"


async def test_all_tenders_are_reserved_or_none(purse: Purse) -> None:
    await purse.credit(10)
    await purse.credit(99, POINTS)

    refused = await refusal(purse.reserve(10, (POINTS, 100, 1)))

    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.metadata == {
        "owner": "user/ann",
        "kind": "points",
        "unit": "points",
        "available_minor": "99",
        "wanted_minor": "100",
    }
    assert [one.reserved for one in (await purse.get()).pockets] == [0, 0]


async def test_a_reservation_tells_what_it_pays_with(purse: Purse) -> None:
    await purse.credit(10)
    await purse.credit(7, CASH)
    await purse.credit(300, POINTS)

    reservation = await purse.reserve(
        (POINTS, 300, 3), 10, (CASH, 7), external_minor=80, order_id="o7"
    )

    assert (reservation.user_id, reservation.order_id) == ("ann", "o7")
    assert (reservation.state, reservation.currency) == (RESERVED, "USD")
    assert reservation.external_minor == 80
    told = [(one.kind, one.unit, one.amount, one.pays_minor) for one in reservation.tenders]
    assert told == [
        (POINTS, "points", 300, 3),
        (BALANCE, "USD", 10, 10),
        (CASH, "USD", 7, 7),
    ]
    assert await purse.reservation(reservation.reservation_id) == reservation


async def test_a_hundred_reserves_at_once_never_take_a_wallet_below_zero(purse: Purse) -> None:
    for number in range(10):
        await purse.credit(10, expires_at=day(number))

    answers = await asyncio.gather(
        *(purse.reserve(7, order_id=f"o{number}") for number in range(100)),
        return_exceptions=True,
    )

    won = [answer for answer in answers if isinstance(answer, pb.WalletReservation)]
    lost = [answer for answer in answers if isinstance(answer, Refused)]
    assert (len(won), len(lost)) == (14, 86)
    assert {one.reason for one in lost} == {Reason.INSUFFICIENT_FUNDS}
    assert {one.metadata["available_minor"] for one in lost} == {"2"}
    pocket = await purse.pocket()
    assert (pocket.available, pocket.reserved) == (2, 98)


async def test_two_tills_at_once_find_what_the_other_has_left(purse: Purse) -> None:
    """Two processes: each chooses its lots when the other has let the wallet go."""
    other = Purse(type(purse.world)(purse.world.stores, purse.world.feed, purse.world.tenant))
    for number in range(40):
        await purse.credit(1, expires_at=day(number))

    await asyncio.gather(*(till.reserve(1) for till in (purse, other) for _ in range(20)))

    pocket = await purse.pocket()
    assert (pocket.available, pocket.reserved) == (0, 40)


async def test_the_same_reserve_twice_is_one_reservation(purse: Purse) -> None:
    await purse.credit(10)
    request = purse.reserve_request(4, request_id="k")
    first, *others = await asyncio.gather(*(purse.call("Reserve", request) for _ in range(10)))
    await purse.capture(first.reservation_id)

    assert {one.SerializeToString() for one in others} == {first.SerializeToString()}
    assert await purse.call("Reserve", request) == first
    with pytest.raises(Invalid) as refused:
        await purse.reserve(5, request_id="k")
    assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED
    assert await purse.available() == 6


async def test_a_refused_reserve_may_succeed_later_under_its_key(purse: Purse) -> None:
    await refusal(purse.reserve(4, request_id="k"))
    await purse.credit(4)

    assert (await purse.reserve(4, request_id="k")).state == RESERVED


async def test_a_capture_takes_all_of_it(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(4)

    done = await purse.capture(reservation.reservation_id, request_id="c")

    assert (done.state, done.tenders[0].captured) == (CAPTURED, 4)
    assert await purse.capture(reservation.reservation_id, request_id="c") == done
    pocket = await purse.pocket()
    assert (pocket.available, pocket.reserved) == (6, 0)
    again = await refusal(purse.capture(reservation.reservation_id))
    assert again.reason is Reason.RESERVATION_ENDED
    assert again.metadata["state"] == "POSTED"


async def test_parts_are_captured_from_the_lot_that_expires_first(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1))
    await purse.credit(5, expires_at=day(2))
    await purse.credit(100, POINTS)
    reservation = await purse.reserve(10, (POINTS, 100, 9))
    key = reservation.reservation_id

    first = await purse.capture(key, 6, (POINTS, 40))
    assert (first.state, [one.captured for one in first.tenders]) == (RESERVED, [6, 40])
    lots = (await purse.pocket()).lots
    assert [(ends(lot), lot.available, lot.reserved) for lot in lots] == [(day(2), 0, 4)]

    more = await refusal(purse.capture(key, 5))
    assert more.reason is Reason.RESERVATION_ENDED

    last = await purse.capture(key, 1, final=True)
    assert last.state == CAPTURED
    assert [(one.captured, one.released) for one in last.tenders] == [(7, 3), (40, 60)]
    assert [await purse.available(kind) for kind in (BALANCE, POINTS)] == [3, 60]


async def test_an_amount_of_another_tender_is_refused_by_its_place(purse: Purse) -> None:
    await purse.credit(5)
    reservation = await purse.reserve(5)
    await purse.capture(reservation.reservation_id, 2)

    for verb in (purse.capture, purse.refund):
        with pytest.raises(Invalid) as refused:
            await verb(reservation.reservation_id, 1, (POINTS, 1))
        assert refused.value.violations[0].field == "tenders[1]"
    assert await state(purse, reservation) == (RESERVED, [2, 0, 0])


async def test_a_release_gives_back_what_is_left_once(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(10)
    await purse.capture(reservation.reservation_id, 3)

    done = await purse.release(reservation.reservation_id)

    assert (done.state, done.tenders[0].released) == (RELEASED, 7)
    assert (await purse.release(reservation.reservation_id)) == done
    assert await purse.available() == 7
    late = await refusal(purse.capture(reservation.reservation_id, late=True))
    assert late.reason is Reason.RESERVATION_ENDED


async def test_what_is_captured_cannot_be_released(purse: Purse) -> None:
    await purse.credit(10)
    key = await purse.pay(10)

    refused = await refusal(purse.release(key))

    assert refused.reason is Reason.RESERVATION_ENDED


async def test_a_reservation_expires_by_itself(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(10)
    await purse.time_passes(reservation.reservation_id)
    early = await refusal(purse.capture(reservation.reservation_id))

    assert early.reason is Reason.RESERVATION_ENDED
    assert early.metadata["state"] == "EXPIRED"
    assert await state(purse, reservation) == (EXPIRED, [0, 0, 0])
    await purse.swept()

    assert await state(purse, reservation) == (EXPIRED, [0, 10, 0])
    assert await purse.available() == 10
    assert (await purse.release(reservation.reservation_id)).state == EXPIRED


async def test_what_has_expired_is_released_without_waiting_for_the_sweeper(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(10)
    await purse.time_passes(reservation.reservation_id)

    assert (await purse.release(reservation.reservation_id)).state == RELEASED
    assert await purse.available() == 10


async def test_a_late_capture_takes_from_the_same_lots_again(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1))
    await purse.credit(5)
    reservation = await purse.reserve(8)
    key = reservation.reservation_id
    await purse.time_passes(key)
    await purse.swept()
    await purse.freeze()  # what was reserved before is still taken

    part = await purse.capture(key, 2, late=True)
    whole = await purse.capture(key, late=True)

    assert [(one.state, one.tenders[0].captured) for one in (part, whole)] == [
        (EXPIRED, 2),
        (EXPIRED, 8),
    ]
    assert await purse.available() == 2
    refused = await refusal(purse.capture(key, late=True))
    assert refused.reason is Reason.RESERVATION_ENDED


async def test_a_late_part_is_taken_from_the_lots_that_still_hold_it(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1))
    await purse.credit(5)
    reservation = await purse.reserve(8)
    await purse.time_passes(reservation.reservation_id)
    await purse.swept()
    await purse.reserve(5)  # all of the lot that expires first

    part = await purse.capture(reservation.reservation_id, 3, late=True)

    assert part.tenders[0].captured == 3


async def test_a_late_capture_of_what_is_gone_takes_nothing(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(8)
    await purse.time_passes(reservation.reservation_id)
    await purse.swept()
    await purse.reserve(3)

    refused = await refusal(purse.capture(reservation.reservation_id, late=True))

    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.metadata["owner"] == "user/ann"
    assert await state(purse, reservation) == (EXPIRED, [0, 8, 0])


async def test_what_was_reserved_is_captured_though_its_lot_has_expired(purse: Purse) -> None:
    await purse.credit(10, expires_at=day(1))
    reservation = await purse.reserve(8)
    await purse.ended(day(1))
    await purse.swept()
    pocket = await purse.pocket()
    assert (pocket.available, pocket.reserved) == (0, 8)

    assert (await purse.capture(reservation.reservation_id)).state == CAPTURED


async def test_a_wallet_of_a_thousand_lots_pays_from_at_most_two_hundred_at_once(
    purse: Purse,
) -> None:
    await purse.call(
        "BatchCredit",
        pb.BatchCreditRequest(
            credits=[purse.credit_request(2, expires_at=day(number)) for number in range(1_000)]
        ),
    )
    assert len((await purse.reserve(400)).tenders[0].lots) == 200
    for verb in (purse.reserve, purse.debit):
        refused = await refusal(verb(401))
        assert refused.reason is Reason.INSUFFICIENT_FUNDS
        assert refused.metadata["available_minor"] == "400"
        assert refused.metadata["lots_max"] == "200"
    assert len((await purse.debit(399)).lots) == 200
    assert await purse.available() == 1_201


_BAD: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((1,), {"request_id": ""}, "request_id"),
    ((1,), {"order_id": ""}, "order_id"),
    ((1,), {"order_id": "o\n"}, "order_id"),
    ((1,), {"ttl_s": 0}, "ttl_s"),
    ((1,), {"ttl_s": 2_592_001}, "ttl_s"),
    ((1,), {"currency": ""}, "currency"),
    ((1,), {"currency": "EUR"}, "tenders[0].unit"),
    ((1,), {"external_minor": -1}, "external_minor"),
    ((1,), {"external_minor": 10**12 + 1}, "external_minor"),
    ((), {}, "tenders"),
    ((1,) * 21, {}, "tenders"),
    ((1, (CASH, 1), 1), {}, "tenders[2]"),
    ((1, 0), {}, "tenders[1].amount"),
    (((9, 1),), {}, "tenders[0].kind"),
    (((0, 1),), {}, "tenders[0].kind"),
    (((POINTS, 1),), {}, "tenders[0].pays_minor"),
    (((BALANCE, 2, 1),), {}, "tenders[0].pays_minor"),
    ((10**12 + 1,), {}, "tenders[0].amount"),
]


@pytest.mark.parametrize(("tenders", "fields", "path"), _BAD)
async def test_a_reserve_that_is_none_is_refused_by_the_name_of_its_field(
    purse: Purse, tenders: tuple[Any, ...], fields: dict[str, Any], path: str
) -> None:
    units = {0: "USD", 9: "USD"}
    asked = [
        pb.ReserveTenderRequest.Tender(kind=one[0], unit=units[one[0]], amount=one[1])
        if isinstance(one, tuple) and one[0] in units
        else one
        for one in tenders
    ]

    with pytest.raises(Invalid) as refused:
        await purse.reserve(*asked, **fields)

    assert [violation.field for violation in refused.value.violations] == [path]


@pytest.mark.parametrize("reservation_id", ["", "r" * 101, "a\nb"])
async def test_a_reservation_is_named_in_every_verb(purse: Purse, reservation_id: str) -> None:
    for verb in (purse.capture, purse.release, purse.reservation):
        with pytest.raises(Invalid) as refused:
            await verb(reservation_id)
        assert refused.value.violations[0].field == "reservation_id"


async def test_an_unknown_reservation_is_not_found(purse: Purse) -> None:
    for verb in (purse.capture, purse.release, purse.reservation):
        with pytest.raises(NotFound) as refused:
            await verb("hold_none")
        assert refused.value.metadata == {"kind": "reservation", "id": "hold_none"}
    with pytest.raises(NotFound):
        await purse.refund(
            "hold_none", refund_minor=1, expired_lots=pb.EXPIRED_LOTS_EXTEND, extend_s=1
        )

"""What a book refuses and what it does, on accounts in memory."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.core.errors import NotFound, RangliError, Reason, Refused
from rangli.ledger.book import Book
from rangli.ledger.model import (
    AMOUNT_MINOR_MAX,
    BALANCE_MINOR_MAX,
    HOLD_TTL_S_MAX,
    LEGS_MAX,
    Account,
    AccountKey,
    Cause,
    Hold,
    HoldState,
    Leg,
    Phase,
)

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
WHY = Cause("Test/Move", "r1")
BANK, ANNE, SHOP, LOT, POINTS = range(1, 6)


def account(account_id: int, owner: str, **fields: Any) -> Account:
    key = AccountKey("t", owner, "balance", fields.pop("unit", "USD"), fields.pop("until", None))
    values = {
        "floor_minor": 0,
        "frozen": False,
        "posted_minor": 0,
        "pending_out_minor": 0,
        "pending_in_minor": 0,
        "entry_count": 0,
    }
    return Account(key, account_id, **(values | fields))


def new_book() -> Book:
    return Book(
        NOW,
        [
            account(BANK, "bank", floor_minor=None),
            account(ANNE, "anne", posted_minor=1_000),
            account(SHOP, "shop"),
            account(LOT, "lot", posted_minor=100, until=NOW + timedelta(hours=1)),
            account(POINTS, "anne", unit="points", posted_minor=50),
        ],
    )


def refusal(act: Callable[[], object]) -> Reason:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.reason


# A hold of 300 by the state it is in, and what each verb makes of it: the state afterwards, what is
# captured, and what is returned; or the reason why not; or None, for nothing at all.

VERBS: dict[str, Callable[[Book, str], object]] = {
    "take": lambda book, hold_id: book.capture("t", hold_id, WHY),
    "take late": lambda book, hold_id: book.capture("t", hold_id, WHY, late=True),
    "take 80": lambda book, hold_id: book.capture(
        "t", hold_id, WHY, amounts_minor=[80], final=False
    ),
    "take 80 late": lambda book, hold_id: book.capture(
        "t", hold_id, WHY, amounts_minor=[80], late=True
    ),
    "void": lambda book, hold_id: book.void("t", hold_id, WHY),
    "expire": lambda book, hold_id: book.expire("t", hold_id, WHY),
    "return 50": lambda book, hold_id: book.give_back("t", hold_id, [50], WHY),
}
ENDED, TOO_MUCH = Reason.RESERVATION_ENDED, Reason.RETURN_EXCEEDS_CAPTURED
TABLE: dict[str, dict[str, object]] = {
    "pending": {
        "take": ("POSTED", 300, 0),
        "take late": ("POSTED", 300, 0),
        "take 80": ("PENDING", 80, 0),
        "take 80 late": ("POSTED", 80, 0),
        "void": ("VOIDED", 0, 0),
        "expire": None,
        "return 50": TOO_MUCH,
    },
    "pending, 100 taken": {
        "take": ("POSTED", 300, 0),
        "take late": ("POSTED", 300, 0),
        "take 80": ("PENDING", 180, 0),
        "take 80 late": ("POSTED", 180, 0),
        "void": ("VOIDED", 100, 0),
        "expire": None,
        "return 50": ("PENDING", 100, 50),
    },
    "pending, 280 taken": {
        "take": ("POSTED", 300, 0),
        "take late": ("POSTED", 300, 0),
        "take 80": ENDED,
        "take 80 late": ENDED,
        "void": ("VOIDED", 280, 0),
        "expire": None,
        "return 50": ("PENDING", 280, 50),
    },
    "pending, time past": {
        "take": ENDED,
        "take late": ("POSTED", 300, 0),
        "take 80": ENDED,
        "take 80 late": ("POSTED", 80, 0),
        "void": ("VOIDED", 0, 0),
        "expire": ("EXPIRED", 0, 0),
        "return 50": TOO_MUCH,
    },
    "posted": {
        "take": ENDED,
        "take late": ENDED,
        "take 80": ENDED,
        "take 80 late": ENDED,
        "void": ENDED,
        "expire": None,
        "return 50": ("POSTED", 300, 50),
    },
    "voided": {
        "take": ENDED,
        "take late": ENDED,
        "take 80": ENDED,
        "take 80 late": ENDED,
        "void": None,
        "expire": None,
        "return 50": TOO_MUCH,
    },
    "expired": {
        "take": ENDED,
        "take late": ("EXPIRED", 300, 0),
        "take 80": ENDED,
        "take 80 late": ("EXPIRED", 80, 0),
        "void": None,
        "expire": None,
        "return 50": TOO_MUCH,
    },
    "expired, all taken again": {
        "take": ENDED,
        "take late": ENDED,
        "take 80": ENDED,
        "take 80 late": ENDED,
        "void": None,
        "expire": None,
        "return 50": ("EXPIRED", 300, 50),
    },
}


def in_state(name: str) -> tuple[Book, Hold]:
    book = new_book()
    hold = book.hold("t", [Leg(ANNE, SHOP, 300)], WHY, ttl_s=60)
    if "100 taken" in name:
        take(book, hold, 100)
    if "280 taken" in name:
        take(book, hold, 280)
    if "past" in name or "expired" in name:
        book.now += timedelta(seconds=60)
    if name == "posted":
        book.capture("t", hold.hold_id, WHY)
    if name == "voided":
        book.void("t", hold.hold_id, WHY)
    if "expired" in name:
        book.expire("t", hold.hold_id, WHY)
    if "again" in name:
        book.capture("t", hold.hold_id, WHY, late=True)
    return book, hold


def take(book: Book, hold: Hold, amount: int) -> None:
    book.capture("t", hold.hold_id, WHY, amounts_minor=[amount], final=False)


@pytest.mark.parametrize(
    ("state", "verb"), [(state, verb) for state in TABLE for verb in TABLE[state]]
)
def test_every_verb_in_every_state_does_what_the_table_says(state: str, verb: str) -> None:
    book, hold = in_state(state)
    before = deepcopy((book.accounts, book.holds, book.entries))
    expected = TABLE[state][verb]

    if isinstance(expected, Reason):
        assert refusal(lambda: VERBS[verb](book, hold.hold_id)) is expected
    else:
        done = VERBS[verb](book, hold.hold_id)
        assert (done is None) == (expected is None)
    if not isinstance(expected, tuple):
        assert (book.accounts, book.holds, book.entries) == before
        return

    state_now, captured, returned = expected
    (leg,) = hold.legs
    assert (hold.state, leg.captured_minor, leg.returned_minor) == (state_now, captured, returned)
    left = 0 if state_now != "PENDING" else 300 - captured
    assert leg.left_minor == left
    moved = captured - returned
    anne, shop = book.account("t", ANNE), book.account("t", SHOP)
    assert (anne.posted_minor, anne.pending_out_minor) == (1_000 - moved, left)
    assert (shop.posted_minor, shop.pending_in_minor) == (moved, left)
    assert_entries_tell_balances(book)


def assert_entries_tell_balances(book: Book) -> None:
    """Every transaction sums to zero, and entries are numbered and carry the balances."""
    sums: dict[tuple[str, bool], int] = {}
    for entry in book.entries:
        key = entry.transaction_id, entry.phase is Phase.POSTED
        sums[key] = sums.get(key, 0) + entry.amount_minor
    assert set(sums.values()) <= {0}
    assert {e.transaction_id for e in book.entries} == {t.transaction_id for t in book.transactions}
    for (_, account_id), now in book.accounts.items():
        own = [entry for entry in book.entries if entry.account_id == account_id]
        assert [entry.entry_no for entry in own] == list(range(1, now.entry_count + 1))
        for phase, balance in (
            (Phase.POSTED, now.posted_minor),
            (Phase.PENDING_OUT, -now.pending_out_minor),
            (Phase.PENDING_IN, now.pending_in_minor),
        ):
            of_phase = [entry for entry in own if entry.phase is phase]
            if of_phase:
                assert of_phase[-1].balance_minor == balance


def test_a_transfer_takes_what_is_available_and_not_one_cent_more() -> None:
    book = new_book()
    book.hold("t", [Leg(ANNE, SHOP, 300)], WHY, ttl_s=60)

    with pytest.raises(Refused) as refused:
        book.post("t", [Leg(ANNE, SHOP, 400), Leg(ANNE, BANK, 301)], WHY)
    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.value.metadata == {
        "owner": "anne",
        "kind": "balance",
        "unit": "USD",
        "available_minor": "700",
        "wanted_minor": "701",
    }

    book.post("t", [Leg(ANNE, SHOP, 400), Leg(ANNE, BANK, 300)], WHY)
    assert book.account("t", ANNE).available_minor == 0


def test_what_a_call_brings_cannot_go_out_in_the_same_call() -> None:
    book = new_book()
    through = [Leg(ANNE, SHOP, 10), Leg(SHOP, BANK, 10)]

    for legs in (through, through[::-1]):
        assert refusal(lambda legs=legs: book.post("t", legs, WHY)) is Reason.INSUFFICIENT_FUNDS


def test_nothing_new_leaves_a_frozen_account_but_what_was_held_does() -> None:
    book = new_book()
    held = book.hold("t", [Leg(ANNE, SHOP, 300)], WHY, ttl_s=60)
    book.account("t", ANNE).frozen = True

    assert refusal(lambda: book.post("t", [Leg(ANNE, SHOP, 1)], WHY)) is Reason.FUNDS_FROZEN
    assert (
        refusal(lambda: book.hold("t", [Leg(ANNE, SHOP, 1)], WHY, ttl_s=1)) is Reason.FUNDS_FROZEN
    )
    book.post("t", [Leg(BANK, ANNE, 5)], WHY)
    book.capture("t", held.hold_id, WHY)
    book.give_back("t", held.hold_id, [300], WHY)

    assert book.account("t", ANNE).posted_minor == 1_005


def test_an_expired_lot_gives_only_what_was_held_in_time_and_takes_its_own_back() -> None:
    book = new_book()
    held = book.hold("t", [Leg(LOT, SHOP, 60)], WHY, ttl_s=7_200)
    assert book.lapse("t", LOT, BANK, WHY) is None
    book.now += timedelta(hours=1)

    assert refusal(lambda: book.post("t", [Leg(LOT, SHOP, 1)], WHY)) is Reason.LOT_EXPIRED
    assert book.lapse("t", LOT, BANK, WHY) is not None
    assert book.account("t", LOT).posted_minor == 60
    book.capture("t", held.hold_id, WHY)
    assert book.lapse("t", LOT, BANK, WHY) is None
    book.give_back("t", held.hold_id, [25], WHY)
    assert book.lapse("t", LOT, BANK, WHY) is not None

    assert book.account("t", LOT).posted_minor == 0
    assert book.account("t", BANK).posted_minor == 40 + 25
    assert_entries_tell_balances_from(book, LOT, 100)


def assert_entries_tell_balances_from(book: Book, account_id: int, opening_minor: int) -> None:
    posted = [e for e in book.entries if e.account_id == account_id and e.phase is Phase.POSTED]
    assert opening_minor + sum(e.amount_minor for e in posted) == posted[-1].balance_minor


def test_late_takes_again_only_what_is_available_now() -> None:
    book, hold = in_state("expired")
    book.post("t", [Leg(ANNE, BANK, 800)], WHY)

    late = {"late": True}
    assert (
        refusal(lambda: book.capture("t", hold.hold_id, WHY, **late)) is Reason.INSUFFICIENT_FUNDS
    )
    book.capture("t", hold.hold_id, WHY, amounts_minor=[200], late=True)
    assert book.account("t", ANNE).posted_minor == 0
    book.give_back("t", hold.hold_id, [200], WHY)
    assert book.account("t", ANNE).posted_minor == 200


def test_a_return_needs_it_to_be_still_there() -> None:
    book, hold = in_state("posted")
    book.post("t", [Leg(SHOP, BANK, 250)], WHY)

    back = [51]
    assert (
        refusal(lambda: book.give_back("t", hold.hold_id, back, WHY)) is Reason.INSUFFICIENT_FUNDS
    )
    book.give_back("t", hold.hold_id, [50], WHY)


def test_balances_are_bounded_in_either_direction() -> None:
    book = Book(
        NOW,
        [
            account(BANK, "bank", floor_minor=None, posted_minor=-BALANCE_MINOR_MAX + 9),
            account(ANNE, "anne", posted_minor=BALANCE_MINOR_MAX - 9),
            account(SHOP, "shop", floor_minor=None),
        ],
    )
    for leg in (Leg(BANK, SHOP, 10), Leg(SHOP, ANNE, 10)):
        assert refusal(lambda leg=leg: book.post("t", [leg], WHY)) is Reason.INSUFFICIENT_FUNDS
    book.hold("t", [Leg(SHOP, ANNE, 9)], WHY, ttl_s=1)
    assert refusal(lambda: book.post("t", [Leg(SHOP, ANNE, 1)], WHY)) is Reason.INSUFFICIENT_FUNDS
    book.post("t", [Leg(BANK, SHOP, 9)], WHY)


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [Leg(BANK, ANNE, 1)] * (LEGS_MAX + 1),
        [Leg(BANK, ANNE, 0)],
        [Leg(BANK, ANNE, -1)],
        [Leg(BANK, ANNE, AMOUNT_MINOR_MAX + 1)],
        [Leg(BANK, BANK, 1)],
        [Leg(BANK, POINTS, 1)],
    ],
)
def test_what_no_caller_may_ask_is_a_fault(legs: list[Leg]) -> None:
    book = new_book()
    with pytest.raises(ValueError, match=r"\w"):
        book.post("t", legs, WHY)
    with pytest.raises(ValueError, match=r"\w"):
        book.hold("t", legs, WHY, ttl_s=60)
    assert not book.entries


@pytest.mark.parametrize("ttl_s", [0, -1, HOLD_TTL_S_MAX + 1, float("nan")])
def test_a_hold_lasts_a_bounded_time(ttl_s: float) -> None:
    with pytest.raises(ValueError, match="ttl_s"):
        new_book().hold("t", [Leg(ANNE, SHOP, 1)], WHY, ttl_s=ttl_s)


@pytest.mark.parametrize("amounts", [[], [1, 1], [-1], [0]])
def test_amounts_are_one_for_each_leg(amounts: list[int]) -> None:
    book, hold = in_state("pending, 100 taken")
    with pytest.raises(ValueError, match=r"\w"):
        book.capture("t", hold.hold_id, WHY, amounts_minor=amounts)
    with pytest.raises(ValueError, match=r"\w"):
        book.give_back("t", hold.hold_id, amounts, WHY)


def test_a_hold_of_another_tenant_is_not_found() -> None:
    book, hold = in_state("pending")
    acts: list[Callable[[], object]] = [
        lambda: book.capture("other", hold.hold_id, WHY),
        lambda: book.void("other", hold.hold_id, WHY),
        lambda: book.expire("t", "hold_unknown", WHY),
        lambda: book.give_back("t", "hold_unknown", [1], WHY),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_a_hold_made_and_ended_in_one_book_is_written_once_as_it_is() -> None:
    book = new_book()
    hold = book.hold("t", [Leg(ANNE, SHOP, 300)], WHY, ttl_s=60)
    book.capture("t", hold.hold_id, WHY)

    assert hold.state is HoldState.POSTED
    assert list(book.new_holds) == [("t", hold.hold_id)]
    assert not book.changed_holds


def test_refusals_tell_enough_to_answer_with() -> None:
    book, hold = in_state("posted")
    with pytest.raises(RangliError) as refused:
        book.capture("t", hold.hold_id, WHY)
    assert refused.value.metadata == {"hold_id": hold.hold_id, "state": "POSTED"}

"""What is undone has never been."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rangli.core.errors import RangliError
from rangli.ledger.book import Book
from rangli.ledger.marks import mark, undo
from rangli.ledger.model import Account, AccountKey, Cause, Hold, HoldLeg, HoldState, Leg

NOW = datetime(2026, 6, 15, tzinfo=UTC)
CAUSE = Cause("m", "r")


def a_book() -> Book:
    """Three accounts, and a hold from each to the next."""
    accounts = [
        Account(AccountKey("t", name, "balance", "USD"), number, None, False, 500, 50, 50, 7)
        for number, name in enumerate("abc")
    ]
    holds = [
        Hold(
            "t",
            f"h{number}",
            HoldState.PENDING,
            NOW + timedelta(seconds=number),  # h0 is due
            (HoldLeg(number, (number + 1) % 3, 50),),
        )
        for number in range(3)
    ]
    return Book(NOW, accounts, holds)


Step = Callable[[Book], Any]
amounts = st.integers(1, 60)
ids = st.sampled_from(["h0", "h1", "h2"])
steps = st.one_of(
    st.builds(
        lambda number, amount: (
            lambda book: book.post("t", [Leg(number, (number + 1) % 3, amount)], CAUSE)
        ),
        st.integers(0, 2),
        amounts,
    ),
    st.builds(
        lambda number, amount: (
            lambda book: book.hold("t", [Leg(number, (number + 1) % 3, amount)], CAUSE, ttl_s=9)
        ),
        st.integers(0, 2),
        amounts,
    ),
    st.builds(
        lambda hold_id, amount, final: (
            lambda book: book.capture(
                "t", hold_id, CAUSE, amounts_minor=[amount], final=final, late=True
            )
        ),
        ids,
        amounts,
        st.booleans(),
    ),
    st.builds(lambda hold_id: lambda book: book.void("t", hold_id, CAUSE), ids),
    st.builds(lambda hold_id: lambda book: book.expire("t", hold_id, CAUSE), ids),
    st.builds(
        lambda hold_id, amount: lambda book: book.give_back("t", hold_id, [amount], CAUSE),
        ids,
        amounts,
    ),
)
several = st.lists(steps, max_size=6)


def do(book: Book, steps: list[Step]) -> None:
    for step in steps:
        try:
            step(book)
        except RangliError:
            continue


@given(several, several)
def test_what_is_undone_has_never_been(before: list[Step], undone: list[Step]) -> None:
    book = a_book()
    do(book, before)
    was = deepcopy(vars(book))

    at = mark(book, [("t", "h0"), ("t", "h1"), ("t", "h2")])
    do(book, undone)
    undo(book, at)

    assert vars(book) == was


@given(several)
def test_a_mark_can_be_gone_back_to_again(undone: list[Step]) -> None:
    book = a_book()
    at = mark(book, book.holds)
    do(book, undone)
    undo(book, at)
    was = deepcopy(vars(book))

    do(book, undone)
    undo(book, at)

    assert vars(book) == was

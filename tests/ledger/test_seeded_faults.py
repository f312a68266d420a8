"""Teeth: with a fault of each kind put into the code, the check that is for it turns red."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.ledger import store, sweeper
from rangli.ledger.book import Book
from rangli.ledger.model import Hold, HoldState, Kind, Phase
from rangli.storage import batch
from rangli.storage.stores import Stores
from tests.ledger.counter import Counter
from tests.ledger.machine import Difference, Shop
from tests.ledger.plain import Command


async def a_day(shop: Shop) -> None:
    """A bit of everything, compared after each step."""

    async def ask(*commands: Command) -> None:
        await shop.ask(*commands)
        await shop.check()

    async def hold(*moves: tuple[str, str, int]) -> str:
        await ask(Command("hold", moves))
        return list(shop.plain.holds)[-1]

    await ask(Command("post", (("anne", "shop", 500),)))
    (refused,) = shop.refused
    await ask(Command("post", (("bank", "anne", 400),)))
    await shop.ask_again(refused)
    await shop.check()

    taken = await hold(("anne", "shop", 30), ("lot", "shop", 20))
    await ask(Command("take", (), taken, (10, 0), final=False))
    await ask(Command("take", (), taken, (5, 20)))
    await ask(Command("give_back", (), taken, (5, 20)))
    await ask(Command("give_back", (), taken, (11, 0)))
    await shop.repeat(list(shop.answered)[-1], counter=1)
    await shop.check()

    given_up = await hold(("anne", "shop", 10))
    await ask(Command("void", (), given_up))
    await ask(Command("void", (), given_up))

    kept, due = await hold(("anne", "shop", 7)), await hold(("anne", "shop", 9))
    await shop.let_pass(due)
    await ask(Command("take", (), due))
    await shop.sweep()
    await shop.check()
    await ask(Command("take", (), due, (4,), late=True))
    await ask(Command("take", (), kept))
    await shop.twice(Command("post", (("bank", "shop", 3),)))
    await shop.check()


async def spend_a_day(stores: Stores) -> None:
    shop = await Shop.opened(stores, "t")
    try:
        await a_day(shop)
    finally:
        await shop.close()


async def test_without_a_fault_no_check_is_red(stores: Stores) -> None:
    await spend_a_day(stores)


Patch = Callable[[pytest.MonkeyPatch], None]


def a_return_without_its_counter_entry(patch: pytest.MonkeyPatch) -> None:
    def give_back(self: Book, *args: Any) -> str:
        made = right(self, *args)
        lost = self.entries.pop()
        account = self.account(lost.tenant, lost.account_id)
        account.posted_minor -= lost.amount_minor
        account.entry_count -= 1
        return made

    right = Book.give_back
    patch.setattr(Book, "give_back", give_back)


def a_return_that_is_not_atomic(patch: pytest.MonkeyPatch) -> None:
    """The money is moved, the transaction that was to count it is lost."""

    def give_back(self: Book, *args: Any) -> str:
        made = right(self, *args)
        self.changed_holds.clear()
        return made

    right = Book.give_back
    patch.setattr(Book, "give_back", give_back)


def expiry_by_the_clock_of_the_application(patch: pytest.MonkeyPatch) -> None:
    """Which is an hour slow."""

    async def locked(*args: Any, **kwargs: Any) -> Book:
        book = await right(*args, **kwargs)
        book.now = datetime.now(UTC) - timedelta(hours=1)
        return book

    right = store.locked
    patch.setattr(store, "locked", locked)


def a_sweeper_that_does_not_ask_the_time(patch: pytest.MonkeyPatch) -> None:
    def expire(self: Book, tenant: str, hold_id: str, why: Any) -> str:
        hold = self.holds[tenant, hold_id]
        return self._release(hold, Kind.EXPIRE, HoldState.EXPIRED, why)

    patch.setattr(Book, "expire", expire)
    due = sweeper._DUE_HOLDS.replace("AND expires_at <= statement_timestamp()", "")
    patch.setattr(sweeper, "_DUE_HOLDS", due)


def a_release_that_does_not_look_at_the_state(patch: pytest.MonkeyPatch) -> None:
    def void(self: Book, tenant: str, hold_id: str, why: Any) -> str:
        hold = self.holds[tenant, hold_id]
        return self._release(hold, Kind.VOID, HoldState.VOIDED, why)

    patch.setattr(Book, "void", void)


def a_last_capture_that_keeps_the_rest(patch: pytest.MonkeyPatch) -> None:
    def capture(self: Book, hold: Hold, *args: Any, **kwargs: Any) -> str:
        made = right(self, hold, *args, **(kwargs | {"final": False}))
        hold.state = HoldState.POSTED
        return made

    right = Book._capture_pending
    patch.setattr(Book, "_capture_pending", capture)


def a_balance_that_forgets_what_is_pending(patch: pytest.MonkeyPatch) -> None:
    def enter(self: Book, account: Any, name: str, phase: Phase, *args: Any) -> None:
        right(self, account, name, phase, *args)
        if phase is Phase.PENDING_IN:
            account.pending_in_minor = 0

    right = Book._enter
    patch.setattr(Book, "_enter", enter)


def refusals_that_are_kept_as_answers(patch: pytest.MonkeyPatch) -> None:
    async def apply(self: Counter, *args: Any) -> list[bytes]:
        return [v if isinstance(v, bytes) else b"" for v in await right(self, *args)]

    right = Counter._apply
    patch.setattr(Counter, "_apply", apply)


def no_unique_key(patch: pytest.MonkeyPatch) -> None:
    async def insert(_conn: Any, _method: str, records: Sequence[Any]) -> int:
        return len(records)

    patch.setattr(batch, "insert_records", insert)


FAULTS: list[tuple[Patch, str]] = [
    (a_return_without_its_counter_entry, "ledger.transactions_sum_to_zero"),
    (a_return_that_is_not_atomic, "ledger.holds_equal_journal"),
    (expiry_by_the_clock_of_the_application, "ledger.no_hold_outlives_its_time"),
    (a_sweeper_that_does_not_ask_the_time, "model.sweep"),
    (a_release_that_does_not_look_at_the_state, "model.journal"),
    (a_last_capture_that_keeps_the_rest, "ledger.ended_holds_are_empty"),
    (a_balance_that_forgets_what_is_pending, "ledger.balances_equal_entries"),
    (refusals_that_are_kept_as_answers, "model.outcome"),
    (no_unique_key, "model.repeats"),
]


@pytest.mark.parametrize(("fault", "check"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
async def test_a_fault_turns_its_check_red(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, fault: Patch, check: str
) -> None:
    fault(monkeypatch)

    with pytest.raises(Difference) as red:
        await spend_a_day(stores)

    assert check in red.value.checks

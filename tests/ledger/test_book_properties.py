"""Whatever is asked, a book does what the plain model does, and its entries tell the balances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.core.errors import RangliError
from rangli.ledger.book import Book
from rangli.ledger.model import Account, AccountKey, Cause
from tests.ledger.counter import act
from tests.ledger.plain import Command, Outcome, Plain
from tests.ledger.test_book import assert_entries_tell_balances

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
FLOORS = {"bank": None, "anne": 0, "bert": -50, "shop": 0, "lot": 0}
NAMES = list(FLOORS)
IDS = {name: number for number, name in enumerate(NAMES, 1)}
WHY = Cause("Test/Ask", "r1")

names = st.sampled_from(NAMES)
moves = st.tuples(names, names, st.integers(1, 100)).filter(lambda move: move[0] != move[1])
several = st.lists(moves, min_size=1, max_size=3).map(tuple)
numbers = st.integers(0, 7)
amounts = st.none() | st.lists(st.integers(0, 60), min_size=3, max_size=3)


def new_book() -> Book:
    return Book(
        NOW,
        [
            Account(
                AccountKey(
                    "t", name, "b", "USD", NOW + timedelta(hours=2) if name == "lot" else None
                ),
                IDS[name],
                floor,
                frozen=False,
                posted_minor=0,
                pending_out_minor=0,
                pending_in_minor=0,
                entry_count=0,
            )
            for name, floor in FLOORS.items()
        ],
    )


class Pair:
    """A book and the model beside it."""

    def __init__(self) -> None:
        self.book = new_book()
        self.plain = Plain(dict(FLOORS))

    def ask(self, command: Command) -> None:
        expected = self.plain.judge(command)
        outcome, made = self._act(command)
        assert outcome == expected
        if outcome == "done":
            self.plain.do(command, made)
        self.compare()

    def compare(self) -> None:
        accounts = {a.key.owner: a for a in self.book.accounts.values()}
        assert self.plain.balances() == {
            name: (a.posted_minor, a.pending_out_minor, a.pending_in_minor)
            for name, a in accounts.items()
        }
        assert {hold_id: h.state for hold_id, h in self.plain.holds.items()} == {
            hold_id: h.state for (_, hold_id), h in self.book.holds.items()
        }
        assert_entries_tell_balances(self.book)

    def wanted(self, number: int, drawn: list[int] | None) -> tuple[str, tuple[int, ...] | None]:
        """One of the holds, and amounts that fit its legs."""
        if not self.plain.holds:
            return "hold_unknown", (1,)
        hold_id, hold = list(self.plain.holds.items())[number % len(self.plain.holds)]
        if drawn is None:
            return hold_id, None
        fitting = tuple(drawn[: len(hold.legs)])
        return hold_id, fitting if any(fitting) else (1, *fitting[1:])

    def _act(self, command: Command) -> tuple[Outcome, str]:
        try:
            made = act(self.book, "t", IDS, command, WHY)
        except RangliError as refusal:
            return refusal.reason, ""
        return ("done", made) if made else ("nothing", "")


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_book_does_what_the_plain_model_does(data: st.DataObject) -> None:
    pair = Pair()
    pair.ask(Command("post", (("bank", "anne", 200), ("bank", "lot", 100))))
    for _ in range(data.draw(st.integers(1, 12))):
        match data.draw(st.sampled_from(["move", "move", "take", "take", "end", "back", "world"])):
            case "move":
                verb = data.draw(st.sampled_from(["post", "hold"]))
                pair.ask(Command(verb, data.draw(several)))
            case "take":
                hold_id, wanted = pair.wanted(data.draw(numbers), data.draw(amounts))
                final, late = data.draw(st.booleans()), data.draw(st.booleans())
                pair.ask(Command("take", (), hold_id, wanted, final=final, late=late))
            case "end":
                hold_id, _ = pair.wanted(data.draw(numbers), None)
                pair.ask(Command("void", (), hold_id))
            case "back":
                hold_id, wanted = pair.wanted(data.draw(numbers), data.draw(amounts) or [1, 0, 0])
                pair.ask(Command("give_back", (), hold_id, wanted))
            case "world":
                change_the_world(pair, data)


def change_the_world(pair: Pair, data: st.DataObject) -> None:
    """Half an hour passes, what is due is swept, or an account is frozen or thawed."""
    book, plain = pair.book, pair.plain
    what = data.draw(st.sampled_from(["time", "sweep", "freeze"]))
    if what == "time":
        book.now += timedelta(minutes=30)
        for hold in plain.holds.values():
            hold.due = True
        if book.now >= NOW + timedelta(hours=2):
            plain.expired.add("lot")
    elif what == "sweep":
        for hold_id, hold in plain.holds.items():
            is_due = hold.state == "PENDING" and hold.due
            assert (book.expire("t", hold_id, WHY) is not None) == is_due
            if is_due:
                plain.expire(hold_id)
        if book.lapse("t", IDS["lot"], IDS["bank"], WHY):
            plain.lapse("lot", "bank")
    else:
        name = data.draw(names)
        plain.frozen ^= {name}
        book.account("t", IDS[name]).frozen = name in plain.frozen
    pair.compare()

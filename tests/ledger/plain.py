"""The ledger as a plain model: what each command should come to, written without its code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rangli.core.errors import Reason


@dataclass(frozen=True)
class Command:
    """What a caller asks. post, hold: `moves`, as (source, target, amount). take, give back:
    `amounts` of the hold's legs, None for all that may be taken. void: the hold alone."""

    verb: Literal["post", "hold", "take", "void", "give_back"]
    moves: tuple[tuple[str, str, int], ...] = ()
    hold_id: str = ""
    amounts: tuple[int, ...] | None = None
    final: bool = True
    late: bool = False


@dataclass
class PlainLeg:
    source: str
    target: str
    held: int
    taken: int = 0
    released: int = 0
    returned: int = 0

    @property
    def left(self) -> int:
        return self.held - self.taken - self.released


@dataclass
class PlainHold:
    legs: list[PlainLeg]
    state: str = "PENDING"
    due: bool = False  # its time has passed


# What a command comes to: it is done, there is nothing to do, or why not.
Outcome = Literal["done", "nothing"] | Reason


@dataclass
class Plain:
    """floors: of every account; None for no floor."""

    floors: dict[str, int | None]
    posted: dict[str, int] = field(default_factory=dict)
    holds: dict[str, PlainHold] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)  # lots whose time has passed

    def has(self, name: str) -> int:
        return self.posted.get(name, 0)

    def pending_out(self, name: str) -> int:
        return sum(leg.left for leg in self._legs() if leg.source == name)

    def pending_in(self, name: str) -> int:
        return sum(leg.left for leg in self._legs() if leg.target == name)

    def balances(self) -> dict[str, tuple[int, int, int]]:
        return {
            name: (self.has(name), self.pending_out(name), self.pending_in(name))
            for name in self.floors
        }

    def judge(self, command: Command) -> Outcome:
        """What it would come to now; changes nothing."""
        if command.verb in ("post", "hold"):
            return self._short([(s, amount) for s, _, amount in command.moves]) or "done"
        hold = self.holds.get(command.hold_id)
        if hold is None:
            return Reason.NO_SUCH_RESOURCE
        if command.verb == "void":
            ended: Outcome = Reason.RESERVATION_ENDED if hold.state == "POSTED" else "nothing"
            return "done" if hold.state == "PENDING" else ended
        if command.verb == "give_back":
            assert command.amounts is not None
            pairs = list(zip(hold.legs, command.amounts, strict=True))
            if any(amount > leg.taken - leg.returned for leg, amount in pairs):
                return Reason.RETURN_EXCEEDS_CAPTURED
            return self._short([(leg.target, n) for leg, n in pairs], promised=True) or "done"
        return self._judge_take(hold, command)

    def _judge_take(self, hold: PlainHold, command: Command) -> Outcome:
        limits = self._limits(hold, late=command.late)
        wanted = command.amounts or limits
        if not any(wanted) or any(n > limit for n, limit in zip(wanted, limits, strict=True)):
            return Reason.RESERVATION_ENDED
        if hold.state == "EXPIRED":
            again = [(leg.source, n) for leg, n in zip(hold.legs, wanted, strict=True)]
            return self._short(again, promised=True) or "done"
        return "done"

    def do(self, command: Command, hold_id: str) -> None:
        """Does it; hold_id: of the hold it makes."""
        if command.verb == "post":
            for source, target, amount in command.moves:
                self._move(source, target, amount)
            return
        if command.verb == "hold":
            self.holds[hold_id] = PlainHold([PlainLeg(*move) for move in command.moves])
            return
        hold = self.holds[command.hold_id]
        if command.verb == "void":
            self._end(hold, "VOIDED")
        elif command.verb == "give_back":
            for leg, amount in zip(hold.legs, command.amounts or (), strict=True):
                self._move(leg.target, leg.source, amount)
                leg.returned += amount
        else:
            wanted = command.amounts or self._limits(hold, late=command.late)
            for leg, amount in zip(hold.legs, wanted, strict=True):
                self._move(leg.source, leg.target, amount)
                leg.taken += amount
                leg.released -= amount if hold.state == "EXPIRED" else 0
            if hold.state == "PENDING" and (command.final or not any(x.left for x in hold.legs)):
                self._end(hold, "POSTED")

    def expire(self, hold_id: str) -> None:
        hold = self.holds[hold_id]
        assert (hold.state, hold.due) == ("PENDING", True)
        self._end(hold, "EXPIRED")

    def lapse(self, lot: str, house: str) -> None:
        assert lot in self.expired
        self._move(lot, house, self.has(lot) - self.pending_out(lot))

    def _legs(self) -> Iterable[PlainLeg]:
        return (leg for hold in self.holds.values() for leg in hold.legs)

    def _limits(self, hold: PlainHold, *, late: bool) -> tuple[int, ...]:
        if hold.state == "PENDING" and (late or not hold.due):
            return tuple(leg.left for leg in hold.legs)
        if hold.state == "EXPIRED" and late:
            return tuple(leg.released for leg in hold.legs)
        return (0,) * len(hold.legs)

    def _short(self, going: Sequence[tuple[str, int]], *, promised: bool = False) -> Reason | None:
        for name in dict.fromkeys(name for name, _ in going):
            if name in self.frozen and not promised:
                return Reason.FUNDS_FROZEN
            if name in self.expired and not promised:
                return Reason.LOT_EXPIRED
            floor = self.floors[name]
            left = self.has(name) - self.pending_out(name) - sum(n for x, n in going if x == name)
            if floor is not None and left < floor:
                return Reason.INSUFFICIENT_FUNDS
        return None

    def _move(self, source: str, target: str, amount: int) -> None:
        self.posted[source] = self.has(source) - amount
        self.posted[target] = self.has(target) + amount

    def _end(self, hold: PlainHold, state: str) -> None:
        hold.state = state
        for leg in hold.legs:
            leg.released += leg.left

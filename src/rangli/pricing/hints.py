"""Hints: the cheapest changes of a cart that unlock a better price. Each is priced, none guessed.

From what activities miss on the cart follow changes that may make them give more; each is priced
as any cart, and only what then really costs less is told. Gifts and earnings alone are no gain:
they change no price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rangli.core.errors import Refused
from rangli.pricing.asked import Asked, asked
from rangli.pricing.cart import Cart
from rangli.pricing.changes import Change, changed, grown, ways
from rangli.pricing.gaps import Gap, gaps_of
from rangli.pricing.plan import Outcome, Status
from rangli.pricing.priced_cart import Key, Priced
from rangli.pricing.quote import priced, quoted

# Most changed carts that are priced for one quote; large carts get fewer, very large ones none, and
# searches stop when they have visited as many nodes as so many carts may.
_TRIES_MAX = 40
_PAIRS_MAX = 300_000
_SEARCHES_MAX = 2
# So often is a change enlarged that was not enough.
_ROUNDS_MAX = 4
_CREDENTIALS_TRIED = 10
_FEWER_TRIED = 8


class HintKind(StrEnum):
    """What a hint asks the shopper to do. Among equals the first that stands here comes first."""

    MORE_UNITS = "MORE_UNITS"
    MORE_AMOUNT = "MORE_AMOUNT"
    WITHOUT_CREDENTIAL = "WITHOUT_CREDENTIAL"
    FEWER_UNITS = "FEWER_UNITS"


@dataclass(frozen=True, slots=True)
class Hint:
    """A change of the cart that unlocks a better price.

    activity_id: the activity that gives more. unlocked_minor: how much more it gives itself.
    payable_minor: what the changed cart costs.
    added_minor: what is added, at list prices; nothing for goods that are taken out.
    gain_minor: how much larger the discount is than on this cart; above 0.
    """

    kind: HintKind
    activity_id: str
    change: Change
    unlocked_minor: int
    payable_minor: int
    added_minor: int
    gain_minor: int

    @property
    def net_gain_minor(self) -> int:
        """What is gained less what is added."""
        return self.gain_minor - self.added_minor


def hints(made: Asked, outcome: Outcome) -> list[Hint]:
    """As many as the cart asks for: highest net gain first, then those that add least.

    One for each activity and kind of change (more goods, fewer, a credential less), and none twice.
    A gap of money is filled by more units of a line, or by other goods like those of a line: one
    more line with its facts, of one unit priced at what is missing; the better of both is told.
    """
    if not made.cart.hints:
        return []
    found = sorted(_Search(made, Priced(made, outcome)).found(), key=_rank)
    best: dict[tuple[str, HintKind], Hint] = {}
    changes: set[Change] = set()
    for hint in found:
        more = hint.kind in (HintKind.MORE_UNITS, HintKind.MORE_AMOUNT)
        about = (hint.activity_id, HintKind.MORE_UNITS if more else hint.kind)
        if about not in best and hint.change not in changes:
            best[about] = hint
            changes.add(hint.change)
    return list(best.values())[: made.cart.hints]


def _rank(hint: Hint) -> tuple[Any, ...]:
    return (
        -hint.net_gain_minor,
        hint.added_minor,
        -hint.unlocked_minor,
        list(HintKind).index(hint.kind),
        hint.activity_id,
        hint.change.credential_id,
        hint.change.code,
        hint.change.units,
        hint.change.like_line_id,
    )


@dataclass(frozen=True, slots=True)
class _Try:
    """A change that may make a step give more. gap: what it fills, if it fills one."""

    kind: HintKind
    change: Change
    step: int
    gap: Gap | None = None


class _Search:
    def __init__(self, made: Asked, now: Priced) -> None:
        self._made = made
        self._now = now
        self._unit_minor = {line.line_id: line.list_minor for line in made.cart.lines}
        self._priced: dict[Change, Priced | None] = {}
        # Neither lines nor pairs without end: the price itself must not be late for its hints.
        pairs = len(now.cart) * 20 + len(made.plan.lines)
        self._tries = min(_TRIES_MAX, _PAIRS_MAX // pairs)
        limit = made.plan.node_limit or made.policy.tree.node_limit
        self._nodes = max(_TRIES_MAX, _SEARCHES_MAX * limit)

    def found(self) -> Iterator[Hint]:
        """Whatever is a gain, cheapest changes tried first."""
        for change in self._without()[:_CREDENTIALS_TRIED]:
            after = self._price(change)
            if after is not None:
                yield from self._most_unlocked(change, after)
        more = sorted(self._more(), key=self._costs)
        fewer = sorted(self._fewer(), key=self._costs)[:_FEWER_TRIED]
        for each in [*fewer, *more]:
            yield from self._pursue(each)

    def _costs(self, each: _Try) -> tuple[Any, ...]:
        moved = sum(self._unit_minor[name] * abs(units) for name, units in each.change.units)
        change = each.change
        return moved + change.amount_minor, each.step, change.units, change.like_line_id

    def _without(self) -> list[Change]:
        """Each credential or code that acts, those that are named as in the way first."""
        now = self._now
        blamed = {result.beaten_by for result in now.results}
        acting = [
            step
            for step, result in enumerate(now.results)
            if step in blamed or result.status == Status.APPLIED
        ]
        acting.sort(key=lambda step: (step not in blamed, step))
        shown = [now.key(step) for step in acting]
        return [Change(credential_id=cred, code=code) for _, cred, code in shown if cred or code]

    def _more(self) -> Iterator[_Try]:
        for step in range(len(self._now.results)):
            for gap in gaps_of(self._now, step):
                if gap.missing > 0:
                    for change in ways(self._now, step, gap):
                        kind = HintKind.MORE_UNITS if change.units else HintKind.MORE_AMOUNT
                        yield _Try(kind, change, step, gap)

    def _fewer(self) -> Iterator[_Try]:
        now = self._now
        for step, result in enumerate(now.results):
            for gap in gaps_of(now, step):
                if gap.missing < 0:
                    for change in ways(now, step, gap):
                        yield _Try(HintKind.FEWER_UNITS, change, step, gap)
            if result.beaten_by < 0:
                continue
            # What stands in the way of it acts on goods that could be left out.
            change = Change()
            for row in now.taken_from(result.beaten_by):
                if not now.cart[row].delivery:
                    line = self._made.lines[row]
                    change = change.with_units(line.line_id, -line.quantity)
            if change.units:
                yield _Try(HintKind.FEWER_UNITS, change, step)

    def _pursue(self, each: _Try) -> Iterator[Hint]:
        """The change, enlarged until it is enough."""
        key, change, gap = self._now.key(each.step), each.change, each.gap
        for _ in range(_ROUNDS_MAX):
            after = self._price(change)
            step = after.numbers.get(key) if after is not None else None
            if after is None or step is None:
                return
            if self._unlocked(key, after, per_base=gap is not None and gap.missing > 0):
                yield self._hint(each.kind, change, key, after)
                return
            left = _left_of(gap, after, step)
            if gap is None or left is None:
                return
            larger = grown(change, after, step, gap=left, before=gap)
            if larger is None:
                return
            change = larger

    def _unlocked(self, key: Key, after: Priced, *, per_base: bool) -> bool:
        """Whether there is a gain, and the activity gives more.

        per_base: more also for each minor unit that its lines cost: what is bought at the discount
        that there is already unlocks nothing.
        """
        was, now = self._result(key, self._now), self._result(key, after)
        if after.discount_minor <= self._now.discount_minor or now[0] <= was[0]:
            return False
        return not per_base or was[0] == 0 or now[0] * was[1] > was[0] * now[1]

    def _result(self, key: Key, priced_cart: Priced) -> tuple[int, int]:
        """What the activity took off, and what its lines cost."""
        step = priced_cart.numbers.get(key)
        if step is None:
            return 0, 0
        result = priced_cart.results[step]
        return result.off_minor, result.base_minor

    def _most_unlocked(self, change: Change, after: Priced) -> Iterator[Hint]:
        keys = [key for key in after.numbers if self._unlocked(key, after, per_base=False)]
        if keys:
            more = [self._hint(HintKind.WITHOUT_CREDENTIAL, change, key, after) for key in keys]
            yield max(more, key=lambda hint: hint.unlocked_minor)

    def _hint(self, kind: HintKind, change: Change, key: Key, after: Priced) -> Hint:
        was, now = self._result(key, self._now), self._result(key, after)
        return Hint(
            kind=kind,
            activity_id=key[0],
            change=change,
            unlocked_minor=now[0] - was[0],
            payable_minor=after.payable_minor,
            added_minor=change.added_minor(self._made.cart),
            gain_minor=after.discount_minor - self._now.discount_minor,
        )

    def _price(self, change: Change) -> Priced | None:
        """The changed cart, priced once; None if there is no such cart, or no try left."""
        if change in self._priced:
            return self._priced[change]
        if self._tries <= 0 or self._nodes <= 0:
            return None
        cart = changed(self._made.cart, change)
        after = None
        if cart is not None and not _is_another_shopper(self._made, cart):
            self._tries -= 1
            made = asked(self._made.catalogue, cart)
            outcome = priced(made)
            self._nodes -= outcome.nodes
            after = Priced(made, outcome)
            # What was granted elsewhere is no gain, and no loss.
            if after.outside_minor != self._now.outside_minor or not _accepted(made, outcome):
                after = None
        self._priced[change] = after
        return after


def _is_another_shopper(made: Asked, cart: Cart) -> bool:
    """Whether who has a slowed activity would be decided anew, by lines whose ids nobody knows."""
    if cart.user_id or not any(each.slowed for each in made.catalogue.funding.values()):
        return False
    before, after = ({line.line_id for line in each.lines} for each in (made.cart, cart))
    return before != after


def _accepted(made: Asked, outcome: Outcome) -> bool:
    """Whether the cart is not refused for its codes."""
    try:
        if made.cart.all_codes_or_none:
            quoted(made, outcome)
    except Refused:
        return False
    return True


def _left_of(gap: Gap | None, after: Priced, step: int) -> Gap | None:
    """What is still missing on the changed cart: of the same, or what shows behind it."""
    gaps = [each for each in gaps_of(after, step) if gap and each.missing * gap.missing > 0]
    if after.results[step].status == Status.CONDITION_NOT_MET:
        return gaps[0] if gaps else None
    return next((each for each in gaps if gap and each.source == gap.source), None)

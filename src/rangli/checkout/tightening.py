"""What limits leave to a cart, tightened until its price stays within it. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from rangli.activities.limits import Measure, UsageLimit
from rangli.checkout.counting import OF_LINES, Key, Limited, Subjects, Who, given_by
from rangli.counters.model import Subject, Want
from rangli.pricing.answer import Quote
from rangli.pricing.cart import Cart, LimitLeft

# Prices a cart that has these limits.
Price = Callable[[Mapping[str, LimitLeft]], Awaitable[Quote]]

# Of limits of products and stores the price kernel knows only what they leave in all. So a cart is
# priced again where one was exceeded: without the lines that exceed it; where that does not help,
# without the activity; in the end without any that has limits.
_CLOSING_ROUNDS, _ROUNDS_MAX = 4, 8
_NO_LINES: frozenset[str] = frozenset()


class Limits:
    """What limits leave to one cart.

    left: of each key that was asked for; what is missing leaves nothing.
    funds_left: in minor units by activity, what budgets are known to leave.
    """

    def __init__(
        self,
        limited: Sequence[Limited],
        cart: Cart,
        who: Who,
        *,
        left: Mapping[Key, int],
        funds_left: Mapping[str, int] | None = None,
    ) -> None:
        self._limited = {one.activity.activity_id: one for one in limited}
        self._subjects = Subjects(cart, who)
        self._left = left
        self._funds_left = funds_left or {}
        none = LimitLeft(None, None, None)
        at_first = dict.fromkeys(self._funds_left, none) | {
            activity_id: self._leaves(one) for activity_id, one in self._limited.items()
        }
        self._at_first = {
            activity_id: self._funded(activity_id, left) for activity_id, left in at_first.items()
        }

    @property
    def matter(self) -> bool:
        """Whether any limit or budget may have a say."""
        return bool(self._at_first)

    async def price(self, price: Price) -> tuple[Quote, tuple[Want, ...]]:
        """The cart's price with no limit exceeded, and what it counts, sorted."""
        limits_left = dict(self._at_first)
        for number in range(_ROUNDS_MAX):
            quote = await price(limits_left)
            wants = self._wants(quote)
            exceeding = self._exceeding(wants)
            if not exceeding:
                break
            for activity_id, line_ids in exceeding.items():
                closing = line_ids if number < _CLOSING_ROUNDS else _NO_LINES
                limits_left[activity_id] = self._tightened(
                    activity_id, limits_left[activity_id], closing
                )
        else:
            limits_left |= dict.fromkeys(self._limited, LimitLeft(0, 0, 0))
            quote, wants = await price(limits_left), {}
        return quote, tuple(sorted(want for of_one in wants.values() for want in of_one))

    def _leaves(self, one: Limited, closed: frozenset[str] = _NO_LINES) -> LimitLeft:
        """What limits leave as far as the price kernel understands them.

        closed: lines that the activity may not act on any more.
        """
        left = {
            limit: {
                subject_id: self._left_of(one, limit, subject_id)
                for subject_id in self._subjects.of(one, limit)
            }
            for limit in one.limits
        }
        for limit, by_subject in left.items():
            closed |= self._lines_of(one, limit, {s for s, most in by_subject.items() if not most})
        most: dict[Measure, int | None] = dict.fromkeys(Measure)
        for limit, by_subject in left.items():
            gone = self._subjects.gone(one, limit, closed)
            open_left = [most for subject_id, most in by_subject.items() if subject_id not in gone]
            # Each use is one of every product it acts on, each unit of its own product alone.
            in_all = max(open_left, default=0) if _is_uses(limit) else sum(open_left)
            most[limit.measure] = _least(most[limit.measure], in_all)
        return LimitLeft(most[Measure.AMOUNT], most[Measure.UNITS], most[Measure.USES], closed)

    def _left_of(self, one: Limited, limit: UsageLimit, subject_id: str) -> int:
        if limit.subject is not Subject.ACTIVITY and not subject_id:
            return 0
        return self._left.get((one.limit_id(limit), subject_id), 0)

    def _lines_of(
        self, one: Limited, limit: UsageLimit, subject_ids: Collection[str]
    ) -> frozenset[str]:
        """The lines that a limit of stores or products counts for these of them."""
        if limit.subject not in OF_LINES:
            return _NO_LINES
        return frozenset(
            line.line_id for line in one.lines if self._subjects.of_line(limit, line) in subject_ids
        )

    def _wants(self, quote: Quote) -> dict[str, list[Want]]:
        """What a quote counts, by activity."""
        wants: dict[str, list[Want]] = {}
        for activity_id, acts in given_by(quote).items():
            one = self._limited[activity_id]  # what acts was found before: else nothing is sold
            for limit in one.limits:
                sums: dict[str, int] = {}
                for act in acts:
                    for subject_id, quantity in self._subjects.counted(one, limit, act):
                        sums[subject_id] = sums.get(subject_id, 0) + quantity
                wants.setdefault(activity_id, []).extend(
                    Want(one.limit_id(limit), subject_id, quantity)
                    for subject_id, quantity in sorted(sums.items())
                    if quantity
                )
        return wants

    def _exceeding(self, wants: Mapping[str, Sequence[Want]]) -> dict[str, frozenset[str]]:
        """The activities of which more is wanted than is left, and lines that it is too much with;
        none if it is not a matter of lines.
        """
        exceeding: dict[str, frozenset[str]] = {}
        for activity_id, of_one in wants.items():
            one = self._limited[activity_id]
            limits = {one.limit_id(limit): limit for limit in one.limits}
            for limit_id, subject_id, quantity in of_one:
                limit = limits[limit_id]
                if quantity > self._left_of(one, limit, subject_id):
                    known = exceeding.get(activity_id, _NO_LINES)
                    exceeding[activity_id] = known | self._lines_of(one, limit, {subject_id})
        return exceeding

    def _tightened(
        self, activity_id: str, before: LimitLeft, line_ids: frozenset[str]
    ) -> LimitLeft:
        """Without these lines; nothing of the activity if it has none of them."""
        now = self._leaves(self._limited[activity_id], before.closed | line_ids)
        if now.closed == before.closed:
            now = replace(now, uses=0)
        return self._funded(activity_id, now)

    def _funded(self, activity_id: str, left: LimitLeft) -> LimitLeft:
        """With what budgets leave of it, if that is known."""
        if activity_id not in self._funds_left:
            return left
        funds_minor = max(0, self._funds_left[activity_id])
        return replace(left, amount_minor=_least(left.amount_minor, funds_minor))


def _is_uses(limit: UsageLimit) -> bool:
    return limit.measure is Measure.USES


def _least(known: int | None, most: int) -> int:
    return most if known is None else min(known, most)

"""How much of a price activities can give away together, and whether guards must step in.

Looked at are single products, one for each thing that activities include. The figure is an upper
bound: tiers are reached, percentages compound as the policy's groups say, caps and limits are not
counted; activities that can never act on one cart are not put together. Of price books count the
rates that are in force everywhere, on single skus; what their prices are off of, nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rangli.activities.entries import EVERYWHERE
from rangli.activities.live import LiveActivity
from rangli.activities.matching import category_and_above
from rangli.activities.pricebook import Offered
from rangli.activities.program import Base, Kind, StopScope
from rangli.activities.scope import Products
from rangli.core.money import BPS
from rangli.pricing.lint import products, reach
from rangli.pricing.lint.model import Finding, FindingKind, Look, Severity
from rangli.pricing.lint.share import share_bps
from rangli.pricing.plan import Group, Mode

# Of the members of a group that include the same thing so many count: those that give most.
_STRONGEST = 12
# Of what an activity includes so many things are looked at.
_WITNESSES = 20

_Term = tuple[str, str]


def find(look: Look) -> Iterator[Finding]:
    """For each activity the deepest stack on which it gives most, if it is too deep."""
    deepest: dict[str, _Stack] = {}
    seen: set[tuple[tuple[str, ...], int | None]] = set()
    stacks = _Stacks(look)
    for activity in look.active:
        if activity.products is None:
            continue
        for term in islice(products.terms(activity.products), _WITNESSES):
            stack = stacks.on(term, seen)
            if stack is None or stack.off_bps <= stacks.told_from:
                continue
            known = deepest.get(stack.ids[0])
            if known is None or known.off_bps < stack.off_bps:
                deepest[stack.ids[0]] = stack
    for stack in deepest.values():
        if look.wants(*stack.ids):
            yield from stack.findings(look, stacks.guard_bps)


class _Stack:
    """Activities that act on one product together; ids: who gives most comes first."""

    def __init__(self, term: _Term, given: list[tuple[int, LiveActivity]], off_bps: int) -> None:
        strongest = sorted(given, key=lambda item: (-item[0], item[1].activity_id))
        self.ids = tuple(activity.activity_id for _, activity in strongest)
        self.off_bps = off_bps
        self._term = term
        self._from_us = max(activity.starts_us for _, activity in given)
        self._until_us = min(activity.ends_us for _, activity in given)

    def findings(self, look: Look, guard_bps: int) -> Iterator[Finding]:
        """What there is to say of it."""
        if self.off_bps > guard_bps:
            words = f"more than the {_percent(guard_bps)} that the policy's guards allow"
            yield self._finding(look, FindingKind.BELOW_FLOOR, self.off_bps, f", {words}")
        off_bps = min(self.off_bps, guard_bps)
        if off_bps > look.off_bps_max:
            yield self._finding(look, FindingKind.DEEP_STACK, off_bps, "")

    def _finding(self, look: Look, kind: FindingKind, off_bps: int, tail: str) -> Finding:
        alone = len(self.ids) == 1
        names = ", ".join(self.ids)
        name, what = self._term[1], "everything" if self._term[0] == "all" else self._term[0]
        severity = Severity.NOTE if alone else Severity.WARNING
        return Finding(
            kind,
            Severity.ERROR if off_bps >= BPS and not alone else severity,
            self.ids,
            f"{names} {'alone' if alone else 'together'} can give away {_percent(off_bps)} of the "
            f"price of {f'{what} {name}'.strip()}{tail}",
            off_bps=off_bps,
            sku=name if self._term[0] == "sku" else "",
            from_us=max(self._from_us, look.at_us),
            until_us=self._until_us,
        )


class _Stacks:
    """The deepest stack on a product, for one product after the other."""

    def __init__(self, look: Look) -> None:
        self._look = look
        guards = look.policy.guards
        self.guard_bps = min(guards.line_off_bps_max or BPS, guards.cart_off_bps_max or BPS)
        self.told_from = min(look.off_bps_max, self.guard_bps)
        self._children: dict[int, list[int]] = {}
        for number, group in enumerate(look.groups):
            self._children.setdefault(group.parent, []).append(number)
        self._strongest: dict[_Term, list[tuple[int, LiveActivity]]] = {}
        self._fill()

    def _fill(self) -> None:
        # Without a price shares are lower bounds, but they put percentages in the right order.
        by_place: dict[tuple[int, _Term], list[tuple[int, LiveActivity]]] = {}
        for activity in self._look.active:
            place = self._look.policy.place(activity)
            if place is None or activity.products is None:
                continue
            ranked = share_bps(activity, None), activity
            for term in products.terms(activity.products):
                by_place.setdefault((place, term), []).append(ranked)
        for (_, term), ranked_all in by_place.items():
            ranked_all.sort(key=lambda item: (-item[0], item[1].activity_id))
            self._strongest.setdefault(term, []).extend(ranked_all[:_STRONGEST])

    def on(self, term: _Term, seen: set[tuple[tuple[str, ...], int | None]]) -> _Stack | None:
        """The deepest stack on a product of that kind; None if there is none, or it was seen."""
        found: dict[str, LiveActivity] = {}
        for each in self._terms(term):
            for _, activity in self._strongest.get(each, ()):
                if self._acts_on(activity, term):
                    found[activity.activity_id] = activity
        offers = self._offers(term[1]) if term[0] == "sku" else []
        prices = [offered.value for _, offered in offers if offered.kind == Kind.PRICE]
        price_minor = min(prices, default=None)
        rates = {
            book.activity_id: (offered.value, book)
            for book, offered in sorted(offers, key=lambda each: each[1].value)
            if offered.kind == Kind.PERCENT
        }
        key = (
            (*sorted(found), *(f"{name} {rate}" for name, (rate, _) in rates.items())),
            price_minor,
        )
        if not found or key in seen:
            return None
        seen.add(key)
        by_group: dict[int, list[tuple[int, LiveActivity]]] = {}
        for activity in found.values():
            place = self._look.policy.place(activity)
            share = share_bps(activity, price_minor)
            if place is not None and share:
                by_group.setdefault(place, []).append((share, activity))
        for rate, book in rates.values():
            place = self._look.policy.place(book)
            if place is not None and rate:
                by_group.setdefault(place, []).append((rate, book))
        given: list[tuple[int, LiveActivity]] = []
        left = BPS
        for root in self._children.get(-1, ()):
            left, given = self._act(root, by_group, left, given)
        return _Stack(term, given, BPS - left) if given else None

    def _terms(self, term: _Term) -> list[_Term]:
        """Under what activities may be found that act on the product."""
        kind, name = term
        terms = [term]
        if kind == "sku":
            terms += [("set", s) for s in self._look.catalogue.index.sets_of.get(name, ())]
        elif kind == "category":
            terms += [("category", above) for above in (category_and_above(name) or ())[1:]]
        return terms if kind == "all" else [*terms, ("all", "")]

    def _acts_on(self, activity: LiveActivity, term: _Term) -> bool:
        target = activity.products
        return isinstance(target, Products) and products.some_left(self._look, target, *term)

    def _offers(self, sku: str) -> list[tuple[LiveActivity, Offered]]:
        """What the price books offer for the product, everywhere."""
        catalogue, at_us = self._look.catalogue, self._look.at_us
        return [
            (book, offered)
            for book in catalogue.price_books
            if not book.dormant(at_us) and book.activity_id in catalogue.books
            for offered in catalogue.books[book.activity_id].offered(sku, (EVERYWHERE,), at_us)
        ]

    def _act(
        self,
        number: int,
        by_group: dict[int, list[tuple[int, LiveActivity]]],
        left: int,
        given: list[tuple[int, LiveActivity]],
    ) -> tuple[int, list[tuple[int, LiveActivity]]]:
        """What is left after the group, and who gave."""
        group = self._look.groups[number]
        children = self._children.get(number)
        if children is None:
            return self._leaf(group, by_group.get(number, []), left, given)
        if group.mode == Mode.ALL:
            for child in children:
                left, given = self._act(child, by_group, left, given)
            return left, given
        results = [self._act(child, by_group, left, given) for child in children]
        return min(results, key=lambda result: result[0])

    def _leaf(
        self,
        group: Group,
        members: list[tuple[int, LiveActivity]],
        left: int,
        given: list[tuple[int, LiveActivity]],
    ) -> tuple[int, list[tuple[int, LiveActivity]]]:
        unlimited = group.mode in (Mode.ALL, Mode.BEST)
        most = group.most or (len(members) if unlimited else 1)
        start, chosen = left, list(given)
        for share, activity in sorted(members, key=lambda m: (-m[0], m[1].activity_id)):
            if most == 0:
                break
            if not all(self._join(activity, other) for _, other in chosen):
                continue
            base = activity.program.base or group.base
            of = {Base.RUNNING: left, Base.GROUP_START: start}.get(Base(base), BPS)
            left -= min(left, of * share // BPS)
            chosen.append((share, activity))
            most -= 1
        return left, chosen

    def _join(self, activity: LiveActivity, before: LiveActivity) -> bool:
        """Whether both may act on one cart, one after the other."""
        if activity.exclusive or before.exclusive:
            return False
        if activity.exclusion_group and activity.exclusion_group == before.exclusion_group:
            return False
        for one, other in ((activity, before), (before, activity)):
            if one.combines_with and set(one.combines_with).isdisjoint(other.labels):
                return False
        if before.stop is not None:
            same = self._look.policy.place(activity) == self._look.policy.place(before)
            if same or before.stop.scope.name != StopScope.GROUP.name:
                return False
        return reach.together(self._look, activity, before) is not None


def _percent(bps: int) -> str:
    return f"{bps / 100:g} %"

"""Which activities may meet: those of a pool that share a product, found by what they include."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from rangli.activities.live import LiveActivity
from rangli.activities.matching import category_and_above
from rangli.activities.scope import Deliveries
from rangli.pricing.lint import products
from rangli.pricing.lint.model import Look

_SKUS_MAX = 1_000
# A thousand activities for all products would make a million pairs.
_PER_ACTIVITY_MAX = 50


class Pairs:
    """Activities by their pool, and in each by what they include.

    pool: which pool an activity belongs to; None: none.
    posted: those that are found by others, the first first.
    cut: somewhere more would have met than were looked at.
    """

    def __init__(
        self,
        look: Look,
        pool: Callable[[LiveActivity], Hashable],
        posted: Sequence[LiveActivity],
    ) -> None:
        self._look = look
        self._pool = pool
        self._by_term: dict[tuple[Hashable, str, str], list[LiveActivity]] = {}
        self.cut = False
        for activity in posted:
            of = pool(activity)
            if of is not None:
                for kind, name in _posted(activity):
                    self._by_term.setdefault((of, kind, name), []).append(activity)

    def of(self, activity: LiveActivity) -> Iterator[LiveActivity]:
        """Others of its pool whose products include what it includes, wholly or in part."""
        pool = self._pool(activity)
        if pool is None:
            return
        seen = {activity.activity_id}
        for term in self._asked(activity):
            for other in self._by_term.get((pool, *term), ()):
                if other.activity_id in seen:
                    continue
                if len(seen) > _PER_ACTIVITY_MAX:
                    self.cut = True
                    return
                seen.add(other.activity_id)
                yield other

    def _asked(self, activity: LiveActivity) -> Iterator[tuple[str, str]]:
        """Under what those are posted that include this, narrowest first."""
        if activity.products is None:
            yield from _posted(activity)
            return
        sets_of = self._look.catalogue.index.sets_of
        for kind, name in products.terms(activity.products):
            yield kind, name
            if kind == "sku":
                for set_id in sets_of.get(name, ()):
                    yield "set", set_id
            elif kind == "category":
                for above in (category_and_above(name) or ())[1:]:
                    yield "category", above
            elif kind == "set":
                for sku in sorted(self._look.members((name,)))[:_SKUS_MAX]:
                    yield "sku", sku
        yield "all", ""


def _posted(activity: LiveActivity) -> Iterator[tuple[str, str]]:
    if activity.products is not None:
        yield from products.terms(activity.products)
    elif activity.is_book:
        yield "book", ""
    elif any(isinstance(lines, Deliveries) for lines in activity.lists):
        yield "delivery", ""

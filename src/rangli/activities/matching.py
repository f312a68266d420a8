"""Which activities a product touches, found through an inverted index.

The cost of a search grows with what touches the product and may still act, not with what exists or
once was. The index knows no prices: activities for some list prices only are found, then asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rangli.activities.live import LiveActivity
from rangli.activities.scope import Products


@dataclass(slots=True)  # one a line of every cart: freezing would triple what making it costs
class ProductFacts:
    """What is known of the product of a cart line. None is unknown.

    categories: the category path and all above it.
    set_ids: product sets that hold the sku.
    list_minor: what one unit costs before anything acts.
    """

    sku: str
    categories: tuple[str, ...] | None
    brand: str | None
    tags: tuple[str, ...]
    set_ids: tuple[str, ...]
    list_minor: int


@lru_cache(maxsize=65_536)  # the same paths come with every cart
def category_and_above(path: str | None) -> tuple[str, ...] | None:
    """`"a/b/c"` gives `("a/b/c", "a/b", "a")`; unknown stays unknown."""
    if path is None:
        return None
    above = [path]
    while "/" in path:
        path = path.rpartition("/")[0]
        above.append(path)
    return tuple(above)


def matches(target: Products, facts: ProductFacts) -> bool:
    """Whether the product is in the target. Unknown facts neither include nor clear."""
    return _included(target, facts) and _left_in(target, facts)


def _included(target: Products, facts: ProductFacts) -> bool:
    return (
        target.all
        or facts.sku in target.skus
        or not target.set_ids.isdisjoint(facts.set_ids)
        or not target.category_paths.isdisjoint(facts.categories or ())
        or facts.brand in target.brands
        or not target.tags.isdisjoint(facts.tags)
    )


def _left_in(target: Products, facts: ProductFacts) -> bool:
    """Whether a product that the target names is not taken out again: by price, or by name."""
    return (
        _in_prices(target, facts)
        and (target.exclude is None or _cleared(target.exclude, facts))
        and not any(matches(other, facts) for other in target.without)
    )


def _in_prices(target: Products, facts: ProductFacts) -> bool:
    if target.max_list_minor and facts.list_minor > target.max_list_minor:
        return False
    return facts.list_minor >= target.min_list_minor


def _cleared(exclude: Products, facts: ProductFacts) -> bool:
    """Whether the product is surely not excluded."""
    if not _in_prices(exclude, facts):
        return True
    if exclude.category_paths and facts.categories is None:
        return False
    if exclude.brands and facts.brand is None:
        return False
    return not _included(exclude, facts)


_Postings = Mapping[str, tuple[LiveActivity, ...]]


@dataclass(frozen=True, slots=True)
class ProductIndex:
    """From what a target includes to the activities that include it.

    open_by_term, credential_by_term: by entitlement, "sku:x", "set:x", "category:x", "brand:x",
        "tag:x" and "all"; under each, those that may act longest stand first.
    sets_of: from sku to the product sets that hold it.
    """

    open_by_term: _Postings = field(default_factory=dict)
    credential_by_term: _Postings = field(default_factory=dict)
    sets_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def facts(
        self,
        sku: str,
        category_path: str | None,
        brand: str | None,
        tags: tuple[str, ...],
        list_minor: int,
    ) -> ProductFacts:
        """What is known of a product: what the line says and the sets that hold it."""
        held_by = self.sets_of.get(sku, ())
        return ProductFacts(
            sku, category_and_above(category_path), brand, tags, held_by, list_minor
        )

    def touching(self, facts: ProductFacts) -> list[LiveActivity]:
        """The activities whose products the product is one of; each once, in no order."""
        found: dict[str, LiveActivity] = {}
        for by_term in (self.open_by_term, self.credential_by_term):
            for term in _terms_of(facts):
                for activity in by_term.get(term, ()):
                    found[activity.activity_id] = activity
        return [activity for activity in found.values() if _acts_on(activity, facts)]

    def acting(self, facts: ProductFacts, at_us: int) -> list[LiveActivity]:
        """Those of `touching` that need no credential and are not over at that instant."""
        by_term = self.open_by_term
        if not by_term:
            return []
        found: dict[str, LiveActivity] = {}
        for term in _terms_of(facts):
            for activity in by_term.get(term, ()):
                if activity.until_us <= at_us:
                    break  # so are all behind it
                found[activity.activity_id] = activity
        return [activity for activity in found.values() if _acts_on(activity, facts)]

    def with_activities(
        self, removed: Sequence[LiveActivity], added: Sequence[LiveActivity]
    ) -> ProductIndex:
        """The index after a change; terms that it does not concern are shared."""

        def of(credential: bool, activities: Sequence[LiveActivity]) -> list[LiveActivity]:
            return [a for a in activities if a.credential is credential]

        return ProductIndex(
            _changed(self.open_by_term, of(False, removed), of(False, added)),
            _changed(self.credential_by_term, of(True, removed), of(True, added)),
            self.sets_of,
        )


def _acts_on(activity: LiveActivity, facts: ProductFacts) -> bool:
    """Whether a product that an activity was found under is one of its products.

    Its amounts for some carts may be for other list prices: then if it is with any of them.
    """
    target = activity.products
    if target is not None and (target.whole or _left_in(target, facts)):
        return True
    return any(
        each.products is not None and _left_in(each.products, facts)
        for each in activity.further.values()
    )


def _changed(
    before: _Postings, removed: Sequence[LiveActivity], added: Sequence[LiveActivity]
) -> _Postings:
    if not (removed or added):
        return before
    by_term = dict(before)
    # Grouped first, so that a term of a thousand activities is not copied a thousand times.
    gone: dict[str, set[str]] = {}
    come: dict[str, list[LiveActivity]] = {}
    for activity in removed:
        for term in _terms(activity):
            gone.setdefault(term, set()).add(activity.activity_id)
    for activity in added:
        for term in _terms(activity):
            come.setdefault(term, []).append(activity)
    for term in gone.keys() | come.keys():
        without = gone.get(term, ())
        now = [a for a in by_term.get(term, ()) if a.activity_id not in without]
        now += come.get(term, ())
        if now:
            by_term[term] = tuple(sorted(now, key=lambda a: (-a.until_us, a.activity_id)))
        else:
            del by_term[term]
    return by_term


def with_moves(
    sets_of: Mapping[str, tuple[str, ...]],
    moves: Mapping[str, tuple[frozenset[str], frozenset[str]]],
) -> dict[str, tuple[str, ...]]:
    """From member to the sets that hold it, after sets changed.

    moves: by set, who was in it and who is now.
    """
    after_all = dict(sets_of)
    for set_id, (before, after) in moves.items():
        for member in before - after:
            left = tuple(s for s in after_all[member] if s != set_id)
            if left:
                after_all[member] = left
            else:
                del after_all[member]
        for member in after - before:
            after_all[member] = (*after_all.get(member, ()), set_id)
    return after_all


def _terms(activity: LiveActivity) -> list[str]:
    target = activity.products
    if target is None:
        return []
    return [
        *(["all"] if target.all else []),
        *(f"sku:{sku}" for sku in target.skus),
        *(f"set:{set_id}" for set_id in target.set_ids),
        *(f"category:{path}" for path in target.category_paths),
        *(f"brand:{brand}" for brand in target.brands),
        *(f"tag:{tag}" for tag in target.tags),
    ]


def _terms_of(facts: ProductFacts) -> list[str]:
    terms = ["all", f"sku:{facts.sku}"]
    terms += [f"set:{set_id}" for set_id in facts.set_ids]
    terms += [f"category:{path}" for path in facts.categories or ()]
    if facts.brand is not None:
        terms.append(f"brand:{facts.brand}")
    terms += [f"tag:{tag}" for tag in facts.tags]
    return terms

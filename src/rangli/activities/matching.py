"""Which activities a product touches, found through an inverted index.

The cost of a search grows with what touches the product, not with what exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rangli.activities.live import LiveActivity
from rangli.activities.targets import ProductTarget


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is known of the product of a cart line. None is unknown.

    categories: the category path and all above it.
    set_ids: product sets that hold the sku.
    """

    sku: str
    categories: tuple[str, ...] | None
    brand: str | None
    tags: tuple[str, ...]
    set_ids: tuple[str, ...]


def category_and_above(path: str | None) -> tuple[str, ...] | None:
    """`"a/b/c"` gives `("a/b/c", "a/b", "a")`; unknown stays unknown."""
    if path is None:
        return None
    above = [path]
    while "/" in path:
        path = path.rpartition("/")[0]
        above.append(path)
    return tuple(above)


def matches(target: ProductTarget, facts: ProductFacts) -> bool:
    """Whether the product is in the target. Unknown facts neither include nor clear."""
    return _included(target, facts) and (target.exclude is None or _cleared(target.exclude, facts))


def _included(target: ProductTarget, facts: ProductFacts) -> bool:
    return (
        target.all
        or facts.sku in target.skus
        or any(set_id in target.set_ids for set_id in facts.set_ids)
        or any(path in target.category_paths for path in facts.categories or ())
        or facts.brand in target.brands
        or any(tag in target.tags for tag in facts.tags)
    )


def _cleared(exclude: ProductTarget, facts: ProductFacts) -> bool:
    """Whether the product is surely not excluded."""
    if exclude.category_paths and facts.categories is None:
        return False
    if exclude.brands and facts.brand is None:
        return False
    return not _included(exclude, facts)


_Postings = dict[str, tuple[LiveActivity, ...]]


@dataclass(frozen=True, slots=True)
class ProductIndex:
    """From what a target includes to the activities that include it.

    by_term: "sku:x", "set:x", "category:x", "brand:x", "tag:x" and "all".
    sets_of: from sku to the product sets that hold it.
    """

    by_term: Mapping[str, tuple[LiveActivity, ...]] = field(default_factory=dict)
    sets_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def facts(
        self, sku: str, category_path: str | None, brand: str | None, tags: tuple[str, ...]
    ) -> ProductFacts:
        """What is known of a product: what the line says and the sets that hold it."""
        return ProductFacts(
            sku, category_and_above(category_path), brand, tags, self.sets_of.get(sku, ())
        )

    def touching(self, facts: ProductFacts) -> list[LiveActivity]:
        """The activities whose products the product is one of; each once, in no order."""
        by_term = self.by_term
        found: dict[str, LiveActivity] = {}
        for term in _terms_of(facts):
            for activity in by_term.get(term, ()):
                found[activity.activity_id] = activity
        return [
            activity
            for activity in found.values()
            if activity.products is None
            or activity.products.exclude is None
            or _cleared(activity.products.exclude, facts)
        ]

    def with_activities(
        self, removed: Iterable[LiveActivity], added: Iterable[LiveActivity]
    ) -> ProductIndex:
        """The index after a change; terms that it does not concern are shared."""
        by_term: _Postings = dict(self.by_term)
        for activity in removed:
            for term in _terms(activity):
                left = tuple(a for a in by_term[term] if a is not activity)
                if left:
                    by_term[term] = left
                else:
                    del by_term[term]
        # Grouped first, so that a term of a thousand activities is not copied a thousand times.
        grouped: dict[str, list[LiveActivity]] = {}
        for activity in added:
            for term in _terms(activity):
                grouped.setdefault(term, []).append(activity)
        for term, activities in grouped.items():
            by_term[term] = (*by_term.get(term, ()), *activities)
        return ProductIndex(by_term, self.sets_of)


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
        *(f"sku:{sku}" for sku in dict.fromkeys(target.skus)),
        *(f"set:{set_id}" for set_id in dict.fromkeys(target.set_ids)),
        *(f"category:{path}" for path in dict.fromkeys(target.category_paths)),
        *(f"brand:{brand}" for brand in dict.fromkeys(target.brands)),
        *(f"tag:{tag}" for tag in dict.fromkeys(target.tags)),
    ]


def _terms_of(facts: ProductFacts) -> list[str]:
    terms = ["all", f"sku:{facts.sku}"]
    terms += [f"set:{set_id}" for set_id in facts.set_ids]
    terms += [f"category:{path}" for path in facts.categories or ()]
    if facts.brand is not None:
        terms.append(f"brand:{facts.brand}")
    terms += [f"tag:{tag}" for tag in facts.tags]
    return terms

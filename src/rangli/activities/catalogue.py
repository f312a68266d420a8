"""All that carts of one tenant are priced with: immutable, versioned, in memory, swapped whole.

A change makes the next catalogue by recompiling what changed; everything else is shared with the
one before, which quotes in progress go on using.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter

from rangli.activities.entries import EVERYWHERE
from rangli.activities.funding import Funding, limited
from rangli.activities.live import LiveActivity
from rangli.activities.matching import ProductIndex, with_moves
from rangli.activities.policies.presets import DEFAULT, PRESETS
from rangli.activities.policies.spec import PolicySpec
from rangli.activities.pricebook import Book
from rangli.activities.program import Programs, assemble
from rangli.funds.model import PoolLevel
from rangli.selection.model import SetKind

_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SetSnapshot:
    """A set's kind and members at its newest version."""

    kind: SetKind
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policies:
    """A tenant's policies and assignments, as of one moment. See `Catalogue`."""

    newest: Mapping[str, PolicySpec]
    assignments: Mapping[str, PolicySpec]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one tenant has published, at one version.

    program_numbers: by activity, where its program stands in `programs`; those of its further
        amounts follow.
    store_sets_of: from store to the sets that hold it.
    price_books: those that may act longest first.
    deliverers: what acts on delivery groups alone, likewise.
    by_code: by casefolded public code, the activities that have it, by id.
    books: the entries, by price book; books not published yet are there already, so that
        publishing one is instant.
    policies: the tenant's own, newest versions, by policy_id.
    assignments: what carts of a channel are priced with; "": of channels that have none.
    pool_levels: of budget pools by id; what is not in it is OK.
    funding: by activity_id, what its pools leave to it; what is not in it they leave alone.
    """

    tenant: str
    version: int = 0
    activities: Mapping[str, LiveActivity] = field(default_factory=dict)
    index: ProductIndex = field(default_factory=ProductIndex)
    limited: ProductIndex = field(default_factory=ProductIndex)
    sets: Mapping[str, SetSnapshot] = field(default_factory=dict)
    store_sets_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    books: Mapping[str, Book] = field(default_factory=dict)
    price_books: tuple[LiveActivity, ...] = ()
    deliverers: tuple[LiveActivity, ...] = ()
    by_code: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    programs: Programs = field(default_factory=lambda: assemble(()))
    program_numbers: Mapping[str, int] = field(default_factory=dict)
    policies: Mapping[str, PolicySpec] = field(default_factory=dict)
    assignments: Mapping[str, PolicySpec] = field(default_factory=dict)
    pool_levels: Mapping[str, PoolLevel] = field(default_factory=dict)
    funding: Mapping[str, Funding] = field(default_factory=dict)

    def policy_for(self, channel: str, policy_id: str = "") -> PolicySpec | None:
        """What a cart is priced with: the policy or preset it names, else its channel's, else the
        tenant's, else the preset "default". None: it names one that does not exist."""
        if policy_id:
            return self.policies.get(policy_id) or PRESETS.get(policy_id)
        return self.assignments.get(channel) or self.assignments.get("") or DEFAULT

    def in_audience(self, activity: LiveActivity, user_id: str, user_groups: Iterable[str]) -> bool:
        """Whether the shopper is one the activity is for. Who is unknown is outside."""
        target = activity.users
        if target is None:
            return True
        if user_id and self._in_any(target.exclude_set_ids, user_id):
            return False
        if target.exclude_set_ids and not user_id:
            return False
        return not target.user_groups.isdisjoint(user_groups) or (
            bool(user_id) and self._in_any(target.set_ids, user_id)
        )

    def in_store(self, activity: LiveActivity, store_id: str) -> bool:
        """Whether the activity runs in the store. An unknown store is none of them."""
        target = activity.stores
        if target is None:
            return True
        if not store_id or store_id in target.exclude_store_ids:
            return False
        held_by = self.store_sets_of.get(store_id, ())
        if not target.exclude_set_ids.isdisjoint(held_by):
            return False
        return store_id in target.store_ids or not target.set_ids.isdisjoint(held_by)

    def entry_store_sets(self, store_id: str) -> tuple[str, ...]:
        """The store sets whose price entries count in a store."""
        return (EVERYWHERE, *self.store_sets_of.get(store_id, ()))

    def _in_any(self, set_ids: Sequence[str], member: str) -> bool:
        for set_id in set_ids:
            snapshot = self.sets.get(set_id)
            if snapshot is not None and member in snapshot.members:
                return True
        return False


def evolve(
    catalogue: Catalogue,
    version: int,
    *,
    activities: Mapping[str, LiveActivity | None] | None = None,
    sets: Mapping[str, SetSnapshot] | None = None,
    books: Mapping[str, Book] | None = None,
    policies: Policies | None = None,
    pool_levels: Mapping[str, PoolLevel] | None = None,
) -> Catalogue:
    """The next catalogue: with these activities (None: gone), sets and books in place of theirs,
    and with these policies, and levels of pools, in place of all."""
    after = replace(catalogue, version=version)
    if policies:
        after = replace(after, policies=policies.newest, assignments=policies.assignments)
    if activities:
        after = _with_activities(after, activities)
    if sets:
        after = _with_sets(after, sets)
    if books:
        after = replace(after, books={**after.books, **books})
    if pool_levels is not None:
        after = replace(after, pool_levels=pool_levels)
    if activities or pool_levels is not None:
        # The levels stand apart from the activities, so that a crossing compiles nothing anew.
        funding = limited(after.activities.values(), after.pool_levels)
        after = replace(after, funding=funding)
    return after


def _with_activities(catalogue: Catalogue, changed: Mapping[str, LiveActivity | None]) -> Catalogue:
    before = catalogue.activities
    now = {**before}
    for activity_id, activity in changed.items():
        if activity is None:
            now.pop(activity_id, None)
        else:
            now[activity_id] = activity
    stated = [each for activity in now.values() for each in activity.variants]
    removed = [before[activity_id] for activity_id in changed if activity_id in before]
    added = [activity for activity in changed.values() if activity is not None]
    return replace(
        catalogue,
        activities=now,
        index=catalogue.index.with_activities(removed, added),
        limited=catalogue.limited.with_activities(
            [activity for activity in removed if activity.spec.limits],
            [activity for activity in added if activity.spec.limits],
        ),
        price_books=_longest_first(a for a in now.values() if a.is_book),
        deliverers=_longest_first(a for a in now.values() if a.products is None and not a.is_book),
        by_code=_by_code(now.values()),
        programs=assemble([each.program for each in stated]),
        program_numbers={
            each.activity_id: number for number, each in enumerate(stated) if not each.variant
        },
    )


def _by_code(activities: Iterable[LiveActivity]) -> dict[str, tuple[str, ...]]:
    named = sorted((a.public_code, a.activity_id) for a in activities if a.public_code)
    return {
        code: tuple(activity_id for _, activity_id in same)
        for code, same in groupby(named, key=itemgetter(0))
    }


def _longest_first(activities: Iterable[LiveActivity]) -> tuple[LiveActivity, ...]:
    return tuple(sorted(activities, key=lambda a: (-a.until_us, a.activity_id)))


def _with_sets(catalogue: Catalogue, changed: Mapping[str, SetSnapshot]) -> Catalogue:
    def moves(kind: SetKind) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        return {
            set_id: (
                catalogue.sets[set_id].members if set_id in catalogue.sets else _NOBODY,
                snapshot.members,
            )
            for set_id, snapshot in changed.items()
            if snapshot.kind is kind
        }

    index = catalogue.index
    return replace(
        catalogue,
        sets={**catalogue.sets, **changed},
        index=replace(index, sets_of=with_moves(index.sets_of, moves(SetKind.PRODUCT))),
        store_sets_of=with_moves(catalogue.store_sets_of, moves(SetKind.STORE)),
    )

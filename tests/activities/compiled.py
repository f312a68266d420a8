"""Catalogues without a database: specs go the way they go through the RPC, up to the snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import msgspec

from rangli.activities import templates
from rangli.activities.catalogue import Catalogue, Policies, SetSnapshot, evolve
from rangli.activities.compiling import compiled
from rangli.activities.entries import EVERYWHERE, Entry
from rangli.activities.live import LiveActivity, compile_activity
from rangli.activities.model import Activity, RunState, VersionState
from rangli.activities.policies.presets import DEFAULT
from rangli.activities.pricebook import Base, Book, runs_of
from rangli.activities.program import EffectOp
from rangli.activities.spec import ActivitySpec
from rangli.core.clock import micros
from rangli.core.errors import Invalid
from rangli.funds.model import PoolLevel
from rangli.selection.model import SetKind
from rangli.v1 import activity_pb2 as ab
from rangli.wire.convert import to_struct
from tests.world import NOW

# The default policy, but rounding at the end.
FINE = msgspec.structs.replace(DEFAULT, policy_id="fine", preset_of="", end_digits=2)
_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def completed(spec: ab.ActivitySpec) -> ActivitySpec:
    """The spec as CreateActivity would store it; raises Invalid as it would."""
    stated, violations = templates.complete(to_struct(spec, ActivitySpec, "spec"), "spec")
    if violations:
        raise Invalid.fields(*violations)
    return stated


def effect_ops(spec: ab.ActivitySpec) -> tuple[EffectOp, ...]:
    """What the kernel is asked to do for the spec."""
    return compiled(completed(spec)).program.effects


def live(
    activity_id: str,
    spec: ab.ActivitySpec,
    *,
    version: int = 1,
    run_state: RunState = RunState.PUBLISHED,
) -> LiveActivity:
    """The activity, published and compiled."""
    stated = completed(spec)
    return compile_activity(
        Activity(
            activity_id=activity_id,
            run_state=run_state,
            live_version=version,
            latest_version=version,
            revision=1,
            price_entries=0,
            created_at=_MADE_AT,
            updated_at=_MADE_AT,
            version=version,
            version_state=VersionState.LIVE,
            spec=stated,
            live_starts_at=stated.schedule.starts_at,
            live_ends_at=stated.schedule.ends_at,
        )
    )


def book(entries: Iterable[Entry]) -> Book:
    """A book of these entries, the newest of equals only, loaded as from the store."""
    newest = {(e.sku, e.store_set_id, e.starts_us): e for e in entries}
    kept = sorted(e for e in newest.values() if e.kind)
    store_set_ids = sorted({e.store_set_id for e in kept} | {EVERYWHERE})
    return Book(Base(store_set_ids, runs_of(kept)))


def catalogue(
    activities: Iterable[LiveActivity],
    *,
    sets: Mapping[str, tuple[str, Iterable[str]]] | None = None,
    books: Mapping[str, Book] | None = None,
    pool_levels: Mapping[str, PoolLevel] | None = None,
) -> Catalogue:
    """Version 1 of a tenant's catalogue, with the policy `FINE`. sets: kind and members by name."""
    return evolve(
        Catalogue("default"),
        1,
        activities={activity.activity_id: activity for activity in activities},
        sets={
            set_id: SetSnapshot(SetKind(kind), frozenset(members))
            for set_id, (kind, members) in (sets or {}).items()
        },
        books=books,
        policies=Policies({FINE.policy_id: FINE}, {}),
        pool_levels=pool_levels,
    )


def content(catalogue: Catalogue) -> dict[str, Any]:
    """All that a catalogue says, free of the order in which it learned it."""
    index = catalogue.index
    return {
        "version": catalogue.version,
        "activities": {name: _fields(live) for name, live in catalogue.activities.items()},
        "open": _names(index.open_by_term),
        "credential": _names(index.credential_by_term),
        "sets_of": _sorted(index.sets_of),
        "store_sets_of": _sorted(catalogue.store_sets_of),
        "sets": dict(catalogue.sets),
        "price_books": [live.activity_id for live in catalogue.price_books],
        "deliverers": [live.activity_id for live in catalogue.deliverers],
        "by_code": dict(catalogue.by_code),
        "programs": {
            (activity_id, each.variant): catalogue.programs.programs[number + each.variant]
            for activity_id, number in catalogue.program_numbers.items()
            for each in catalogue.activities[activity_id].variants
        },
        "pool_levels": dict(catalogue.pool_levels),
        "funding": dict(catalogue.funding),
        "books": {name: _offers(each) for name, each in catalogue.books.items()},
    }


def _fields(live: LiveActivity) -> dict[str, Any]:
    said = {each.name: getattr(live, each.name) for each in fields(live)}
    further = {carts: _fields(each) for carts, each in live.further.items()}
    by_basis = {basis: _fields(each) for basis, each in live.by_basis.items()}
    return {**said, "further": further, "by_basis": by_basis}


def _names(by_term: Mapping[str, tuple[LiveActivity, ...]]) -> dict[str, list[str]]:
    return {term: [live.activity_id for live in lives] for term, lives in by_term.items()}


def _sorted(lists: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: sorted(items) for name, items in lists.items()}


def _offers(book: Book) -> list[Any]:
    """What the book offers for the products of `strategies.py`, on days around NOW."""
    return [
        sorted(book.offered(sku, ["", stores], micros(NOW) + day * 86_400_000_000))
        for sku in "abcd"
        for stores in ("stores1", "stores2")
        for day in range(-3, 8)
    ]

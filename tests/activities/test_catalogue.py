"""However a catalogue came to be, bit by bit or at once, it is the same catalogue."""

from __future__ import annotations

from array import array
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue, SetSnapshot, evolve
from rangli.activities.live import LiveActivity
from rangli.activities.program import (
    COMPONENT_FIELDS,
    COND_FIELDS,
    EFFECT_FIELDS,
    HEAD_FIELDS,
    TIER_FIELDS,
    Component,
    Cond,
    EffectOp,
    Program,
    Programs,
    Tier,
    assemble,
)
from rangli.funds.model import PoolLevel
from rangli.selection.model import SetKind
from tests.activities import compiled
from tests.activities.compiled import content
from tests.activities.strategies import SETS, activities, entries, pool_levels, set_members
from tests.world import spec

_IDS = ["a0", "a1", "a2"]


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[str, str, Any]]:
    """What happened, in order: (kind, id, what it is now)."""
    happened = []
    for _ in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(["activity", "activity", "gone", "set", "entries", "funds"]))
        if kind == "set":
            name = draw(st.sampled_from(sorted(SETS)))
            happened.append((kind, name, draw(set_members(name))))
            continue
        if kind == "funds":
            happened.append((kind, "", draw(pool_levels())))
            continue
        name = draw(st.sampled_from(_IDS))
        now = None
        if kind == "activity":
            now = draw(activities(name))
        elif kind == "entries":
            now = draw(st.lists(entries(), max_size=3))
        happened.append((kind, name, now))
    return happened


@settings(max_examples=120, deadline=None)
@given(changes())
def test_step_by_step_gives_what_all_at_once_gives(happened: list[tuple[str, str, Any]]) -> None:
    catalogue = Catalogue("t")
    last: dict[str, LiveActivity] = {}
    sets: dict[str, Any] = {}
    rows: dict[str, list] = {}
    levels: dict[str, PoolLevel] = {}
    for version, (kind, name, now) in enumerate(happened, 1):
        if kind == "set":
            sets[name] = SetSnapshot(SetKind(now[0]), frozenset(now[1]))
            catalogue = evolve(catalogue, version, sets={name: sets[name]})
        elif kind == "funds":
            levels = now
            catalogue = evolve(catalogue, version, pool_levels=levels)
        elif kind == "entries":
            rows.setdefault(name, []).extend(now)
            book = catalogue.books.get(name, compiled.book([]))
            catalogue = evolve(catalogue, version, books={name: book.with_entries(now, version)})
        else:
            last.pop(name, None)
            if now is not None:
                last[name] = now
            catalogue = evolve(catalogue, version, activities={name: now})

    at_once = evolve(
        Catalogue("t"),
        len(happened),
        activities=last,
        sets=sets,
        books={name: compiled.book(all_rows) for name, all_rows in rows.items()},
        pool_levels=levels,
    )

    assert content(catalogue) == content(at_once)


def test_evolving_leaves_the_catalogue_before_as_it_was() -> None:
    one = compiled.live("one", spec("item_discount", percent_off={"off_bps": 1}))
    before = compiled.catalogue([one], sets={"s": ("PRODUCT", ["a", "b"])})
    kept = content(before)

    two = compiled.live("one", spec("price_book", price_book={}), version=2)
    after = evolve(
        before,
        2,
        activities={"one": two, "more": None},
        sets={"s": SetSnapshot(SetKind.PRODUCT, frozenset("bc"))},
    )

    assert content(before) == kept
    assert after.activities == {"one": two}
    assert after.price_books == (two,)
    assert after.index.open_by_term == {}
    assert after.index.sets_of == {"b": ("s",), "c": ("s",)}


def test_a_change_of_one_kind_shares_the_others() -> None:
    before = compiled.catalogue(
        [compiled.live("one", spec("item_discount", percent_off={"off_bps": 1}))],
        sets={"s": ("STORE", ["a"])},
        books={"one": compiled.book([])},
    )

    after = evolve(before, 2, books={"two": compiled.book([])})

    assert after.index is before.index
    assert after.programs is before.programs
    assert after.sets is before.sets
    assert after.books["one"] is before.books["one"]


@settings(max_examples=50, deadline=None)
@given(st.lists(activities("a"), max_size=4))
def test_the_kernels_arrays_say_what_the_programs_say(made: list[LiveActivity]) -> None:
    programs = assemble([live.program for live in made])

    assert read_back(programs) == list(programs.programs) == [live.program for live in made]


def read_back(programs: Programs) -> list[Program]:
    conds = [Cond(**row) for row in rows(programs.conds, COND_FIELDS)]
    tiers = [Tier(**row) for row in rows(programs.tiers, TIER_FIELDS)]
    parts = [Component(**row) for row in rows(programs.components, COMPONENT_FIELDS)]
    effects = []
    for row in rows(programs.effects, EFFECT_FIELDS):
        row["tiers"] = span(row, "tier", tiers)
        row["pattern"] = span(row, "part", parts)
        effects.append(EffectOp(**row))
    read = []
    for row in rows(programs.heads, HEAD_FIELDS):
        row["conds"] = span(row, "cond", conds)
        row["effects"] = span(row, "effect", effects)
        row["funder_bps"] = span(row, "funder", list(programs.funder_bps))
        read.append(Program(**row))
    return read


def rows(flat: array[int], names: tuple[str, ...]) -> list[dict[str, Any]]:
    starts = range(0, len(flat), len(names))
    return [dict(zip(names, flat[start : start + len(names)], strict=True)) for start in starts]


def span(row: dict[str, Any], name: str, of: list[Any]) -> tuple[Any, ...]:
    first = row.pop(f"{name}_first")
    return tuple(of[first : first + row.pop(f"{name}_count")])

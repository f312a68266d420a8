"""A price book in memory answers as a plain search through its list of entries would."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.activities.entries import REMOVED, Entry
from rangli.activities.pricebook import Book
from rangli.activities.program import Kind
from rangli.core.clock import micros
from tests.activities import compiled
from tests.activities.parts import SKUS
from tests.activities.strategies import entries
from tests.world import NOW

_DAY_US = 86_400_000_000
_rows = st.lists(entries(), max_size=14)
_cuts = st.lists(st.integers(0, 14), max_size=3).map(sorted)


def split(rows: Sequence[Entry], cuts: Sequence[int], rebased_at: int) -> Book:
    """The same rows, part of them loaded, the rest added bit by bit, and then on a newer base."""
    bounds = [0, *cuts, len(rows)]
    book = compiled.book(rows[: bounds[1]])
    for import_id, (first, end) in enumerate(pairwise(bounds[1:]), start=1):
        book = book.with_entries(rows[first:end], import_id)
    upto_import = min(rebased_at, len(cuts))
    return book.rebased(compiled.book(rows[: bounds[1 + upto_import]]).base, upto_import)


def offered(rows: Sequence[Entry], sku: str, stores: Sequence[str], at_us: int) -> list:
    newest = {(row.sku, row.store_set_id, row.starts_us): row for row in rows}
    return sorted(
        (row.kind, row.value, row.per_quantity)
        for row in newest.values()
        if row.kind != REMOVED
        and row.sku == sku
        and row.store_set_id in stores
        and row.starts_us <= at_us < row.ends_us
    )


@settings(max_examples=250, deadline=None)
@given(_rows, _cuts, st.integers(0, 3))
def test_a_book_offers_what_a_search_through_its_entries_finds(
    rows: list[Entry], cuts: list[int], rebased_at: int
) -> None:
    book = split(rows, cuts, rebased_at)

    instants = {row.starts_us for row in rows} | {row.ends_us for row in rows} | {micros(NOW)}
    for at_us in {instant + shift for instant in instants for shift in (-1, 0)}:
        for sku in SKUS:
            for stores in (("",), ("", "stores1"), ("", "stores2", "stores1", "unheard-of")):
                found = sorted(book.offered(sku, stores, at_us))
                assert found == offered(rows, sku, stores, at_us)
                assert not found or book.knows(sku, stores)
                assert not book.knows(sku, stores) or any(
                    row.sku == sku and row.store_set_id in stores for row in rows
                )


def test_a_change_leaves_the_book_before_it_as_it_was() -> None:
    at_us = micros(NOW)
    old = Entry("a", "", at_us, at_us + 10, int(Kind.PRICE), 5, 1)
    before = compiled.book([old])

    between = before.with_entries([old._replace(value=6)], 1)
    after = between.with_entries([old._replace(kind=REMOVED, value=0)], 1)

    values = [
        [o.value for o in book.offered("a", [""], at_us)] for book in (before, between, after)
    ]
    assert values == [[5], [6], []]
    assert after.base is between.base is before.base
    assert (before.delta_size, between.delta_size, after.delta_size) == (0, 1, 2)


def test_a_long_running_entry_is_found_behind_many_short_ones() -> None:
    long = Entry("a", "", 0, 1_000 * _DAY_US, int(Kind.PRICE), 900, 1)
    short = [
        Entry("a", "", day * _DAY_US, (day + 1) * _DAY_US, int(Kind.PRICE), day, 1)
        for day in range(1, 500)
    ]
    book = compiled.book([long, *short])

    assert [o.value for o in book.offered("a", [""], 499 * _DAY_US + 5)] == [499, 900]
    assert [o.value for o in book.offered("a", [""], 600 * _DAY_US)] == [900]

"""A price book in memory: which entries are in force for a product, a store and an instant.

The bulk is an immutable base of flat arrays sorted by (sku, stores, start): 39 bytes an entry and
one dictionary slot a product. What came since is a small delta on top. A search looks at the
product's own entries only, so its cost does not grow with the book.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rangli.activities.entries import EVERYWHERE, REMOVED


class Row(NamedTuple):
    """An entry as a book takes it; instants in microseconds."""

    sku: str
    store_set_id: str
    starts_us: int
    ends_us: int
    op: int
    value: int
    per_quantity: int


class Offered(NamedTuple):
    """What an entry in force does to a line: the kernel's operation."""

    op: int
    value: int
    per_quantity: int


class Base:
    """Immutable entries in columns.

    rows: by (sku, stores, start), stores in the order of `store_set_ids`, no two of them alike.
    """

    def __init__(self, store_set_ids: Sequence[str], rows: Iterable[Row] = ()) -> None:
        self._store_set_numbers = {name: number for number, name in enumerate(store_set_ids)}
        self._sku_numbers: dict[str, int] = {}
        self._first = array("q", [0])  # where each product's entries begin, and the last one's end
        self._store_set = array("i")
        self._starts_us = array("q")
        self._ends_us = array("q")
        # The latest end among the entries of the same product and stores up to this one: a search
        # backward from an instant stops where nothing earlier can still be in force.
        self._latest_us = array("q")
        self._op = array("b")
        self._value = array("q")
        self._per_quantity = array("h")
        self._last = ("", -1)
        self.extend(rows)

    def __len__(self) -> int:
        return len(self._starts_us)

    def extend(self, rows: Iterable[Row]) -> None:
        """Takes the next rows while the base is being made; chunks keep a process responsive."""
        for sku, store_set_id, starts_us, ends_us, op, value, per_quantity in rows:
            store_set = self._store_set_numbers[store_set_id]
            if self._last[0] != sku:
                self._sku_numbers[sku] = len(self._sku_numbers)
                self._first.append(len(self._starts_us))
            if self._last != (sku, store_set):
                self._last = (sku, store_set)
                self._latest_us.append(ends_us)
            else:
                self._latest_us.append(max(self._latest_us[-1], ends_us))
            self._store_set.append(store_set)
            self._starts_us.append(starts_us)
            self._ends_us.append(ends_us)
            self._op.append(op)
            self._value.append(value)
            self._per_quantity.append(per_quantity)
            self._first[-1] = len(self._starts_us)

    def in_force(self, sku: str, store_set_ids: Iterable[str], at_us: int) -> list[Row]:
        """The product's entries for any of these stores at that instant."""
        number = self._sku_numbers.get(sku)
        if number is None:
            return []
        found = []
        begin, end = self._first[number], self._first[number + 1]
        for name in store_set_ids:
            store_set = self._store_set_numbers.get(name)
            if store_set is None:
                continue
            low = bisect_left(self._store_set, store_set, begin, end)
            at = (
                bisect_right(
                    self._starts_us, at_us, low, bisect_right(self._store_set, store_set, low, end)
                )
                - 1
            )
            while at >= low and self._latest_us[at] > at_us:
                if self._ends_us[at] > at_us:
                    found.append(self._row(at, sku, name))
                at -= 1
        return found

    def _row(self, at: int, sku: str, store_set_id: str) -> Row:
        return Row(
            sku,
            store_set_id,
            self._starts_us[at],
            self._ends_us[at],
            self._op[at],
            self._value[at],
            self._per_quantity[at],
        )


EMPTY = Base((EVERYWHERE,))


@dataclass(frozen=True, slots=True)
class Book:
    """A price book at one moment. Immutable: a change makes another one.

    delta: newer rows by product and stores, then by start.
    """

    base: Base = EMPTY
    delta: Mapping[tuple[str, str], Mapping[int, Row]] | None = None
    delta_size: int = 0

    def with_rows(self, rows: Sequence[Row]) -> Book:
        """The book with newer rows on top; shares everything else with this one."""
        delta = dict(self.delta or {})
        for row in rows:
            key = (row.sku, row.store_set_id)
            delta[key] = {**delta.get(key, {}), row.starts_us: row}
        return Book(self.base, delta, self.delta_size + len(rows))

    def offered(self, sku: str, store_set_ids: Sequence[str], at_us: int) -> list[Offered]:
        """What is in force for the product at that instant.

        store_set_ids: the sets that hold the store, and EVERYWHERE.
        """
        rows = self.base.in_force(sku, store_set_ids, at_us)
        if self.delta:
            rows = self._overlaid(rows, sku, store_set_ids, at_us)
        return [Offered(row.op, row.value, row.per_quantity) for row in rows]

    def _overlaid(
        self, rows: list[Row], sku: str, store_set_ids: Sequence[str], at_us: int
    ) -> list[Row]:
        assert self.delta is not None  # asked by offered()
        newer = {name: self.delta.get((sku, name), {}) for name in store_set_ids}
        kept = [row for row in rows if row.starts_us not in newer[row.store_set_id]]
        kept += [
            row
            for by_start in newer.values()
            for row in by_start.values()
            if row.op != REMOVED and row.starts_us <= at_us < row.ends_us
        ]
        return kept

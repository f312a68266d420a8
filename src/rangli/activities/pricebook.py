"""A price book in memory: which entries are in force for a product, a store and an instant.

The bulk is an immutable base of flat arrays sorted by (sku, stores, start): 39 bytes an entry and
one dictionary slot a product. What came since is a small delta on top. A search looks at the
product's own entries only, so its cost does not grow with the book.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from operator import itemgetter
from typing import NamedTuple

from rangli.activities.entries import EVERYWHERE, REMOVED, Entry


class Offered(NamedTuple):
    """What an entry in force does to a line: the kernel's operation."""

    kind: int
    value: int
    per_quantity: int


class Run(NamedTuple):
    """The entries of one product for one store set, by start: columns of the same length."""

    sku: str
    store_set_id: str
    starts_us: Sequence[int]
    ends_us: Sequence[int]
    kinds: Sequence[int]
    values: Sequence[int]
    per_quantities: Sequence[int]


class Base:
    """Immutable entries in columns.

    runs: by sku, then by store set in the order of `store_set_ids`, no two for the same.
    """

    def __init__(self, store_set_ids: Sequence[str], runs: Iterable[Run] = ()) -> None:
        self._store_set_numbers = {name: number for number, name in enumerate(store_set_ids)}
        self._sku_numbers: dict[str, int] = {}
        self._first = array("q", [0])  # where each product's entries begin, and the last one's end
        self._store_set = array("i")
        self._starts_us = array("q")
        self._ends_us = array("q")
        # The latest end among the entries of the same product and stores up to this one: a search
        # backward from an instant stops where nothing earlier can still be in force.
        self._latest_us = array("q")
        self._kind = array("b")
        self._value = array("q")
        self._per_quantity = array("h")
        self._last_sku = ""
        self.extend(runs)

    def __len__(self) -> int:
        return len(self._starts_us)

    def extend(self, runs: Iterable[Run]) -> None:
        """Takes the next runs while the base is made; chunks keep a process responsive."""
        for sku, store_set_id, starts_us, ends_us, kinds, values, per_quantities in runs:
            if sku != self._last_sku:
                self._last_sku = sku
                self._sku_numbers[sku] = len(self._sku_numbers)
                self._first.append(len(self))
            number = self._store_set_numbers[store_set_id]
            self._store_set.extend([number] * len(starts_us))
            self._starts_us.extend(starts_us)
            self._ends_us.extend(ends_us)
            self._latest_us.extend(accumulate(ends_us, max))
            self._kind.extend(kinds)
            self._value.extend(values)
            self._per_quantity.extend(per_quantities)
            self._first[-1] = len(self)

    def knows(self, sku: str, store_set_ids: Iterable[str]) -> bool:
        """Whether the product has entries, at any time, for any of these stores."""
        number = self._sku_numbers.get(sku)
        if number is None:
            return False
        named = self._store_set[self._first[number] : self._first[number + 1]]
        return any(self._store_set_numbers.get(name) in named for name in store_set_ids)

    def latest_us(self) -> int:
        """The instant from which on none of the entries is in force; 0 without entries."""
        return max(self._latest_us, default=0)

    def in_force(self, sku: str, store_set_ids: Iterable[str], at_us: int) -> list[Entry]:
        """The product's entries for any of these stores at that instant."""
        number = self._sku_numbers.get(sku)
        if number is None:
            return []
        found = []
        for name in store_set_ids:
            low, high = self._places(number, name)
            at = bisect_right(self._starts_us, at_us, low, high) - 1
            while at >= low and self._latest_us[at] > at_us:
                if self._ends_us[at] > at_us:
                    found.append(self._entry(at, sku, name))
                at -= 1
        return found

    def next_starts_us(self, sku: str, store_set_ids: Iterable[str], at_us: int) -> list[int]:
        """When the next of the product's entries for each of these stores starts, after that."""
        number = self._sku_numbers.get(sku)
        if number is None:
            return []
        found = []
        for name in store_set_ids:
            low, high = self._places(number, name)
            at = bisect_right(self._starts_us, at_us, low, high)
            if at < high:
                found.append(self._starts_us[at])
        return found

    def _places(self, number: int, store_set_id: str) -> tuple[int, int]:
        """From where to where a product's entries for a store set stand."""
        store_set = self._store_set_numbers.get(store_set_id)
        if store_set is None:
            return 0, 0
        begin, end = self._first[number], self._first[number + 1]
        low = bisect_left(self._store_set, store_set, begin, end)
        return low, bisect_right(self._store_set, store_set, low, end)

    def _entry(self, at: int, sku: str, store_set_id: str) -> Entry:
        return Entry(
            sku,
            store_set_id,
            self._starts_us[at],
            self._ends_us[at],
            self._kind[at],
            self._value[at],
            self._per_quantity[at],
        )


def runs_of(entries: Iterable[Entry]) -> Iterator[Run]:
    """Entries by sku, stores and start as runs."""
    for (sku, store_set_id), some in groupby(entries, key=itemgetter(0, 1)):
        columns = list(zip(*some, strict=True))
        yield Run(sku, store_set_id, *columns[2:])


EMPTY = Base((EVERYWHERE,))


class Late(NamedTuple):
    """An entry that came after the base was made, and the import it came with."""

    entry: Entry
    import_id: int


_Delta = Mapping[tuple[str, str], Mapping[int, Late]]


@dataclass(frozen=True, slots=True)
class Book:
    """A price book at one moment. Immutable: a change makes another one.

    delta: newer entries by product and stores, then by start; the newest of each.
    delta_size: how many came.
    newest_import: the import that came last.
    """

    base: Base = EMPTY
    delta: _Delta = field(default_factory=dict)
    delta_size: int = 0
    newest_import: int = 0

    def with_entries(self, entries: Sequence[Entry], import_id: int) -> Book:
        """The book with a newer import on top; shares everything else with this one."""
        # Grouped first, so that a product of a thousand entries is not copied a thousand times.
        newer: dict[tuple[str, str], dict[int, Late]] = {}
        for entry in entries:
            key = (entry.sku, entry.store_set_id)
            newer.setdefault(key, {})[entry.starts_us] = Late(entry, import_id)
        delta = dict(self.delta)
        for key, by_start in newer.items():
            delta[key] = {**delta.get(key, {}), **by_start}
        return Book(self.base, delta, self.delta_size + len(entries), import_id)

    def rebased(self, base: Base, upto_import: int) -> Book:
        """The same book on a base that holds its imports up to that one."""
        delta = {
            key: later
            for key, by_start in self.delta.items()
            if (later := {s: late for s, late in by_start.items() if late.import_id > upto_import})
        }
        size = sum(len(by_start) for by_start in delta.values())
        return Book(base, delta, size, self.newest_import)

    def knows(self, sku: str, store_set_ids: Iterable[str]) -> bool:
        """Whether it has, had or will have a price for the product in one of these stores."""
        if self.base.knows(sku, store_set_ids):
            return True
        return any((sku, name) in self.delta for name in store_set_ids)

    def latest_us(self) -> int:
        """An instant from which on none of its entries is in force; 0 without entries."""
        later = (late.entry for by_start in self.delta.values() for late in by_start.values())
        ends = [entry.ends_us for entry in later if entry.kind != REMOVED]
        return max(self.base.latest_us(), max(ends, default=0))

    def offered(self, sku: str, store_set_ids: Sequence[str], at_us: int) -> list[Offered]:
        """What is in force for the product at that instant.

        store_set_ids: the sets that hold the store, and EVERYWHERE.
        """
        rows = self._in_force(sku, store_set_ids, at_us)
        return [Offered(row.kind, row.value, row.per_quantity) for row in rows]

    def next_change_us(self, sku: str, store_set_ids: Sequence[str], at_us: int) -> int | None:
        """The first instant after that one at which `offered` may answer otherwise; None: never.

        An entry that was removed before it started may be told of nevertheless.
        """
        instants = [row.ends_us for row in self._in_force(sku, store_set_ids, at_us)]
        instants += self.base.next_starts_us(sku, store_set_ids, at_us)
        if self.delta:
            instants += [
                starts_us
                for name in store_set_ids
                for starts_us in self.delta.get((sku, name), {})
                if starts_us > at_us
            ]
        return min(instants, default=None)

    def _in_force(self, sku: str, store_set_ids: Sequence[str], at_us: int) -> list[Entry]:
        rows = self.base.in_force(sku, store_set_ids, at_us)
        return self._overlaid(rows, sku, store_set_ids, at_us) if self.delta else rows

    def _overlaid(
        self, rows: list[Entry], sku: str, store_set_ids: Sequence[str], at_us: int
    ) -> list[Entry]:
        newer = {name: self.delta.get((sku, name), {}) for name in store_set_ids}
        kept = [row for row in rows if row.starts_us not in newer[row.store_set_id]]
        kept += [
            late.entry
            for by_start in newer.values()
            for late in by_start.values()
            if late.entry.kind != REMOVED and late.entry.starts_us <= at_us < late.entry.ends_us
        ]
        return kept

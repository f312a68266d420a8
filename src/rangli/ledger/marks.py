"""Undoing what a book has done since a mark: for requests that a later domain refuses.

    at = mark(book, holds)      # before the request's first decision
    ...
    undo(book, at)              # as if nothing had been decided since

Nothing that was done since the mark may have been written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from rangli.ledger.book import Book, HoldId
from rangli.ledger.model import Hold, Phase


class Mark(NamedTuple):
    """How far a book had come.

    holds: copies of those that may be changed until it is undone.  changed: those that had been.
    """

    transactions: int
    entries: int
    new_holds: int
    holds: dict[HoldId, Hold]
    changed: frozenset[HoldId]


def mark(book: Book, holds: Iterable[HoldId] = ()) -> Mark:
    """The book as it is. holds: locked ones, of which nothing but these may be changed after it."""
    kept = {key: _copy(hold) for key in holds if (hold := book.holds.get(key))}
    return Mark(
        len(book.transactions),
        len(book.entries),
        len(book.new_holds),
        kept,
        frozenset(key for key in kept if key in book.changed_holds),
    )


def undo(book: Book, at: Mark) -> None:
    """The book as it was at the mark."""
    for entry in reversed(book.entries[at.entries :]):
        account = book.accounts[entry.tenant, entry.account_id]
        if entry.phase is Phase.POSTED:
            account.posted_minor -= entry.amount_minor
        elif entry.phase is Phase.PENDING_OUT:
            account.pending_out_minor += entry.amount_minor
        else:
            account.pending_in_minor -= entry.amount_minor
        account.entry_count -= 1
        if book.touched[entry.tenant, entry.account_id] == account.entry_count:
            del book.touched[entry.tenant, entry.account_id]
    del book.entries[at.entries :]
    del book.transactions[at.transactions :]
    for key in list(book.new_holds)[at.new_holds :]:
        del book.new_holds[key], book.holds[key]
    for key, hold in at.holds.items():
        book.holds[key] = _copy(hold)
        if key not in at.changed:
            book.changed_holds.pop(key, None)


def _copy(hold: Hold) -> Hold:
    return replace(hold, legs=tuple(replace(leg) for leg in hold.legs))

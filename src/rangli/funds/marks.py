"""Undoing what a book of funds has done since a mark; of its ledger `ledger.marks` knows that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from rangli.funds.book import FundBook
from rangli.funds.records import Day, Reservation, ReservationId


class FundMark(NamedTuple):
    """How far a book had come. changeable: copies of what may be changed until it is undone."""

    reservations: dict[ReservationId, Reservation]
    changeable: dict[ReservationId, Reservation]
    days: dict[Day, int]
    new: dict[ReservationId, Reservation]
    changed: dict[ReservationId, Reservation]
    counted_days: dict[Day, int]
    moves: int
    events: int


def mark(book: FundBook, changeable: Iterable[ReservationId] = ()) -> FundMark:
    """The book as it is. changeable: of its reservations nothing but these is changed after it."""
    done = book.done
    return FundMark(
        dict(book.reservations),
        {key: _copy(one) for key in changeable if (one := book.reservations.get(key))},
        dict(book.days),
        dict(done.reservations),
        dict(done.changed),
        dict(done.days),
        len(done.moves),
        len(done.events),
    )


def undo(book: FundBook, at: FundMark) -> None:
    """The book as it was at the mark."""
    done = book.done
    kept = {key: _copy(one) for key, one in at.changeable.items()}
    book.reservations = dict(at.reservations) | kept
    book.days = dict(at.days)
    done.reservations = {key: kept.get(key, one) for key, one in at.new.items()}
    done.changed = {key: kept.get(key, one) for key, one in at.changed.items()}
    done.days = dict(at.counted_days)
    del done.moves[at.moves :], done.events[at.events :]


def _copy(reservation: Reservation) -> Reservation:
    return replace(reservation, parts=tuple(replace(part) for part in reservation.parts))

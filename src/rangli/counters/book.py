"""Decisions on locked limits and their uses: pure, all or none each, written together afterwards.

    book = await store.locked(conn, wants=..., counted=...)   # limits shared, uses locked, in order
    counted = book.count(tenant, wants)                       # judged on what is used so far
    await store.write(conn, book)

Each call sees what the calls before it did, so a batch of requests is decided in its order as if
each had a transaction of its own. A refused call leaves the book as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from rangli.core.clock import EPOCH
from rangli.core.errors import NotFound, Reason, Refused
from rangli.counters.model import (
    PERIODS_KEPT,
    QUANTITY_MAX,
    Counted,
    Limit,
    Subject,
    Want,
    subject_of,
)
from rangli.counters.periods import period_of

LimitKey = tuple[str, str]  # tenant, limit_id


class UseKey(NamedTuple):
    """A row of uses; they are locked in this order."""

    tenant: str
    limit_id: str
    subject_id: str
    period_at: datetime
    bucket: int


@dataclass(slots=True)
class Use:
    """How much is used.

    most: a stock's bucket's share; None of other limits.
    was_used, was_most: as locked.  is_stored: there is a row of it.
    """

    used: int
    most: int | None
    was_used: int
    was_most: int | None
    is_stored: bool

    @property
    def room(self) -> int:
        """What is left of a stock's share."""
        return 0 if self.most is None else self.most - self.used

    @property
    def changed(self) -> bool:
        """Whether it is to be written."""
        return self.used != self.was_used or self.most != self.was_most


class CounterBook:
    """Limits that this transaction has shared, uses that it has locked, and what it does with them.

    now: PostgreSQL's clock when the limits were held; it says which periods run.
    """

    def __init__(self, now: datetime, limits: dict[LimitKey, Limit]) -> None:
        self.now = now
        self.limits = limits
        self.uses: dict[UseKey, Use] = {}
        # Of each stock its locked rows, in the order in which they are drawn on.
        self.stocks: dict[LimitKey, list[tuple[UseKey, Use]]] = {}
        self._periods: dict[LimitKey, tuple[datetime, datetime | None]] = {}

    def put(self, key: UseKey, used: int, most: int | None, *, is_stored: bool) -> None:
        """Adds a row as it was found; one that is not stored yet is used by nobody."""
        use = self.uses[key] = Use(used, most, used, most, is_stored)
        if most is not None:
            self.stocks.setdefault(key[:2], []).append((key, use))

    def count(self, tenant: str, wants: Sequence[Want]) -> list[Counted]:
        """Counts all, or none; a limit that has ended counts nothing.

        Raises Refused (SOLD_OUT of a stock, else LIMIT_REACHED) for the first that has too little
        left, NotFound for a limit that does not exist. All must have been named to `locked`.
        """
        done: list[Counted] = []
        try:
            for want in wants:
                done += self._count(tenant, want)
        except (Refused, NotFound):
            self.give_back(tenant, done)
            raise
        return done

    def give_back(self, tenant: str, counted: Iterable[Counted]) -> None:
        """Gives back to the very period and bucket what is counted there, also by this book.

        Of a stock that was lowered below what is out, what comes back makes no room at first. To a
        period that has been swept nothing comes back: nobody counts there.
        RuntimeError, a fault of ours, if less is counted.
        """
        for limit_id, subject_id, period_at, bucket, quantity in counted:
            key = UseKey(tenant, limit_id, subject_id, period_at, bucket)
            use = self.uses[key]
            if not use.is_stored and EPOCH < period_at < self.now - PERIODS_KEPT:
                continue
            if use.used < quantity:
                raise RuntimeError(f"{key} counts {use.used}, so not {quantity} can come back")
            use.used -= quantity
            limit = self.limits[tenant, limit_id]
            if use.most is not None and limit.is_over:  # then all of its rows are here
                shared = sum(one.most or 0 for _, one in self.stocks[tenant, limit_id])
                use.most -= min(quantity, max(0, shared - limit.most))

    def left(self, tenant: str, limit_id: str, subject_id: str) -> int:
        """So many more can be counted now; QUANTITY_MAX of a limit that has ended.

        Of a stock in buckets: of those that are locked, which is all where they hold less than was
        asked of them. NotFound for a limit that does not exist.
        """
        limit = self._limit(tenant, limit_id)
        if limit.ended:
            return QUANTITY_MAX
        if limit.is_stock:
            return sum(use.room for _, use in self.stocks.get((tenant, limit_id), ()))
        return max(0, limit.most - self._use(limit, tenant, subject_id)[1].used)

    def forget(self) -> None:
        """All of it is written: from here on only what comes next."""
        for use in self.uses.values():
            if use.changed:
                use.was_used, use.was_most, use.is_stored = use.used, use.most, True

    def _count(self, tenant: str, want: Want) -> list[Counted]:
        limit = self._limit(tenant, want.limit_id)
        if limit.ended:
            return []
        if limit.is_stock:
            return self._draw(limit, tenant, want)
        subject_id = subject_of(limit, want.subject_id)
        if not subject_id and limit.subject is not Subject.ACTIVITY:  # nobody told whose it is
            raise self._refused(limit, tenant, want, left=0)
        key, use = self._use(limit, tenant, subject_id)
        if use.used + want.quantity > limit.most:
            raise self._refused(limit, tenant, want, left=max(0, limit.most - use.used))
        use.used += want.quantity
        return [Counted(*key[1:], want.quantity)]

    def _draw(self, limit: Limit, tenant: str, want: Want) -> list[Counted]:
        """Takes from one bucket after the other."""
        rows = self.stocks.get((tenant, limit.limit_id), ())
        missing, done = want.quantity, []
        for key, use in rows:
            taken = min(missing, use.room)
            if taken:
                use.used += taken
                done.append(Counted(*key[1:], taken))
                missing -= taken
                if not missing:
                    return done
        self.give_back(tenant, done)
        raise self._refused(limit, tenant, want, left=want.quantity - missing)

    def _limit(self, tenant: str, limit_id: str) -> Limit:
        limit = self.limits.get((tenant, limit_id))
        if limit is None:
            raise NotFound("limit", limit_id)
        return limit

    def _use(self, limit: Limit, tenant: str, subject_id: str) -> tuple[UseKey, Use]:
        period_at, _ = self.period_of(tenant, limit)
        subject_id = subject_of(limit, subject_id)
        key = UseKey(tenant, limit.limit_id, subject_id, period_at, 0)
        return key, self.uses[key]

    def period_of(self, tenant: str, limit: Limit) -> tuple[datetime, datetime | None]:
        """When the limit's running period began, and when the next one does (None: never)."""
        key = tenant, limit.limit_id
        if key not in self._periods:
            self._periods[key] = period_of(limit, self.now)
        return self._periods[key]

    def _refused(self, limit: Limit, tenant: str, want: Want, *, left: int) -> Refused:
        facts: dict[str, object] = {
            "limit_id": limit.limit_id,
            "left": left,
            "wanted": want.quantity,
        }
        if limit.is_stock:
            words = f"{limit.limit_id!r} has {left} left, not {want.quantity}"
            return Refused(Reason.SOLD_OUT, words, metadata=facts)
        facts |= {
            "subject": limit.subject.value,
            "subject_id": want.subject_id,
            "period": limit.period.value,
            "most": limit.most,
        }
        resets_at = self.period_of(tenant, limit)[1]
        if resets_at is not None:
            facts["resets_at"] = resets_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        words = f"{limit.limit_id!r} leaves {left} of {limit.most}, not {want.quantity}"
        return Refused(Reason.LIMIT_REACHED, words, metadata=facts)

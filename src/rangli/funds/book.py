"""Decisions on locked pools: what orders reserve, spend, release and get refunded. Pure.

A `FundBook` stands on a `ledger.book.Book` whose accounts and holds are locked, and on the rows of
the pools behind them. Each call sees what the calls before it did; a refused call leaves
everything as it was. `spending_store` reads and writes what is in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from rangli.core.errors import Invalid, NotFound, Violation
from rangli.funds.amounts import by_leg, less_is_left, less_was_spent, refuse_ended
from rangli.funds.model import Balances, FundedShare, Funding, Pool
from rangli.funds.records import (
    ITSELF,
    Day,
    Done,
    Move,
    Part,
    Reservation,
    counts,
    crossing,
    seen,
)
from rangli.funds.room import Room, grants
from rangli.funds.wanted import (
    BatchSpend,
    Refund,
    Refunded,
    Release,
    ReservationNow,
    Reserve,
    Spend,
)
from rangli.ledger.book import Book
from rangli.ledger.model import LEGS_MAX, Cause, Hold, HoldState, Leg
from rangli.storage.outbox import Event

# A reservation spent at once is open for no longer than the transaction that makes it.
_MOMENT_S = 1.0


class FundBook:
    """Pools, their days, fundings and reservations around a ledger's book.

    fundings: by (tenant, activity_id, version asked for).
    days: what is used, of today and of every day that a reservation counts for.
    """

    def __init__(
        self,
        ledger: Book,
        *,
        pools: Iterable[Pool] = (),
        days: Mapping[Day, int] | None = None,
        fundings: Mapping[tuple[str, str, int], Funding] | None = None,
        reservations: Iterable[Reservation] = (),
    ) -> None:
        self.ledger = ledger
        self.pools = {(pool.tenant, pool.pool_id): pool for pool in pools}
        self._as_locked = dict(self.pools)
        self.days = dict(days or {})
        self.fundings = fundings or {}
        self.reservations = {(r.tenant, r.reservation_id): r for r in reservations}
        self.done = Done()

    def balances(self, pool: Pool) -> Balances:
        """The pool's money at this point."""
        budget = self.ledger.account(pool.tenant, pool.budget_account_id)
        spent = self.ledger.account(pool.tenant, pool.spent_account_id)
        return Balances(
            budget_minor=budget.posted_minor + spent.posted_minor,
            reserved_minor=budget.pending_out_minor,
            spent_minor=spent.posted_minor,
        )

    def reserve(self, tenant: str, wanted: Reserve, cause: Cause, *, actor: str) -> ReservationNow:
        """Reserves all items or none. Raises Invalid, NotFound, Refused."""
        reservation = self._reserve(tenant, wanted, cause, at=self.ledger.now, ttl_s=wanted.ttl_s)
        self._tell(reservation, "reservation.reserved", actor, self._held(reservation))
        return self.now(reservation)

    def batch_spend(
        self, tenant: str, wanted: BatchSpend, cause: Cause, *, actor: str
    ) -> ReservationNow:
        """Reserves all items or none, and spends them at once. Raises as `reserve`."""
        # No day is used up before it begins.
        at = min(wanted.occurred_at or self.ledger.now, self.ledger.now)
        asked = Reserve(wanted.order_id, wanted.items)
        reservation = self._reserve(tenant, asked, cause, at=at, ttl_s=_MOMENT_S)
        held = self._held(reservation)
        self._capture(reservation, held, cause, final=True, late=False)
        self._tell(reservation, "reservation.spent", actor, held)
        return self.now(reservation)

    def spend(self, tenant: str, wanted: Spend, cause: Cause, *, actor: str) -> ReservationNow:
        """Spends what is reserved, or a part. Raises Invalid, NotFound, Refused."""
        reservation, hold = self._found(tenant, wanted.reservation_id)
        refuse_ended(hold, self.ledger.now, late=wanted.late)
        amounts = by_leg(
            reservation,
            wanted.items,
            whole=[leg.held_minor for leg in hold.legs],
            done=[leg.captured_minor for leg in hold.legs],
            exceeded=partial(less_is_left, hold, self.ledger.now),
        )
        if hold.state is HoldState.EXPIRED:
            self._refuse_gone(reservation, amounts)
        final = wanted.final or not wanted.items
        self._capture(reservation, amounts, cause, final=final, late=wanted.late)
        self._tell(reservation, "reservation.spent", actor, amounts)
        return self.now(reservation)

    def release(self, tenant: str, wanted: Release, cause: Cause, *, actor: str) -> ReservationNow:
        """Gives up what is left; nothing happens if that was done before. Raises as `spend`."""
        reservation, hold = self._found(tenant, wanted.reservation_id)
        left = [leg.left_minor for leg in hold.legs]
        if self.ledger.void(tenant, hold.hold_id, cause) is not None:
            self._recount(reservation)
            self._tell(reservation, "reservation.released", actor, left)
        return self.now(reservation)

    def refund(self, tenant: str, wanted: Refund, cause: Cause, *, actor: str) -> Refunded:
        """Gives back to each funder what it bore of the amounts. Raises as `spend`."""
        reservation, hold = self._found(tenant, wanted.reservation_id)
        amounts = by_leg(
            reservation,
            wanted.items,
            whole=[leg.captured_minor for leg in hold.legs],
            done=[leg.returned_minor for leg in hold.legs],
            exceeded=partial(less_was_spent, hold),
        )
        transaction_id = self.ledger.give_back(tenant, hold.hold_id, amounts, cause)
        self._moved(reservation, transaction_id, [-amount for amount in amounts], cause)
        self._recount(reservation)
        self._tell(reservation, "reservation.refunded", actor, amounts)
        return Refunded(
            self.now(reservation),
            tuple(
                (part.activity_id, part.funder, part.pool_id, amount)
                for part, amount in zip(reservation.parts, amounts, strict=True)
                if amount
            ),
        )

    def count_expired(self, tenant: str, reservation_id: str) -> None:
        """Returns to the days what an expired hold no longer takes; once."""
        reservation, hold = self._found(tenant, reservation_id)
        if reservation.is_open and hold.state is HoldState.EXPIRED:
            self._recount(reservation)
            released = [leg.released_minor for leg in hold.legs]
            self._tell(reservation, "reservation.expired", ITSELF, released)

    def put(self, pool: Pool) -> None:
        """What an operator makes of a pool; its revision and levels come with `judge`."""
        self.pools[pool.tenant, pool.pool_id] = pool

    def judge(self) -> list[Pool]:
        """Gives every pool the level of its money as it now is; those that stand otherwise."""
        moved = []
        for key, before in self._as_locked.items():
            balances = self.balances(before)
            today = (*key, before.day_of(self.ledger.now))
            after = self.pools[key].judged(
                balances, today_minor=self.days.get(today, 0), now=self.ledger.now
            )
            if after == before:
                continue
            after = replace(after, revision=before.revision + 1)
            self.pools[key] = after
            self.done.pools.append(after)
            if after.standing != before.standing:
                moved.append(after)
            if after.level is not before.level:
                self.done.events.append(crossing(after, before.level, balances))
        return moved

    def now(self, reservation: Reservation) -> ReservationNow:
        """The reservation as it stands at this point."""
        hold = self.ledger.holds[reservation.tenant, reservation.reservation_id]
        return seen(reservation, hold, self.ledger.now)

    # What the verbs are made of.

    def _room(self, tenant: str, at: datetime) -> Room:
        return Room(self.ledger, self.pools, self.days, tenant, at)

    def _found(self, tenant: str, reservation_id: str) -> tuple[Reservation, Hold]:
        reservation = self.reservations.get((tenant, reservation_id))
        if reservation is None:
            raise NotFound("reservation", reservation_id)
        return reservation, self.ledger.holds[tenant, reservation_id]

    def _reserve(
        self, tenant: str, wanted: Reserve, cause: Cause, *, at: datetime, ttl_s: float
    ) -> Reservation:
        fundings = self._fundings(tenant, wanted)
        room = self._room(tenant, at)
        # In an order of their own, so that the order of the message decides nothing.
        legs: list[Leg] = []
        parts: list[Part] = []
        for _, funding, amounts in grants(room, wanted.items, fundings):
            for share, amount in zip(funding.shares, amounts, strict=True):
                if amount:
                    legs.append(Leg(share.source_id, share.target_id, amount))
                    parts.append(self._part(tenant, funding, share, amount, at=at))
        if len(legs) > LEGS_MAX:
            raise Invalid.fields(
                Violation("items", f"at most {LEGS_MAX} parts of funders in all, not {len(legs)}")
            )
        hold = self.ledger.hold(tenant, legs, cause, ttl_s=ttl_s)
        reservation = Reservation(
            tenant,
            hold.hold_id,
            wanted.order_id,
            next(iter(fundings.values())).currency,
            hold.expires_at,
            is_open=True,
            parts=tuple(parts),
        )
        for part in parts:
            self._count(tenant, part, part.counted_minor)
        self.reservations[tenant, hold.hold_id] = reservation
        self.done.reservations[tenant, hold.hold_id] = reservation
        return reservation

    def _fundings(self, tenant: str, wanted: Reserve) -> dict[str, Funding]:
        """By activity_id; all of one currency."""
        found: dict[str, Funding] = {}
        for item in wanted.items:
            funding = self.fundings.get((tenant, item.activity_id, item.version))
            if funding is None:
                version = f"@{item.version}" if item.version else ""
                raise NotFound("funding of the activity", f"{item.activity_id}{version}")
            found[item.activity_id] = funding
        currency = found[wanted.items[0].activity_id].currency
        for item in wanted.items:
            other = found[item.activity_id].currency
            if other != currency:
                raise Invalid.fields(
                    Violation(
                        f"{item.path}.activity_id", f"gives {other}, the first item {currency}"
                    )
                )
        return found

    def _part(
        self, tenant: str, funding: Funding, share: FundedShare, amount: int, *, at: datetime
    ) -> Part:
        day = self.pools[tenant, share.pool_id].day_of(at) if share.pool_id else None
        return Part(
            funding.activity_id,
            funding.version,
            share.funder,
            share.pool_id,
            day,
            counted_minor=amount if day else 0,
        )

    def _capture(
        self,
        reservation: Reservation,
        amounts: Sequence[int],
        cause: Cause,
        *,
        final: bool,
        late: bool,
    ) -> None:
        transaction_id = self.ledger.capture(
            reservation.tenant,
            reservation.reservation_id,
            cause,
            amounts_minor=amounts,
            final=final,
            late=late,
        )
        self._moved(reservation, transaction_id, amounts, cause)
        self._recount(reservation)

    def _refuse_gone(self, reservation: Reservation, amounts: Sequence[int]) -> None:
        """What expired must be there once more, within its day's cap: else names what is gone."""
        hold = self.ledger.holds[reservation.tenant, reservation.reservation_id]
        room = self._room(reservation.tenant, self.ledger.now)
        for part, leg, amount in zip(reservation.parts, hold.legs, amounts, strict=True):
            if part.pool_id is None or part.day is None or not amount:
                continue
            more = counts(leg) + amount - part.counted_minor
            room.take_again(part, part.pool_id, part.day, amount, counted_minor=more)

    def _moved(
        self,
        reservation: Reservation,
        transaction_id: str,
        amounts: Sequence[int],
        cause: Cause,
    ) -> None:
        at = cause.occurred_at or self.ledger.now
        self.done.moves += [
            Move(reservation.tenant, transaction_id, leg, reservation.reservation_id, amount, at)
            for leg, amount in enumerate(amounts)
            if amount
        ]

    def _recount(self, reservation: Reservation) -> None:
        """Returns to each day what its legs no longer take; notes whether the hold has ended."""
        key = (reservation.tenant, reservation.reservation_id)
        hold = self.ledger.holds[key]
        changed = False
        for part, leg in zip(reservation.parts, hold.legs, strict=True):
            counted = counts(leg)
            if part.day is not None and part.counted_minor != counted:
                self._count(reservation.tenant, part, counted - part.counted_minor)
                part.counted_minor = counted
                changed = True
        is_open = hold.state is HoldState.PENDING
        if changed or is_open != reservation.is_open:
            reservation.is_open = is_open
            if key not in self.done.reservations:
                self.done.changed[key] = reservation

    def _count(self, tenant: str, part: Part, change_minor: int) -> None:
        if part.pool_id is None or part.day is None:
            return
        day = (tenant, part.pool_id, part.day)
        self.days[day] = self.days.get(day, 0) + change_minor
        self.done.days[day] = self.days[day]

    def _held(self, reservation: Reservation) -> list[int]:
        hold = self.ledger.holds[reservation.tenant, reservation.reservation_id]
        return [leg.held_minor for leg in hold.legs]

    def _tell(
        self, reservation: Reservation, event_type: str, actor: str, amounts: Sequence[int]
    ) -> None:
        payload = {
            "order_id": reservation.order_id,
            "currency": reservation.currency,
            "parts": [
                {
                    "activity_id": part.activity_id,
                    "funder": part.funder,
                    "pool_id": part.pool_id,
                    "amount_minor": amount,
                }
                for part, amount in zip(reservation.parts, amounts, strict=True)
                if amount
            ],
        }
        self.done.events.append(
            Event(
                reservation.tenant,
                "reservation",
                reservation.reservation_id,
                event_type,
                actor,
                payload,
            )
        )

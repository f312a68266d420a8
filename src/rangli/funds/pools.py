"""What operators do with pools; each in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rangli.core.clock import zone
from rangli.core.errors import (
    Conflict,
    Invalid,
    NameTaken,
    NotFound,
    Reason,
    Refused,
    Violation,
)
from rangli.core.money import BPS, known_currency
from rangli.funds import spending_store, store
from rangli.funds.book import FundBook
from rangli.funds.model import DEPTH_MAX, WARN_BPS_MIN, Balances, Level, Pool, PoolState
from rangli.funds.room import insufficient, owner_of, refuse_shut
from rangli.ledger import store as ledger_store
from rangli.ledger.model import AMOUNT_MINOR_MAX, AccountKey, Cause, Leg
from rangli.storage.outbox import Event
from rangli.storage.postgres import Connection


@dataclass(frozen=True, slots=True)
class By:
    """Whose change it is, which request's, and why."""

    tenant: str
    actor: str
    method: str
    request_id: str
    reason: str

    @property
    def cause(self) -> Cause:
        """As the journal has it."""
        return Cause(self.method, self.request_id, self.reason)


@dataclass(frozen=True, slots=True)
class Standing:
    """A pool and its money. today_minor: used on the current business day."""

    pool: Pool
    balances: Balances
    today_minor: int


@dataclass(frozen=True, slots=True)
class NewPool:
    """A pool to be made; what is None is as the parent has it."""

    pool_id: str
    parent_id: str | None
    display_name: str
    funder: str | None
    currency: str | None
    time_zone: str | None
    warn_bps: int
    slow_bps: int
    daily_cap_minor: int
    budget_minor: int


async def create_pool(conn: Connection, by: By, new: NewPool) -> Standing:
    """Makes a pool with its first budget. Raises Invalid, NotFound, NameTaken, Refused."""
    parent = await _pool(conn, by.tenant, new.parent_id) if new.parent_id else None
    pool = await _made(conn, by.tenant, new, parent)
    if not await store.insert(conn, pool):
        raise NameTaken("pool", new.pool_id)
    case = await _locked(conn, by, pool, parent)
    if case.parent is not None:
        refuse_shut(case.parent)
    case.get(new.budget_minor)
    return await case.done(
        conn, "pool.created", parent_id=new.parent_id, budget_minor=new.budget_minor
    )


async def get_pool(conn: Connection, tenant: str, pool_id: str) -> Standing:
    """The pool; raises NotFound."""
    found = await store.get_full(conn, tenant, pool_id)
    if found is None:
        raise NotFound("pool", pool_id)
    return Standing(*found)


async def allocate(conn: Connection, by: By, pool_id: str, amount_minor: int) -> Standing:
    """Adds to a pool's budget. Raises NotFound, Refused."""
    case = await _case(conn, by, pool_id)
    _refuse_closed(case.pool)
    if case.parent is not None:
        refuse_shut(case.parent)
    case.get(amount_minor)
    return await case.done(conn, "pool.allocated", amount_minor=amount_minor)


async def adjust(
    conn: Connection, by: By, pool_id: str, *, expected_minor: int, budget_minor: int
) -> Standing:
    """Sets a pool's budget if it still is as expected. Raises NotFound, Conflict, Refused."""
    case = await _case(conn, by, pool_id)
    _refuse_closed(case.pool)
    actual_minor = case.balances.budget_minor
    if actual_minor != expected_minor:
        raise Conflict(
            Reason.BUDGET_CHANGED,
            f"the budget of {pool_id!r} is {actual_minor} by now: read it again, then decide",
            metadata={
                "pool_id": pool_id,
                "expected_budget_minor": expected_minor,
                "actual_budget_minor": actual_minor,
            },
        )
    if budget_minor > actual_minor:
        if case.parent is not None:
            refuse_shut(case.parent)
        case.get(budget_minor - actual_minor)
    else:
        case.give_back(actual_minor - budget_minor)
    return await case.done(conn, "pool.adjusted", was_minor=actual_minor, budget_minor=budget_minor)


async def update(
    conn: Connection, by: By, pool_id: str, *, expected_revision: int, **changes: Any
) -> Standing:
    """Changes display_name, daily_cap_minor, warn_bps or slow_bps.

    Raises Invalid, NotFound, Conflict, Refused.
    """
    case = await _case(conn, by, pool_id, expected_revision)
    _refuse_closed(case.pool)
    changed = replace(case.pool, **changes)
    if changed.warn_bps > changed.slow_bps:
        raise Invalid.fields(Violation("warn_bps", f"at most slow_bps, {changed.slow_bps}"))
    case.book.put(changed)
    return await case.done(conn, "pool.updated", **changes)


async def freeze(conn: Connection, by: By, pool_id: str, *, expected_revision: int) -> Standing:
    """OPEN -> FROZEN. Raises NotFound, Conflict, Refused."""
    case = await _case(conn, by, pool_id, expected_revision)
    _refuse_unless(case.pool, PoolState.OPEN)
    case.book.put(replace(case.pool, state=PoolState.FROZEN))
    return await case.done(conn, "pool.frozen")


async def resume(conn: Connection, by: By, pool_id: str, *, expected_revision: int) -> Standing:
    """FROZEN -> OPEN. Raises NotFound, Conflict, Refused."""
    case = await _case(conn, by, pool_id, expected_revision)
    _refuse_unless(case.pool, PoolState.FROZEN)
    case.book.put(replace(case.pool, state=PoolState.OPEN))
    return await case.done(conn, "pool.resumed")


async def close(conn: Connection, by: By, pool_id: str, *, expected_revision: int) -> Standing:
    """Any state -> CLOSED; what is left goes up. Raises NotFound, Conflict, Refused."""
    case = await _case(conn, by, pool_id, expected_revision)
    balances = case.balances
    child_id = await store.open_child(conn, by.tenant, pool_id)
    if balances.reserved_minor or child_id is not None:
        raise Refused(
            Reason.WRONG_STATE,
            f"the pool {pool_id!r} has a child that is not closed: {child_id!r}"
            if child_id is not None
            else f"of the pool {pool_id!r} something is reserved",
            metadata={
                "pool_id": pool_id,
                "state": case.pool.state,
                "allowed": "nothing reserved, all children closed",
                "reserved_minor": balances.reserved_minor,
                "child_id": child_id or "",
            },
        )
    case.give_back(balances.available_minor)
    case.book.put(replace(case.pool, state=PoolState.CLOSED))
    return await case.done(conn, "pool.closed", returned_minor=balances.available_minor)


@dataclass(frozen=True, slots=True)
class _Case:
    """A pool and its parent, locked together. house_id: where a root's money comes from."""

    by: By
    book: FundBook
    pool: Pool
    parent: Pool | None
    house_id: int

    @property
    def balances(self) -> Balances:
        return self.book.balances(self.pool)

    @property
    def above_id(self) -> int:
        return self.parent.budget_account_id if self.parent else self.house_id

    def get(self, amount_minor: int) -> None:
        """Budget comes from above."""
        if self.parent is not None:
            _refuse_more(self.parent, self.book.balances(self.parent), amount_minor)
        self._post(self.above_id, self.pool.budget_account_id, amount_minor)

    def give_back(self, amount_minor: int) -> None:
        """Budget goes up again."""
        _refuse_more(self.pool, self.balances, amount_minor)
        self._post(self.pool.budget_account_id, self.above_id, amount_minor)

    def _post(self, source_id: int, target_id: int, amount_minor: int) -> None:
        if amount_minor:
            # A pool may have been given more than one leg can carry.
            whole, rest = divmod(amount_minor, AMOUNT_MINOR_MAX)
            amounts = [AMOUNT_MINOR_MAX] * whole + ([rest] if rest else [])
            legs = [Leg(source_id, target_id, amount) for amount in amounts]
            self.book.ledger.post(self.by.tenant, legs, self.by.cause)

    async def done(self, conn: Connection, event_type: str, **facts: Any) -> Standing:
        """Written and told; how the pool now stands."""
        key = (self.by.tenant, self.pool.pool_id)
        payload = {**facts, "reason": self.by.reason}
        event = Event(self.by.tenant, "pool", key[1], event_type, self.by.actor, payload)
        self.book.done.events.append(event)
        await spending_store.write(conn, self.book)
        after = self.book.pools[key]
        today = (*key, after.day_of(self.book.ledger.now))
        return Standing(after, self.book.balances(after), self.book.days.get(today, 0))


async def _case(conn: Connection, by: By, pool_id: str, expected_revision: int = 0) -> _Case:
    pool = await _pool(conn, by.tenant, pool_id)
    parent = await _pool(conn, by.tenant, pool.parent_id) if pool.parent_id else None
    case = await _locked(conn, by, pool, parent)
    if expected_revision and expected_revision != case.pool.revision:
        raise Conflict(
            Reason.REVISION_MISMATCH,
            f"{pool_id!r} is at revision {case.pool.revision}: read it again, then decide",
            metadata={
                "pool_id": pool_id,
                "expected_revision": expected_revision,
                "actual_revision": case.pool.revision,
            },
        )
    return case


async def _pool(conn: Connection, tenant: str, pool_id: str) -> Pool:
    found = await store.get(conn, tenant, [pool_id])
    if pool_id not in found:
        raise NotFound("pool", pool_id)
    return found[pool_id]


async def _locked(conn: Connection, by: By, pool: Pool, parent: Pool | None) -> _Case:
    """The pool and its parent as they are now that their accounts are locked."""
    if parent is not None:
        book = await spending_store.for_pools(conn, [pool, parent])
        now = book.pools[by.tenant, parent.pool_id]
        return _Case(by, book, book.pools[by.tenant, pool.pool_id], now, house_id=0)
    house = AccountKey(by.tenant, "house", "funding", pool.currency)
    house_id = (await ledger_store.open_accounts(conn, {house: None}))[house]
    book = await spending_store.for_pools(conn, [pool], house=[(by.tenant, house_id)])
    return _Case(by, book, book.pools[by.tenant, pool.pool_id], None, house_id)


def _refuse_more(pool: Pool, balances: Balances, amount_minor: int) -> None:
    if amount_minor > balances.available_minor:
        raise insufficient(pool, balances.available_minor, amount_minor)


def _refuse_closed(pool: Pool) -> None:
    if pool.state is PoolState.CLOSED:
        refuse_shut(pool)


def _refuse_unless(pool: Pool, state: PoolState) -> None:
    if pool.state is not state:
        raise Refused(
            Reason.WRONG_STATE,
            f"the pool {pool.pool_id!r} is {pool.state}",
            metadata={"pool_id": pool.pool_id, "state": pool.state, "allowed": state},
        )


async def _made(conn: Connection, tenant: str, new: NewPool, parent: Pool | None) -> Pool:
    """The new pool, with its accounts."""
    violations = _violations(new, parent)
    if violations:
        raise Invalid.fields(*violations)
    currency = new.currency or (parent.currency if parent else "")
    budget, spent = (
        AccountKey(tenant, owner_of(new.pool_id), kind, currency) for kind in ("budget", "spent")
    )
    accounts = await ledger_store.open_accounts(conn, {budget: 0, spent: 0})
    pool = Pool(
        tenant=tenant,
        pool_id=new.pool_id,
        parent_id=parent.pool_id if parent else None,
        depth=parent.depth + 1 if parent else 1,
        display_name=new.display_name or new.pool_id,
        funder=new.funder or (parent.funder if parent else ""),
        currency=currency,
        time_zone=new.time_zone or (parent.time_zone if parent else "UTC"),
        warn_bps=new.warn_bps,
        slow_bps=new.slow_bps,
        daily_cap_minor=new.daily_cap_minor,
        state=PoolState.OPEN,
        revision=1,
        budget_level=Level.OK,
        paused_until=None,
        budget_account_id=accounts[budget],
        spent_account_id=accounts[spent],
        created_at=await store.transaction_at(conn),
    )
    return pool.judged(Balances(new.budget_minor), today_minor=0, now=pool.created_at)


def _violations(new: NewPool, parent: Pool | None) -> list[Violation]:
    found = []
    if parent is None:
        found += [
            Violation(name, "is required of a root")
            for name, value in (("funder", new.funder), ("currency", new.currency))
            if not value
        ]
    else:
        if parent.depth >= DEPTH_MAX:
            found.append(Violation("parent_id", f"a tree is at most {DEPTH_MAX} deep"))
        if new.currency not in (None, parent.currency):
            found.append(Violation("currency", f"the parent's is {parent.currency}"))
    if new.currency and not known_currency(new.currency):
        found.append(Violation("currency", "must be an ISO 4217 code, such as USD"))
    if new.time_zone and zone(new.time_zone) is None:
        found.append(Violation("time_zone", "must be an IANA name, such as Europe/Berlin"))
    if not WARN_BPS_MIN <= new.warn_bps <= new.slow_bps <= BPS:
        found.append(Violation("warn_bps", f"{WARN_BPS_MIN} <= warn_bps <= slow_bps <= {BPS}"))
    return found

"""What pools can still give to one request: decided before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from rangli.core.errors import Invalid, Reason, Refused, Violation
from rangli.funds.model import Funding, Pool, PoolState
from rangli.funds.records import Day, Part, PoolId
from rangli.funds.wanted import ReserveItem
from rangli.ledger.book import Book

Grant = tuple[ReserveItem, Funding, Sequence[int]]


class Room:
    """The pools as one request takes from them; nothing is taken for anybody else."""

    def __init__(
        self,
        ledger: Book,
        pools: Mapping[PoolId, Pool],
        days: Mapping[Day, int],
        tenant: str,
        at: datetime,
    ) -> None:
        self._ledger = ledger
        self._pools = pools
        self._days = days
        self._tenant = tenant
        self._at = at
        self._taken: dict[str, int] = {}
        self._counted: dict[tuple[str, date], int] = {}

    def left(self, pool_id: str | None) -> int | None:
        """What a share can still get; None: no budget limits it."""
        if pool_id is None:
            return None
        pool = self._pools[self._tenant, pool_id]
        left = self._budget(pool)
        if pool.daily_cap_minor:
            left = min(left, self._of_day(pool, pool.day_of(self._at)))
        return max(0, left)

    def take(self, pool_id: str | None, amount_minor: int, activity_id: str) -> None:
        """Refuses FUNDS_FROZEN, WRONG_STATE, INSUFFICIENT_FUNDS and DAILY_CAP_REACHED."""
        if pool_id is None or not amount_minor:
            return
        pool = self._pools[self._tenant, pool_id]
        refuse_shut(pool, activity_id=activity_id)
        day = pool.day_of(self._at)
        self._take(pool, day, amount_minor, amount_minor, activity_id)

    def take_again(
        self, part: Part, pool_id: str, day: date, amount_minor: int, *, counted_minor: int
    ) -> None:
        """The same for what has expired since, and counts for its first day once more.

        What was reserved before may be taken of a frozen pool. counted_minor: by how much its day
        would change.
        """
        pool = self._pools[self._tenant, pool_id]
        self._take(pool, day, amount_minor, counted_minor, part.activity_id)

    def _take(
        self, pool: Pool, day: date, amount_minor: int, counted_minor: int, activity_id: str
    ) -> None:
        key = (pool.pool_id, day)
        if amount_minor > self._budget(pool):
            raise insufficient(pool, self._budget(pool), amount_minor, activity_id=activity_id)
        if pool.daily_cap_minor and counted_minor > max(0, self._of_day(pool, day)):
            raise Refused(
                Reason.DAILY_CAP_REACHED,
                f"the pool {pool.pool_id!r} gives no more than that on {day}",
                metadata={
                    "pool_id": pool.pool_id,
                    "day": day.isoformat(),
                    "available_minor": max(0, self._of_day(pool, day)),
                    "wanted_minor": amount_minor,
                    "activity_id": activity_id,
                },
            )
        self._taken[pool.pool_id] = self._taken.get(pool.pool_id, 0) + amount_minor
        self._counted[key] = self._counted.get(key, 0) + counted_minor

    def _budget(self, pool: Pool) -> int:
        account = self._ledger.account(self._tenant, pool.budget_account_id)
        return account.available_minor - self._taken.get(pool.pool_id, 0)

    def _of_day(self, pool: Pool, day: date) -> int:
        used = self._days.get((self._tenant, pool.pool_id, day), 0)
        return pool.daily_cap_minor - used - self._counted.get((pool.pool_id, day), 0)


def grants(
    room: Room, items: Iterable[ReserveItem], fundings: Mapping[str, Funding]
) -> list[Grant]:
    """What each item gets of its funders, by activity; in the shares' order, sums as granted.

    Items that take all or nothing come first, then the others, each by activity: so the order of
    the message decides nothing. Raises Invalid, and Refused as `Room.take`.
    """
    granted: list[Grant] = []
    for item in sorted(items, key=lambda item: (item.allow_partial, item.activity_id)):
        funding = fundings[item.activity_id]
        pools = [share.pool_id for share in funding.shares]
        amounts = _as_said(item, funding) if item.parts else funding.split(item.amount_minor)
        if item.allow_partial and funding.allow_partial:
            left = [room.left(pool_id) for pool_id in pools]
            short = [
                most
                for part, most in zip(amounts, left, strict=True)
                if most is not None and part > most
            ]
            # Who has nothing left grants nothing: rounding does not let the others give for them.
            # Such an item is told what the whole of it is refused for.
            if short and min(short) > 0 and (part := funding.largest(item.amount_minor, left)):
                amounts = funding.split(part)
        for pool_id, amount in zip(pools, amounts, strict=True):
            room.take(pool_id, amount, item.activity_id)
        granted.append((item, funding, amounts))
    return sorted(granted, key=lambda grant: grant[0].activity_id)


def _as_said(item: ReserveItem, funding: Funding) -> list[int]:
    known = {share.funder for share in funding.shares}
    for part in item.parts:
        if part.funder not in known:
            raise Invalid.fields(Violation(f"{part.path}.funder", "bears no share of the activity"))
    said = {part.funder: part.amount_minor for part in item.parts}
    return [said.get(share.funder, 0) for share in funding.shares]


def refuse_shut(pool: Pool, **facts: object) -> None:
    """Nothing new goes out of a pool that is not OPEN. facts: for the refusal."""
    if pool.state is PoolState.FROZEN:
        raise Refused(
            Reason.FUNDS_FROZEN,
            f"the pool {pool.pool_id!r} is frozen",
            metadata={**_names(pool), **facts},
        )
    if pool.state is PoolState.CLOSED:
        raise Refused(
            Reason.WRONG_STATE,
            f"the pool {pool.pool_id!r} is closed",
            metadata={
                "pool_id": pool.pool_id,
                "state": pool.state,
                "allowed": PoolState.OPEN,
                **facts,
            },
        )


def insufficient(pool: Pool, available_minor: int, wanted_minor: int, **facts: object) -> Refused:
    """The pool's budget leaves less than that."""
    return Refused(
        Reason.INSUFFICIENT_FUNDS,
        f"the pool {pool.pool_id!r} has less than that left",
        metadata={
            **_names(pool),
            "available_minor": available_minor,
            "wanted_minor": wanted_minor,
            **facts,
        },
    )


def _names(pool: Pool) -> dict[str, object]:
    return {
        "pool_id": pool.pool_id,
        "owner": owner_of(pool.pool_id),
        "kind": "budget",
        "unit": pool.currency,
    }


def owner_of(pool_id: str) -> str:
    """Whose accounts a pool's are."""
    return f"pool/{pool_id}"

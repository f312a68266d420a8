"""What is personal and changing: a shopper's coupons, and what limits leave. Locks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rangli.checkout import store
from rangli.checkout.counting import Key
from rangli.core import clock
from rangli.counters import limit_store as counters
from rangli.counters.model import Counted
from rangli.coupons import reading
from rangli.coupons import store as coupons
from rangli.coupons.gathering import Gatherer
from rangli.coupons.held import Holder, usable_of
from rangli.coupons.model import Coupon, CouponKey, CouponState
from rangli.storage.postgres import Connection, Pool, connection

# So many checkouts are read together at most, and so many readings are under way.
_AT_ONCE, _READING = 100, 4
_ALIVE = (CouponState.USABLE, CouponState.LOCKED, CouponState.FROZEN)


@dataclass(frozen=True, slots=True)
class Ask:
    """What one checkout needs to know.

    coupon_ids: None: all of the user's that can be used now; else just these, whatever their state.
    coupons_max: the soonest to expire so many.
    limits: subjects of limits; each once.
    order_id: what this order has locked and counted is to be had by it.
    with_unusable: those too that are frozen, locked, or cannot be used yet; no more in all.
    """

    tenant: str
    user_id: str
    coupon_ids: tuple[str, ...] | None
    coupons_max: int
    limits: tuple[Key, ...]
    order_id: str | None = None
    with_unusable: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether it asks for what the user can use now, and nothing else."""
        return self.coupon_ids is None and self.order_id is None and not self.with_unusable

    @property
    def named(self) -> list[CouponKey]:
        """The coupons that it names."""
        return [CouponKey(self.tenant, self.user_id, each) for each in self.coupon_ids or ()]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be read."""
        return not (self.wants_coupons or self.limits)

    @property
    def wants_coupons(self) -> bool:
        """Whether there are coupons to be read."""
        return bool(self.user_id) and self.coupon_ids != () and self.coupons_max > 0


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found.

    now: when, by PostgreSQL's clock if there are coupons.  coupons: what can be used first, the
    soonest to expire first.
    left: of each limit and subject that there is.
    """

    now: datetime
    coupons: tuple[Coupon, ...] = ()
    left: Mapping[Key, int] = field(default_factory=dict)


class Gathering:
    """Reads for all checkouts of a process: those of one turn of the loop on one connection."""

    def __init__(self, pg: Pool) -> None:
        async def look(asks: Sequence[Ask]) -> dict[Ask, Gathered]:
            async with connection(pg) as conn:
                return dict(zip(asks, await _read(conn, asks), strict=True))

        self._gatherer = Gatherer(look, size_max=_AT_ONCE, at_once=_READING)

    async def gather(self, ask: Ask) -> Gathered:
        """What the checkout needs to know, as of now. Raises Unavailable.

        Where there is nothing to know, PostgreSQL is not asked.
        """
        if ask.is_empty:
            return Gathered(clock.now())
        gathered = await self._gatherer.ask(ask)
        assert gathered is not None  # there is an answer to each
        return gathered


async def _read(conn: Connection, asks: Sequence[Ask]) -> list[Gathered]:
    held = await _coupons(conn, asks)
    left = await _left(conn, asks)
    return [
        Gathered(*held.get(ask, (clock.now(), ())), of_one)
        for ask, of_one in zip(asks, left, strict=True)
    ]


async def _coupons(
    conn: Connection, asks: Sequence[Ask]
) -> dict[Ask, tuple[datetime, tuple[Coupon, ...]]]:
    """Each one's coupons, if it has any, as of an instant by PostgreSQL's clock."""
    usual = [ask for ask in asks if ask.wants_coupons and ask.is_usual]
    holders = [Holder(ask.tenant, ask.user_id, ask.coupons_max) for ask in usual]
    now, held = await usable_of(conn, holders)
    found = {
        ask: (now, tuple(of_one))
        for ask, of_one in zip(usual, held, strict=True)
        if of_one and now is not None
    }
    others = [ask for ask in asks if ask.wants_coupons and not ask.is_usual]
    if others:
        at = await store.clock(conn)
        named = await coupons.get(conn, {key for ask in others for key in ask.named})
        for ask in others:
            if ask.coupon_ids is None:
                found[ask] = at, tuple(await _unusual(conn, ask))
            else:
                theirs = [named[key] for key in ask.named if key in named]
                theirs.sort(key=lambda coupon: (coupon.expires_at, coupon.coupon_id))
                found[ask] = at, tuple(theirs)
    return found


async def _unusual(conn: Connection, ask: Ask) -> list[Coupon]:
    usable = await reading.usable(
        conn,
        ask.tenant,
        ask.user_id,
        order_id=ask.order_id,
        limit=ask.coupons_max,
    )
    if not ask.with_unusable:
        return usable
    others = await reading.newest(
        conn,
        ask.tenant,
        ask.user_id,
        states=_ALIVE,
        batch_id="",
        before="",
        size=ask.coupons_max,
    )
    by_id = {coupon.coupon_id: coupon for coupon in (*usable, *others)}
    return list(by_id.values())[: ask.coupons_max]


async def _left(conn: Connection, asks: Sequence[Ask]) -> list[dict[Key, int]]:
    """What each asks of limits."""
    items = sorted({(ask.tenant, *key) for ask in asks for key in ask.limits})
    if not items:
        return [{} for _ in asks]
    remaining = await counters.remaining(conn, items)
    return [
        {
            key: known.left + _own(counted, key, known.period_at)
            for key in ask.limits
            if (known := remaining.get((ask.tenant, *key))) is not None
        }
        for ask, counted in zip(asks, [await _counted(conn, ask) for ask in asks], strict=True)
    ]


async def _counted(conn: Connection, ask: Ask) -> tuple[Counted, ...]:
    """What the order counts at the moment, which it may count again."""
    seen = await store.get(conn, ask.tenant, ask.order_id) if ask.order_id else None
    return seen.order.counted if seen is not None else ()


def _own(counted: Iterable[Counted], key: Key, period_at: datetime) -> int:
    return sum(
        one.quantity
        for one in counted
        if (one.limit_id, one.subject_id) == key and one.period_at == period_at
    )

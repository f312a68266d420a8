"""What becomes of coupons that are out: whole batches of requests in one open transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from rangli.core.errors import Invalid, RangliError, Violation
from rangli.counters import store as counters
from rangli.counters.model import Counted
from rangli.coupons import store
from rangli.coupons.book import Change, CouponBook
from rangli.coupons.model import Coupon, CouponKey
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.storage.verdicts import each

_EXTEND_MAX = timedelta(days=3_660)


@dataclass(slots=True)
class Verb:
    """What is asked of a coupon. reason: why, for its owner and the audit."""

    user_id: str
    coupon_id: str
    reason: str = ""


@dataclass(slots=True)
class Void(Verb):
    """restock: it goes back to the stock.  came_back: what did, by this very request."""

    restock: bool = False
    came_back: tuple[Counted, ...] = ()


@dataclass(slots=True, kw_only=True)
class Extend(Verb):
    """expires_at: later than now, by 3,660 days at most."""

    expires_at: datetime


@dataclass(slots=True, kw_only=True)
class Transfer(Verb):
    """to_user_id: who gets it."""

    to_user_id: str


class Seen(NamedTuple):
    """A coupon at an instant, which says whether it has expired."""

    coupon: Coupon
    now: datetime


V = TypeVar("V", bound=Verb)


async def void(conn: Connection, asked: Sequence[Asked[Void]]) -> list[Seen | RangliError]:
    """Ends coupons for good; what is restocked counts no more, in the periods in which it did."""
    book = await _locked(conn, asked)
    counted = [
        (one.tenant, count)
        for one in asked
        if one.body.restock and (coupon := book.coupons.get(_key(one)))
        for count in coupon.counted
    ]
    counts = await counters.locked(conn, counted=counted)

    def do(key: CouponKey, body: Void) -> None:
        before = book.get(key).counted
        book.void(key, body.reason, restock=body.restock)
        if body.restock:
            counts.give_back(key.tenant, before)
            body.came_back = before

    verdicts = await _decided(conn, book, asked, do)
    await counters.write(conn, counts)
    return verdicts


async def freeze(conn: Connection, asked: Sequence[Asked[Verb]]) -> list[Seen | RangliError]:
    """Nobody new can lock the coupons; orders that have them keep them."""
    book = await _locked(conn, asked)
    return await _decided(conn, book, asked, lambda key, body: book.freeze(key, body.reason))


async def unfreeze(conn: Connection, asked: Sequence[Asked[Verb]]) -> list[Seen | RangliError]:
    """Ends freezes, where there are any."""
    book = await _locked(conn, asked)
    return await _decided(conn, book, asked, lambda key, body: book.unfreeze(key, body.reason))


async def extend(conn: Connection, asked: Sequence[Asked[Extend]]) -> list[Seen | RangliError]:
    """Gives coupons more time, or less; those that have expired can be used again."""
    book = await _locked(conn, asked)

    def do(key: CouponKey, body: Extend) -> None:
        coupon = book.get(key)
        if not book.now < body.expires_at <= book.now + _EXTEND_MAX:
            raise _wrong_time("must be in the future, at most 3,660 days")
        if body.expires_at <= coupon.usable_from:
            raise _wrong_time(f"must be after {coupon.usable_from.isoformat()}, when it begins")
        book.extend(key, body.expires_at, body.reason)

    return await _decided(conn, book, asked, do)


async def transfer(conn: Connection, asked: Sequence[Asked[Transfer]]) -> list[Seen | RangliError]:
    """Other users have the coupons; they go on to count for those who gave them away."""
    book = await _locked(conn, asked)
    return await _decided(conn, book, asked, lambda key, body: book.transfer(key, body.to_user_id))


async def _locked(conn: Connection, asked: Sequence[Asked[V]]) -> CouponBook:
    return await store.locked(conn, [_key(one) for one in asked])


async def _decided(
    conn: Connection,
    book: CouponBook,
    asked: Sequence[Asked[V]],
    do: Callable[[CouponKey, V], None],
) -> list[Seen | RangliError]:
    """Each request's coupon, or why not; what the book changed is written."""
    actors: list[str] = []  # of the changes in the book's log

    def decide(one: Asked[V]) -> Seen:
        key = _key(one)
        try:
            do(key, one.body)
            return Seen(book.coupons[key], book.now)
        finally:
            actors.extend([one.actor] * (len(book.log) - len(actors)))

    verdicts = each(decide, asked)
    by_change = {id(change): actor for change, actor in zip(book.log, actors, strict=True)}

    def actor_of(change: Change) -> str:
        return by_change[id(change)]

    await store.write(conn, book, actor_of=actor_of)
    return verdicts


def _key(one: Asked[V]) -> CouponKey:
    return CouponKey(one.tenant, one.body.user_id, one.body.coupon_id)


def _wrong_time(description: str) -> Invalid:
    return Invalid.fields(Violation("expires_at", description))

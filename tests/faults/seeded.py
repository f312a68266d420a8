"""Faults that we put into the code below the tests of its domain: each must turn its test red.

    pytest -p tests.faults.seeded --seeded FILE tests/storage/test_stores.py::test_...

A plugin: every test that is named in `BUGS` runs with its bug, and how it failed is written to the
file as JSON, by the bug's name. The product itself knows nothing of this.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from rangli.checkout import books, orders
from rangli.checkout.model import OrderState
from rangli.core.errors import DeadlinePassed, RangliError
from rangli.counters import scripts
from rangli.counters import store as counter_store
from rangli.counters.book import CounterBook, UseKey
from rangli.counters.model import Counted
from rangli.coupons import giving
from rangli.coupons.book import CouponBook
from rangli.coupons.claims import ClaimDesk
from rangli.coupons.model import Coupon
from rangli.storage import stores
from rangli.storage.batcher import Batcher

Patch = pytest.MonkeyPatch
_BEHIND = timedelta(hours=1)


def commit_ends_with_its_caller(patch: Patch) -> None:
    """Changes are not done in tasks of their own."""
    submit = Batcher.submit

    async def torn(self: Any, asked: Any, *, deadline: float) -> bytes:
        try:
            return await submit(self, asked, deadline=deadline)
        except (asyncio.CancelledError, DeadlinePassed):
            for task in self._batching._running:
                task.cancel()
            raise

    patch.setattr(Batcher, "submit", torn)


def redis_client_repeats(patch: Patch) -> None:
    """As redis-py does by default, but without an end."""
    patch.setattr(stores, "Retry", lambda *_: Retry(NoBackoff(), 1_000))


def redis_is_the_truth(patch: Patch) -> None:
    """Whom the filter lets pass has won."""

    def limits_only(book: CounterBook, one: Any, plan: Any) -> list[Counted]:
        return book.count(one.tenant, [*one.also, *(want for want, _ in plan.limits)])

    patch.setattr(giving, "_count", limits_only)


def stock_is_read_without_a_lock(patch: Patch) -> None:
    """And written over whatever others have written: no CHECK can tell."""
    lock = counter_store._lock

    async def slowly(*args: Any) -> None:
        await lock(*args)
        await asyncio.sleep(0.02)

    for name, part in (("_LOCK_USES", "FOR UPDATE"), ("_UPDATE", "AND u.used = w.was_used")):
        statement = getattr(counter_store, name)
        assert part in statement
        patch.setattr(counter_store, name, statement.replace(part, ""))
    patch.setattr(counter_store, "_lock", slowly)


def coupons_expire_by_our_clock(patch: Patch) -> None:
    """The application's, which is an hour behind."""
    state_at = Coupon.state_at
    patch.setattr(Coupon, "state_at", lambda self, now: state_at(self, now - _BEHIND))


def orders_go_by_our_clock(patch: Patch) -> None:
    """The application's, which is weeks behind."""
    patch.setattr(books.Books, "now", property(lambda _: datetime.now(UTC) - timedelta(days=30)))


def release_does_not_ask_for_the_state(patch: Patch) -> None:
    """Of an order: it gives back what it sees."""
    lock = books.lock

    async def reserved(*args: Any, **fields: Any) -> books.Books:
        found = await lock(*args, **fields)
        for key, order in found.orders.items():
            if order.state is OrderState.RELEASED:
                found.orders[key] = replace(order, state=OrderState.RESERVED)
        return found

    patch.setattr(orders.desk, "lock", reserved)


def coupon_is_let_go_whatever_its_state(patch: Patch) -> None:
    """And whoever has it."""
    patch.setattr(CouponBook, "_of", lambda self, key, *_: self.get(key))


def release_returns_stock_twice(patch: Patch) -> None:
    let_go = orders.let_go

    def twice(books_: Any, order: Any, keeping: Sequence[Any] = ()) -> None:
        let_go(books_, order, keeping)
        books_.give_back(order.tenant, order.counted)

    patch.setattr(orders, "let_go", twice)


def counts_come_back_today(patch: Patch) -> None:
    """Into the period that runs, not into that which was counted."""
    locked, give_back = counter_store.locked, CounterBook.give_back

    def of_today(book: CounterBook, tenant: str, one: Counted) -> Counted:
        began_at, _ = book.period_of(tenant, book.limits[tenant, one.limit_id])
        return one._replace(period_at=began_at)

    async def with_today(conn: Any, *, wants: Any = (), counted: Iterable[Any] = ()) -> CounterBook:
        counted = list(counted)
        book = await locked(conn, wants=wants, counted=counted)
        keys = {UseKey(tenant, *of_today(book, tenant, one)[:4]) for tenant, one in counted}
        await counter_store._lock(conn, book, keys - book.uses.keys())
        return book

    def today(self: CounterBook, tenant: str, counted: Iterable[Counted]) -> None:
        give_back(self, tenant, [of_today(self, tenant, one) for one in counted])

    patch.setattr(counter_store, "locked", with_today)
    patch.setattr(CounterBook, "give_back", today)


def filter_believes_a_promoted_replica(patch: Patch) -> None:
    """It has our epoch, and older counts."""
    _rewritten(patch, "not string.find(server", "false and not string.find(server")


def filter_believes_an_old_epoch(patch: Patch) -> None:
    """What a Redis has kept over a crash."""
    _rewritten(patch, "elseif stored < epoch then", "elseif stored == 0 then")


def loser_is_not_looked_up(patch: Patch) -> None:
    """A winner who asks again after the sell-out is told that it is sold out."""

    async def refused(_: Any, __: Any, refusal: RangliError) -> bytes:
        raise refusal

    patch.setattr(ClaimDesk, "_earlier_answer", refused)


def _rewritten(patch: Patch, old: str, new: str) -> None:
    text = scripts._ADMIT._text
    assert old in text
    text = text.replace(old, new)
    sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    patch.setattr(scripts._ADMIT, "_text", text)
    patch.setattr(scripts._ADMIT, "_sha", sha)


Bug = Callable[[Patch], None]
# Each with the test that finds it, and what the test says then.
BUGS: Mapping[Bug, tuple[str, str]] = {
    commit_ends_with_its_caller: (
        "storage/test_batcher.py"
        "::test_caller_who_goes_while_it_is_done_finds_his_effect_later[cancelled]",
        "assert [] == ['r1']",
    ),
    redis_client_repeats: (
        "storage/test_stores.py::test_stalled_redis_counts_a_late_write_once",
        "DID NOT RAISE RedisError",
    ),
    redis_is_the_truth: (
        "coupons/test_stock.py"
        "::test_exactly_the_stock_is_won_by_many_and_what_comes_back_is_won_again",
        "== {'OK': 100, 'SOLD_OUT': 900}",
    ),
    stock_is_read_without_a_lock: (
        "counters/test_at_once.py::test_of_many_claimers_exactly_as_many_win_as_there_are_units[1]",
        " == 100",
    ),
    coupons_expire_by_our_clock: (
        "coupons/test_lives.py::test_expiry_is_judged_when_it_is_locked_and_the_lock_outlives_it",
        "DID NOT RAISE",
    ),
    orders_go_by_our_clock: (
        "checkout/test_late_orders.py::test_an_expired_order_gives_each_thing_back_once",
        "== 'ORDER_STATE'",
    ),
    release_does_not_ask_for_the_state: (
        "checkout/test_orders.py::test_a_released_order_gives_each_thing_back_once",
        "Refused",
    ),
    coupon_is_let_go_whatever_its_state: (
        "coupons/test_lives.py::test_a_coupon_is_locked_by_one_order_and_used_by_it_alone",
        "DID NOT RAISE",
    ),
    release_returns_stock_twice: (
        "checkout/test_orders_at_once.py"
        "::test_what_a_release_gives_back_while_others_take_is_counted_once",
        "assert 1 == 2",
    ),
    counts_come_back_today: (
        "counters/test_reservations.py::test_what_was_counted_yesterday_is_given_back_to_yesterday",
        "== [(2, None), (3, None)]",
    ),
    filter_believes_a_promoted_replica: (
        "counters/test_filter_scripts.py::test_another_server_does_nothing_at_all",
        "is LostError",
    ),
    filter_believes_an_old_epoch: (
        "counters/test_filter_scripts.py"
        "::test_stock_of_an_old_epoch_is_judged_only_when_it_was_filled_again",
        "is None",
    ),
    loser_is_not_looked_up: (
        "coupons/test_stock.py::test_a_winner_who_asks_again_after_the_sell_out_gets_his_win",
        "has none left",
    ),
}
_BY_TEST = {f"tests/{test}": bug for bug, (test, _) in BUGS.items()}
_FAILED: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeded", help="where to say how the tests failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with Patch.context() as patch:
        _BY_TEST[item.nodeid](patch)
        return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _FAILED.setdefault(_BY_TEST[report.nodeid].__name__, f"{report.when}: {report.longrepr}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    with open(session.config.getoption("--seeded"), "w", encoding="utf-8") as file:
        json.dump(_FAILED, file)

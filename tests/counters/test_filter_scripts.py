"""The scripts against a plain model, as several processes call them in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.crc import key_slot

from rangli.counters import scripts
from rangli.counters.keys import OwnerKeys
from rangli.counters.scripts import LostError, Server, Standing, Stock, Verdict

FRESH_MS = 3_600_000  # the model's clock stands still
STOCKS, USERS = ["s1", "s2"], ["ann", "bob", "cid"]
SECRET = b"x" * 32
_owners = count()

stocks = st.sampled_from(STOCKS)
few = st.integers(1, 4)
epochs = st.sampled_from([1, 1, 1, 2])
limits = st.lists(st.tuples(st.sampled_from(USERS), few, few), max_size=2, unique_by=lambda x: x[0])
requests = st.lists(st.tuples(st.none() | stocks, few, limits), min_size=1, max_size=8)
glimpses = st.sampled_from(["it", "other", "none"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), epochs, requests),
        # And what was seen of the stock before PostgreSQL was read.
        st.tuples(
            st.just("fill"),
            epochs,
            stocks,
            st.integers(0, 9),
            st.sampled_from(["it", "other", "none"]),
        ),
        st.tuples(st.just("give_back"), epochs, stocks, st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("forgive"), epochs, st.sampled_from(USERS), few),
    ),
    min_size=1,
    max_size=25,
)


@dataclass
class Plain:
    """What the scripts are to do. stocks: name -> epoch, left, top."""

    stocks: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    used: dict[tuple[int, str], int] = field(default_factory=dict)

    def admit(self, epoch: int, requests) -> list[int] | None:
        for name, _, _ in requests:
            if name and self.stocks.get(name, (0,))[0] > epoch:
                raise LostError
            if name and self.stocks.get(name, (0,))[0] < epoch:
                return None
        return [self._one(epoch, *request) for request in requests]

    def _one(self, epoch: int, name: str | None, quantity: int, limits) -> int:
        if name:
            _, left, top = self.stocks[name]
            if left < quantity:
                return 2 if left else 4
        used = self.used
        if any(used.get((epoch, user), 0) + units > most for user, units, most in limits):
            return 3
        for user, units, _ in limits:
            used[epoch, user] = used.get((epoch, user), 0) + units
        if name:
            self.stocks[name] = epoch, left - quantity, top
        return 1

    def fill(self, epoch: int, name: str, value: int, seen: int) -> None:
        stored, left, top = self.stocks.get(name, (0, 0, 0))
        if stored > epoch:
            raise LostError
        if stored < epoch or seen == top:
            self.stocks[name] = epoch, value, value
        elif seen >= 0:
            self.stocks[name] = epoch, max(left, value), max(top, value)

    def give_back(self, epoch: int, name: str, failed: int, returned: int) -> None:
        stored, left, top = self.stocks.get(name, (0, 0, 0))
        if stored == epoch:
            top += returned
            self.stocks[name] = epoch, min(left + failed + returned, top), top

    def forgive(self, epoch: int, user: str, quantity: int) -> None:
        if self.used.get((epoch, user), 0) >= quantity:
            self.used[epoch, user] -= quantity


class Real:
    """The same, of a Redis."""

    def __init__(self, redis: Redis, replid: str) -> None:
        self._redis = redis
        self._replid = replid
        self._keys = OwnerKeys("shop", f"owner{next(_owners)}", SECRET)

    def server(self, epoch: int, replid: str = "") -> Server:
        return Server(self._redis, Standing(epoch, replid or self._replid), 10)

    async def admit(self, epoch: int, requests, replid: str = "") -> list[int] | None:
        index: dict[str, int] = {}
        written: list[str | int] = []
        for name, quantity, limits in requests:
            stock = index.setdefault(self._keys.stock(name), len(index) + 1) if name else 0
            written += (stock, quantity, len(limits))
            for user, units, most in limits:
                key = self._keys.counter(epoch, "user", user)
                written += (index.setdefault(key, len(index) + 1), units, most, 100)
        server = self.server(epoch, replid)
        return await scripts.admit(server, keys=list(index), requests=written, fresh_ms=FRESH_MS)

    async def fill(self, epoch: int, name: str, value: int, seen: int, replid: str = "") -> None:
        stock = Stock(self._keys.stock(name), value, seen)
        await scripts.fill(self.server(epoch, replid), [stock])

    async def give_back(
        self, epoch: int, name: str, failed: int, returned: int, replid: str = ""
    ) -> None:
        stocks = [(self._keys.stock(name), failed, returned)]
        await scripts.give_back(self.server(epoch, replid), stocks, [])

    async def forgive(self, epoch: int, user: str, quantity: int) -> None:
        counters = [(self._keys.counter(epoch, "user", user), quantity)]
        await scripts.give_back(self.server(epoch), [], counters)

    async def stands(self) -> Plain:
        """As it is, in the model's words."""
        plain = Plain()
        for name in STOCKS:
            fields = await self._redis.hmget(self._keys.stock(name), "epoch", "left", "top")
            if fields[0] is not None:
                plain.stocks[name] = tuple(map(int, fields))
        for epoch in (1, 2):
            for user in USERS:
                used = await self._redis.get(self._keys.counter(epoch, "user", user))
                if used is not None:
                    plain.used[epoch, user] = int(used)
        return plain


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def redis(runner, redis_url) -> Iterator[tuple[Redis, str]]:
    """A client, and its server's replication id."""
    client = Redis.from_url(redis_url)
    yield client, str(runner.run(client.info("replication"))["master_replid"])
    runner.run(client.aclose())


async def outcome(call) -> object:
    try:
        return await call
    except LostError:
        return LostError


def expected(call, args) -> object:
    try:
        return call(*args)
    except LostError:
        return LostError


def seen_by(plain: Plain, epoch: int, name: str, glimpse: str) -> int:
    """A stock's top as a process has seen it that is about to fill it."""
    stored, _, top = plain.stocks.get(name, (0, 0, 0))
    if glimpse == "none" or stored != epoch:
        return -1
    return top if glimpse == "it" else top + 1


async def play(steps, redis: Redis, replid: str) -> None:
    plain, real = Plain(), Real(redis, replid)
    for verb, *drawn in steps:
        args = drawn
        if verb == "fill":
            epoch, name, value, glimpse = drawn
            args = [epoch, name, value, seen_by(plain, epoch, name, glimpse)]
        called = await outcome(getattr(real, verb)(*args))
        assert called == expected(getattr(plain, verb), args)
        assert await real.stands() == plain
        assert all(0 <= left <= top for _, left, top in plain.stocks.values())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_scripts_do_what_their_model_does(steps, redis, runner):
    runner.run(play(steps, *redis))


def test_stock_of_an_old_epoch_is_judged_only_when_it_was_filled_again(redis, runner):
    """A Redis that crashed has kept it, and nobody knows how much of it was sold since."""
    real = Real(*redis)
    runner.run(real.fill(1, "s1", 5, -1))

    assert runner.run(real.admit(2, [("s1", 1, [])])) is None
    runner.run(real.fill(2, "s1", 2, -1))
    assert runner.run(real.admit(2, [("s1", 1, [])] * 3)) == [1, 1, Verdict.EMPTY]


def test_another_server_does_nothing_at_all(redis, runner):
    client, replid = redis
    real = Real(client, replid)
    runner.run(real.fill(1, "s1", 5, -1))
    before = runner.run(real.stands())

    for call in (
        real.admit(1, [("s1", 1, [])], replid="0" * 40),
        real.fill(2, "s1", 9, -1, replid="0" * 40),
        real.give_back(1, "s1", 1, 1, replid="0" * 40),
    ):
        assert runner.run(outcome(call)) is LostError
    assert runner.run(real.stands()) == before


def test_call_of_many_requests_takes_from_each_key_what_it_should(redis, runner):
    real = Real(*redis)
    runner.run(real.fill(1, "s1", 10**13, -1))
    requests = [("s1", 10**9, [(f"u{number}", 1, 1)]) for number in range(256)]

    assert runner.run(real.admit(1, requests)) == [1] * 256
    assert runner.run(real.admit(1, requests)) == [3] * 256
    assert runner.run(real.stands()).stocks["s1"] == (1, 10**13 - 256 * 10**9, 10**13)


def test_no_is_only_given_by_a_stock_that_was_filled_a_moment_ago(redis, runner):
    real = Real(*redis)
    runner.run(real.fill(1, "s1", 1, -1))

    async def asked(fresh_ms: int, quantity: int) -> list[int] | None:
        await asyncio.sleep(0.01)
        keys = [real._keys.stock("s1")]
        return await scripts.admit(
            real.server(1), keys=keys, requests=[1, quantity, 0], fresh_ms=fresh_ms
        )

    assert runner.run(asked(5, 2)) is None
    assert runner.run(asked(60_000, 2)) == [2]
    assert runner.run(asked(5, 1)) == [1]


def test_keys_of_one_owner_are_in_one_slot_whatever_names_hold(redis):
    keys = OwnerKeys("shop", "coupon/b1", SECRET)
    made = [keys.stock("a}b{c"), keys.counter(3, "l", "}{"), keys.counter(4, "m", "é")]

    assert len({key_slot(key.encode()) for key in made}) == 1
    assert len(set(made)) == 3
    assert "+4912345" not in keys.counter(3, "coupon/b1/phone", "+4912345")

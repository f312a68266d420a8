"""How amounts are shared out, and how pools stand: without any store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.funds.model import (
    Balances,
    FundedShare,
    Funding,
    Level,
    Pool,
    PoolState,
    next_parts,
)

_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def funding(*bps: int, taker: int | None = None) -> Funding:
    shares = tuple(FundedShare(f"f{n}", None, share, n, n) for n, share in enumerate(bps))
    return Funding("a", 1, "USD", None if taker is None else f"f{taker}", shares)


def made(**fields: object) -> Pool:
    known = {
        "tenant": "t",
        "pool_id": "p",
        "parent_id": None,
        "depth": 1,
        "display_name": "p",
        "funder": "retailer",
        "currency": "USD",
        "time_zone": "UTC",
        "warn_bps": 8_000,
        "slow_bps": 9_500,
        "daily_cap_minor": 0,
        "state": PoolState.OPEN,
        "revision": 1,
        "budget_level": Level.OK,
        "paused_until": None,
        "budget_account_id": 1,
        "spent_account_id": 2,
        "created_at": _AT,
    }
    return Pool(**{**known, **fields})  # type: ignore[arg-type]


def judged(pool: Pool, used: int, budget: int = 10_000, today: int = 0) -> Pool:
    return pool.judged(Balances(budget, 0, used), today_minor=today, now=_AT)


@st.composite
def fundings(draw: st.DrawFn) -> Funding:
    cuts = draw(st.lists(st.integers(1, 9_999), max_size=4, unique=True))
    edges = [0, *sorted(cuts), 10_000]
    bps = [above - below for below, above in pairwise(edges)]
    taker = draw(st.none() | st.integers(0, len(bps) - 1))
    return funding(*bps, taker=taker)


def test_what_rounding_leaves_goes_to_the_funder_declared() -> None:
    assert funding(3_333, 3_333, 3_334, taker=0).split(100) == [34, 33, 33]
    assert funding(3_333, 3_333, 3_334, taker=1).split(100) == [33, 34, 33]


def test_what_rounding_leaves_goes_to_the_largest_remainder_if_nobody_is_declared() -> None:
    assert funding(3_333, 3_333, 3_334).split(100) == [33, 33, 34]
    assert funding(5_000, 5_000).split(1) == [1, 0]


@given(fundings(), st.integers(0, 10**13))
def test_shares_sum_to_the_amount_and_differ_from_the_exact_ones_by_rounding_alone(
    shared: Funding, amount: int
) -> None:
    parts = shared.split(amount)

    assert sum(parts) == amount
    for share, part in zip(shared.shares, parts, strict=True):
        exact_bps = amount * share.share_bps
        assert -10_000 < part * 10_000 - exact_bps < 10_000 * len(parts)


@given(fundings(), st.integers(1, 60), st.data())
def test_the_largest_grant_is_the_largest_of_all_that_fit(
    shared: Funding, amount: int, data: st.DataObject
) -> None:
    limits = st.none() | st.integers(0, 40)
    room = data.draw(st.lists(limits, min_size=len(shared.shares), max_size=len(shared.shares)))

    fitting = [
        one
        for one in range(amount + 1)
        if all(
            most is None or part <= most for part, most in zip(shared.split(one), room, strict=True)
        )
    ]

    assert shared.largest(amount, room) == max(fitting)


def test_what_fits_is_not_simply_all_below_some_amount() -> None:
    shared = funding(3_400, 3_300, 3_300, taker=0)

    assert [shared.split(one)[0] for one in (2, 3, 4)] == [2, 3, 2]
    assert shared.largest(4, [2, None, None]) == 4
    assert shared.largest(3, [2, None, None]) == 2


@given(
    st.lists(st.integers(0, 10**3), min_size=1, max_size=6),
    st.lists(st.integers(1, 500), max_size=30),
)
def test_parts_taken_one_after_the_other_sum_to_the_whole_of_each(
    whole: list[int], amounts: list[int]
) -> None:
    done = [0] * len(whole)
    for wanted in [*amounts, sum(whole)]:
        amount = min(wanted, sum(whole) - sum(done))

        parts = next_parts(amount, whole, done)

        assert sum(parts) == amount
        assert min(parts) >= 0
        done = [before + part for before, part in zip(done, parts, strict=True)]
        for taken, all_ in zip(done, whole, strict=True):
            assert taken <= all_
    assert done == whole


def test_small_parts_follow_the_shares_as_large_ones_do() -> None:
    done = [0, 0]
    for _ in range(50):
        done = [a + b for a, b in zip(done, next_parts(1, [70, 30], done), strict=True)]

    assert done == [35, 15]


@pytest.mark.parametrize(
    ("used", "level"),
    [
        (7_999, Level.OK),
        (8_000, Level.WARN),
        (9_499, Level.WARN),
        (9_500, Level.SLOW),
        (9_999, Level.SLOW),
        (10_000, Level.PAUSED),
    ],
)
def test_levels_begin_at_their_thresholds(used: int, level: Level) -> None:
    assert judged(made(), used).level is level


def test_a_level_is_left_only_with_some_distance() -> None:
    slow = judged(made(), 9_500)

    assert judged(slow, 9_401).level is Level.SLOW
    assert judged(slow, 9_399).level is Level.WARN
    assert judged(slow, 7_901).level is Level.WARN
    assert judged(slow, 7_899).level is Level.OK


def test_a_pool_without_budget_is_paused() -> None:
    assert judged(made(), 0, budget=0).level is Level.PAUSED
    assert judged(judged(made(), 0, budget=0), 0, budget=100).level is Level.OK


def test_a_pool_whose_day_is_used_up_rests_until_the_next_one_begins_where_it_is() -> None:
    pool = judged(made(daily_cap_minor=100, time_zone="Asia/Shanghai"), 100, today=100)

    assert pool.level is Level.PAUSED
    assert pool.paused_until == datetime(2026, 6, 15, 16, 0, tzinfo=UTC)
    assert judged(pool, 100, today=99).level is Level.OK


def test_days_begin_at_the_midnights_of_the_zone_even_where_there_is_none() -> None:
    # In 2026 Cuba's clocks go from 23:59:59 on 7 March to 1:00.
    pool = made(time_zone="America/Havana")

    begins = pool.day_after(date(2026, 3, 7))

    assert pool.day_of(begins) == date(2026, 3, 8)
    assert pool.day_of(begins - timedelta(microseconds=1)) == date(2026, 3, 7)

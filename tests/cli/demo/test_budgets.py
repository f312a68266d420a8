"""The budgets are enough for what the tills recorded, and every offer has its own."""

import pytest

from rangli.cli.demo import book, compare, coupons, offers
from rangli.cli.demo.budgets import budgets
from tests.cli.demo import journeys


@pytest.fixture(scope="module")
def small():
    return journeys.journey()


@pytest.fixture(scope="module")
def worth(small):
    found = coupons.trace(small.redemptions, small.coupons, small.lines)
    return coupons.derive(found, small.lines)


@pytest.fixture(scope="module")
def presented(small, worth):
    found = coupons.trace(small.redemptions, small.coupons, small.lines)
    return coupons.presented(found, worth, small.lines)


def test_parents_stand_before_their_children_and_pass_everything_on(small, worth, presented):
    pools = budgets(small.lines, presented, worth)

    known = {"": None}
    passed_on = {}
    for pool in pools:
        parent = known[pool.parent_id]
        assert parent is None or parent.funder == pool.funder
        known[pool.pool_id] = pool
        passed_on[pool.parent_id] = passed_on.get(pool.parent_id, 0) + pool.amount_minor
    parents = {pool.parent_id for pool in pools} - {""}
    assert all(passed_on[parent] == known[parent].amount_minor for parent in parents)


def test_every_pool_that_an_offer_names_is_the_funders_own(small, worth, presented):
    funder_of = {p.pool_id: p.funder for p in budgets(small.lines, presented, worth)}
    _, published = offers.coupon_offers(worth, small.coupons, small.campaigns)

    shares = [s for o in [*published, offers.book_offer("chain")] for s in o.spec.funding]

    assert shares
    assert all(funder_of[share.pool_id] == share.funder for share in shares)


def test_no_budget_comes_near_its_end(small, worth, presented):
    wanted = compare.expected(small, book.derive(small.lines, "store"), worth, presented).orders
    left = {p.pool_id: p.amount_minor for p in budgets(small.lines, presented, worth)}

    for row in wanted.itertuples():
        left[offers.pool_id(row.funder, row.activity_id.rpartition(":")[2])] -= row.amount_minor

    assert all(minor > 0 for minor in left.values())


def test_orders_hold_all_that_the_lines_give(small, worth, presented):
    wanted = compare.expected(small, book.derive(small.lines, "chain"), worth, presented)

    by_funder = wanted.orders.groupby("funder")["amount_minor"].sum()

    assert by_funder["retailer"] == wanted.lines["retailer_minor"].sum()
    assert by_funder["manufacturer"] == wanted.lines["manufacturer_minor"].sum()
    assert not wanted.orders.duplicated(["basket_id", "activity_id", "funder"]).any()

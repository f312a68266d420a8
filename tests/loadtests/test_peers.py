"""What `make peers` compares, as far as it needs no other engine."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from loadtests.peers import measure, ours
from loadtests.peers.peer import Discounts, PeerDiedError, running
from loadtests.peers.problems import Cart, Kind, Problem, Promotion, discounts_cents, problem

# An engine that answers every question with the line it is started with.
_SAYS = """
import sys
print('{"versions": {}}', flush=True)
for _ in sys.stdin:
    print(sys.argv[1], flush=True)
"""


def _engine(answer: str) -> tuple[str, ...]:
    return (sys.executable, "-c", _SAYS, answer)


def test_the_same_problem_is_set_in_every_run():
    assert problem(20, 3).digest() == problem(20, 3).digest()
    assert problem(20, 3).digest() != problem(21, 3).digest()


@pytest.mark.parametrize("promotions", [5, 20, 100, 1_000])
def test_every_promotion_touches_every_cart_and_most_apply(promotions: int):
    given = problem(promotions, 5)
    products = {one.sku: one for one in given.products}

    for cart in given.carts:
        bought = [products[line.sku] for line in cart]
        for promotion in given.promotions:
            subjects = {getattr(one, promotion.attribute) for one in bought}
            assert promotion.subject in subjects
        whole = sum(one.price_cents * line.quantity for one, line in zip(bought, cart, strict=True))
        met = sum(promotion.min_cart_cents <= whole for promotion in given.promotions)
        assert met >= 0.75 * promotions


@pytest.mark.parametrize("promotions", [5, 20, 100])
def test_ours_agrees_with_the_formula(promotions: int):
    given = problem(promotions, 3)

    seconds, discounts = ours.Pricer(given).price(given.carts, 1)

    assert discounts == [discounts_cents(given, cart) for cart in given.carts]
    assert all(sum(lines) > 0 for lines in discounts)
    assert seconds > 0


def _with(given: Problem, promotion: Promotion) -> Problem:
    return replace(given, promotions=(*given.promotions, promotion))


def test_the_formula_refuses_what_engines_may_price_differently():
    given = problem(5, 1)
    (cart,) = given.carts
    discounts_cents(given, cart)

    # A second percentage, since they differ in what it is taken off; more than a line costs.
    second = Promotion("second", Kind.PERCENT, 10, "brand", given.products[0].brand)
    whole = Promotion("whole", Kind.UNIT, 10**6, "brand", given.products[0].brand)
    for promotion in (second, whole):
        with pytest.raises(ValueError, match="may differ"):
            discounts_cents(_with(given, promotion), cart)


def test_an_engine_that_answers_otherwise_is_not_timed():
    given = problem(5, 1)

    def right(carts: tuple[Cart, ...], _repeats: int) -> tuple[float, Discounts]:
        return 1.0, [discounts_cents(given, cart) for cart in carts]

    with running("other", _engine('{"seconds": 1.0, "discounts": [[1]]}')) as other:
        contest = measure.Contest(other, 1, 1)
        with pytest.raises(measure.DisagreeError, match="other answered"):
            measure.compare(given, right, contest)
        with pytest.raises(measure.DisagreeError, match="other answered"):
            measure.race(given, right, contest)


def test_an_engine_that_ends_is_named():
    command = (sys.executable, "-c", """print('{"versions": {}}')""")

    with running("short", command) as short, pytest.raises((PeerDiedError, BrokenPipeError)):
        short.price(problem(5, 1).carts, 1)


def test_oscar_is_asked_no_more_than_it_can_answer_in_minutes():
    with running("oscar", _engine("{}")) as oscar, running("medusa", _engine("{}")) as medusa:
        asked = {
            size: [
                (one.peer.name, one.carts) for one in measure.contests(size, [oscar, medusa], 20)
            ]
            for size in (5, 100, 1_000)
        }

    assert asked[5] == [("oscar", 8), ("medusa", 20)]
    assert asked[100] == [("oscar", 1), ("medusa", 20)]
    assert asked[1_000] == [("medusa", 20)]

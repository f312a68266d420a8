"""What is left in the pools that pay for an activity decides who has it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.entries import EVERYWHERE, Entry
from rangli.activities.funding import funding_of, has_it_slowed
from rangli.activities.program import Kind
from rangli.core.clock import micros
from rangli.funds.model import Level, PoolLevel
from rangli.pricing.asked import asked
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.codec import codec_of
from rangli.pricing.hints import hints
from rangli.pricing.quote import priced, quote
from rangli.pricing.rpc import message
from rangli.pricing.validity import Validity
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.world import NOW, cart, coupon, line, spec

POOLED = [
    {"funder": "retailer", "share_bps": 4_000, "pool_id": "spring"},
    {"funder": "brand", "share_bps": 6_000, "pool_id": "brand"},
]
TENTH = spec("item_discount", percent_off={"off_bps": 1_000}, funding=POOLED)
COUPON = spec("order_coupon", amount_off={"amount_minor": 500}, funding=POOLED)
PRICE = Entry("a", EVERYWHERE, micros(NOW), micros(NOW) + 1_000_000, Kind.PRICE, 700, 1)
SOON = NOW + timedelta(hours=1)


def catalogue(**levels: PoolLevel | Level) -> Catalogue:
    """Both of them and one without pools, while the pools stand so."""
    return compiled.catalogue(
        [
            compiled.live("tenth", TENTH),
            compiled.live("coupon", COUPON),
            compiled.live("other", spec("item_coupon", amount_off={"amount_minor": 1})),
        ],
        pool_levels={
            name: level if isinstance(level, PoolLevel) else PoolLevel(level)
            for name, level in levels.items()
        },
    )


def answered(made: Catalogue, request: qb.QuoteRequest) -> qb.QuoteResponse:
    return message(quote(made, cart_of(request, NOW)))


def reasons(made: Catalogue, request: qb.QuoteRequest) -> dict[str, str]:
    """Why what did not apply did not."""
    return {
        item.activity_id: qb.NotAppliedReason.Name(item.reason).removeprefix("NOT_APPLIED_REASON_")
        for item in answered(made, request).not_applied
    }


def quickly(made: Catalogue, request: qb.QuoteRequest) -> bytes | None:
    return codec_of(made).quote(request.SerializeToString(), NOW)


def payable(made: Catalogue, *, user_id: str = "ann", at: datetime = NOW) -> int:
    """What a line of 1,000 comes to, the same on both ways."""
    request = cart(line("a", 1_000), user_id=user_id)
    request.priced_at.FromDatetime(at)
    plain = answered(made, request)
    assert quickly(made, request) == plain.SerializeToString()
    return plain.payable_minor


@pytest.mark.parametrize(
    ("levels", "costs"),
    [
        ({}, 900),
        ({"spring": Level.OK, "brand": Level.OK}, 900),
        ({"spring": Level.WARN}, 900),
        ({"spring": Level.PAUSED}, 1_000),
        ({"brand": Level.PAUSED}, 1_000),
        ({"spring": Level.WARN, "brand": Level.PAUSED}, 1_000),
        ({"another": Level.PAUSED}, 900),
    ],
    ids=str,
)
def test_one_pool_that_is_paused_pauses_what_it_pays_for(levels, costs):
    assert payable(catalogue(**levels)) == costs


def test_a_day_that_is_used_up_pauses_until_the_next_one():
    made = catalogue(spring=PoolLevel(Level.PAUSED, SOON))

    assert payable(made) == 1_000
    assert payable(made, at=SOON - timedelta(microseconds=1)) == 1_000
    assert payable(made, at=SOON) == 900


def test_the_pool_that_is_paused_longest_decides():
    later = SOON + timedelta(days=1)
    made = catalogue(spring=PoolLevel(Level.PAUSED, SOON), brand=PoolLevel(Level.PAUSED, later))

    assert [payable(made, at=at) for at in (SOON, later)] == [1_000, 900]


def test_a_slow_pool_gives_to_half_of_the_shoppers_and_always_to_the_same():
    made = catalogue(spring=Level.SLOW)
    users = [f"u{number}" for number in range(400)]

    costs = [payable(made, user_id=user) for user in users]

    assert 150 < costs.count(900) < 250
    assert costs.count(900) + costs.count(1_000) == 400
    assert costs == [payable(catalogue(spring=Level.SLOW), user_id=user) for user in users]


def test_a_larger_share_leaves_nobody_out_who_had_it():
    shares = [0, 1, 2_500, 5_000, 9_000, 10_000]
    users = [f"u{number}" for number in range(300)]
    lives = [compiled.live("a", spec_with_share(share)) for share in shares]

    have_it = [{u for u in users if has_it_slowed(live, u, ["l1"])} for live in lives]

    assert all(few <= more for few, more in pairwise(have_it))
    assert (have_it[0], have_it[-1]) == (set(), set(users))
    assert 0 < len(have_it[2]) < len(have_it[3]) < len(have_it[4]) < 300


def test_who_has_it_stays_the_same_with_every_release():
    live = compiled.live("a", TENTH)

    have_it = [user for user in map(str, range(16)) if has_it_slowed(live, user, [])]

    assert have_it == ["0", "1", "3", "4", "8", "9", "10", "11", "14"]


def test_activities_are_slowed_for_different_shoppers():
    one, other = (compiled.live(name, TENTH) for name in ("a", "b"))
    users = [f"u{number}" for number in range(100)]

    assert [has_it_slowed(one, u, []) for u in users] != [
        has_it_slowed(other, u, []) for u in users
    ]


def test_a_cart_without_user_is_told_by_its_lines_in_whatever_order():
    made = catalogue(brand=Level.SLOW)
    costs = set()
    for number in range(40):
        request = cart(*(line(f"{number}-{n}", 500) for n in range(3)))
        first = answered(made, request)
        shuffled = list(request.lines)
        Random(number).shuffle(shuffled)
        for again in (request, cart(*shuffled)):
            plain = answered(made, again)
            assert plain.payable_minor == first.payable_minor
            assert quickly(made, again) == plain.SerializeToString()
        costs.add(first.payable_minor)

    assert costs == {1_350, 1_500}


def test_explain_says_that_funds_are_the_reason():
    request = cart(line("a", 1_000), user_id="ann", explain=True)

    assert reasons(catalogue(spring=Level.PAUSED), request)["tenth"] == "FUNDS_PAUSED"
    told = {
        reasons(catalogue(spring=Level.SLOW), cart(line("a", 1_000), user_id=f"u{n}", explain=True))
        .get("tenth") for n in range(20)
    }  # fmt: skip
    assert told == {None, "FUNDS_SLOWED"}


def test_a_coupon_is_refused_with_its_reason_unasked():
    request = cart(line("a", 1_000), user_id="ann", credentials=[coupon("coupon")])

    assert reasons(catalogue(spring=Level.WARN), request) == {}
    paused = catalogue(spring=Level.PAUSED)
    assert reasons(paused, request) == {"coupon": "FUNDS_PAUSED"}
    assert quickly(paused, request) is None  # why, the plain way says


def test_a_code_of_a_paused_activity_is_refused_with_its_reason():
    coded = spec(
        "order_coupon", amount_off={"amount_minor": 500}, funding=POOLED, public_code="SAVE"
    )
    made = compiled.catalogue(
        [compiled.live("coded", coded)], pool_levels={"brand": PoolLevel(Level.PAUSED)}
    )

    assert reasons(made, cart(line("a", 1_000), codes=["save"])) == {"coded": "FUNDS_PAUSED"}


def test_a_price_book_is_paused_like_everything_else():
    book = spec("price_book", price_book={}, funding=POOLED)
    made = compiled.catalogue([compiled.live("book", book)])
    booked = evolve(made, 2, books={"book": compiled.book([PRICE])})
    request = cart(line("a", 1_000), user_id="ann")

    for level, costs in ((Level.OK, 700), (Level.PAUSED, 1_000), (Level.WARN, 700)):
        booked = evolve(booked, 3, pool_levels={"brand": PoolLevel(level)})
        assert answered(booked, request).payable_minor == costs
        assert quickly(booked, request) == answered(booked, request).SerializeToString()


def test_levels_outlive_a_new_version_and_a_new_version_may_have_other_pools():
    made = catalogue(brand=Level.PAUSED)

    same = evolve(made, 2, activities={"tenth": compiled.live("tenth", TENTH, version=2)})
    free = spec("item_discount", percent_off={"off_bps": 1_000})
    other = evolve(made, 2, activities={"tenth": compiled.live("tenth", free, version=2)})
    gone = evolve(made, 2, activities={"tenth": None})

    assert [payable(each) for each in (same, other, gone)] == [1_000, 900, 1_000]
    assert "tenth" not in gone.funding


def test_crossings_compile_nothing_anew():
    made = catalogue()

    paused = evolve(made, 2, pool_levels={"brand": PoolLevel(Level.PAUSED)})

    assert paused.activities is made.activities
    assert paused.programs is made.programs
    assert paused.index is made.index


def test_a_price_holds_until_the_next_days_budget_comes():
    (product,) = cart_of(cart(line("a", 1_000)), NOW).lines

    def holds_until(**levels: PoolLevel | Level) -> int | None:
        return Validity(catalogue(**levels), micros(NOW)).until_us(product)

    year_ends_us = holds_until()
    assert holds_until(spring=PoolLevel(Level.PAUSED, SOON)) == micros(SOON)
    for level in (PoolLevel(Level.PAUSED), PoolLevel(Level.PAUSED, NOW), PoolLevel(Level.SLOW)):
        assert holds_until(spring=level) == year_ends_us


def test_hints_promise_nothing_that_another_line_could_undo():
    spend = spec(
        "order_threshold",
        threshold_off={"tiers": [{"min_amount_minor": 1_000, "amount_off_minor": 900}]},
        funding=POOLED,
    )
    live = compiled.live("spend", spend)

    def kinds(level: Level, request: qb.QuoteRequest) -> set[str]:
        made = compiled.catalogue([live], pool_levels={"brand": PoolLevel(level)})
        found = asked(made, cart_of(request, NOW))
        return {hint.kind.name for hint in hints(found, priced(found))}

    user = next(f"u{n}" for n in range(50) if has_it_slowed(live, f"u{n}", []))
    has_it = next(
        name
        for name in (f"l{number}" for number in range(100))
        if all(has_it_slowed(live, "", names) for names in ([name], [name, "~"]))
    )
    stranger = cart(line(has_it, 600), hints=5)
    known = cart(line(has_it, 600), hints=5, user_id=user)

    assert "MORE_AMOUNT" in kinds(Level.WARN, stranger)
    assert "MORE_AMOUNT" in kinds(Level.SLOW, known)
    assert "MORE_AMOUNT" not in kinds(Level.SLOW, stranger)


def test_an_activity_stands_as_the_worst_of_its_pools():
    completed = compiled.completed(TENTH)
    levels = {"spring": PoolLevel(Level.SLOW), "brand": PoolLevel(Level.PAUSED, SOON)}

    funding = funding_of(completed, levels)

    assert (funding.level, funding.slowed) == (Level.PAUSED, True)
    assert funding.from_us == micros(SOON)
    assert funding_of(completed, {}).level is Level.OK


def test_what_pools_have_left_cuts_a_discount_or_refuses_it():
    """100 of which the brand's pool pays 60: it has 30 left, so half of it can be given."""
    left = {"activity_id": "tenth", "amount_minor": 30 * 10_000 // 6_000}
    request = cart(line("a", 1_000), user_id="ann", limits_left=[left], explain=True)

    cut = answered(catalogue(), request)

    assert cut.payable_minor == 950
    borne = {part.funder: part.amount_minor for part in cut.funders}
    assert borne == {"retailer": 20, "brand": 30}
    whole = spec(
        "item_discount",
        percent_off={"off_bps": 1_000},
        funding=POOLED,
        when_short=ab.WHEN_SHORT_REFUSE,
    )
    refusing = compiled.catalogue([compiled.live("tenth", whole)])
    assert answered(refusing, request).payable_minor == 1_000
    assert reasons(refusing, request) == {"tenth": "LIMIT_REACHED"}


def test_budgets_may_grant_a_part_unless_the_spec_refuses():
    assert compiled.completed(TENTH).allow_partial
    whole = spec("item_discount", percent_off={"off_bps": 1}, when_short=ab.WHEN_SHORT_REFUSE)
    assert not compiled.completed(whole).allow_partial


def spec_with_share(share: int) -> ab.ActivitySpec:
    return spec(
        "item_discount", percent_off={"off_bps": 1_000}, funding=POOLED, slow_share_bps=share
    )

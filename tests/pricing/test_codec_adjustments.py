"""The codec writes adjustments of every length, and of all who pay for them, as protobuf does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rangli.activities.catalogue import Catalogue, Policies, evolve
from rangli.activities.policies.presets import PRESETS
from rangli.pricing.codec import codec_of
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.pricing.test_codec import plainly
from tests.world import NOW, cart, coupon, line, spec

# Amounts on both sides of each length that their varints have.
EDGES = (1, *(around for bits in (7, 14, 21, 28, 35) for around in (2**bits - 1, 2**bits)), 10**12)
# One to five funders; the codec knows one and two best.
SHARES = ((10_000,), (9_999, 1), (5_000, 5_000), (3_333, 3_333, 3_334), (1, 1, 1, 1, 9_996))


def everything_acts(*specs) -> Catalogue:
    """The activities a000, a001 ... under a policy that lets all of them act, one by one."""
    live = [compiled.live(f"a{number:03}", each) for number, each in enumerate(specs)]
    every = Policies({}, {"": PRESETS["talon_one"]})
    return evolve(compiled.catalogue(live), 2, policies=every)


def quickly(catalogue: Catalogue, request: qb.QuoteRequest) -> qb.QuoteResponse:
    """The codec's answer, which must be the plain way's."""
    data = request.SerializeToString()
    answer = codec_of(catalogue).quote(data, NOW)
    assert answer is not None
    assert answer == plainly(catalogue, data)
    return qb.QuoteResponse.FromString(answer)


@pytest.mark.parametrize("shares", SHARES, ids=len)
@pytest.mark.parametrize("minor", [amount * more for amount in EDGES for more in (1, 2)][:-1])
def test_an_amount_of_any_length_is_shared_among_funders(minor, shares):
    funding = [{"funder": f"f{n}", "share_bps": share} for n, share in enumerate(shares)]
    off = spec("order_coupon", amount_off={"amount_minor": minor}, funding=funding)

    answer = quickly(
        compiled.catalogue([compiled.live("off", off)]),
        cart(line("a", 10**12), credentials=[coupon("off")]),
    )

    (adjustment,) = answer.lines[0].adjustments
    assert adjustment.amount_minor == min(minor, 10**12)
    assert sum(adjustment.funder_minor) == adjustment.amount_minor
    assert len(adjustment.funder_minor) == len(shares)


def test_the_place_of_who_gives_has_any_length_too():
    cent = spec("item_discount", amount_off={"amount_minor": 1, "per": "AMOUNT_PER_LINE"})

    answer = quickly(everything_acts(*[cent] * 300), cart(line("a", 1_000), line("b", 2_000)))

    for row in answer.lines:
        assert [each.applied for each in row.adjustments] == list(range(300))


def test_adjustments_of_every_kind_stand_on_a_row_in_their_order():
    large = spec("item_discount", amount_off={"amount_minor": 10**9, "per": "AMOUNT_PER_LINE"})
    cent = spec("item_discount", amount_off={"amount_minor": 1, "per": "AMOUNT_PER_LINE"})
    some = {"off_bps": 1_000, "per": "AMOUNT_PER_UNIT", "unit_limit": 3}
    of_some = spec("item_discount", percent_off=some)
    shared = spec(
        "item_discount",
        percent_off={"off_bps": 100},
        funding=[{"funder": f"f{n}", "share_bps": 2_500} for n in range(4)],
    )
    kinds = [cent, large, shared, of_some, shared, large, cent]

    answer = quickly(
        everything_acts(*kinds), cart(line("a", 10**11, 2), line("b", 10**10, 5), line("c", 5, 7))
    )

    for row in answer.lines:
        assert sum(each.amount_minor for each in row.adjustments) == row.discount_minor
        assert all(one.applied <= two.applied for one, two in pairwise(row.adjustments))
    assert {each.units for row in answer.lines for each in row.adjustments} >= {0, 1, 4}


@pytest.mark.parametrize("funders", [1, 2, 10])
def test_thousands_of_adjustments_of_many_bytes_find_room(funders):
    funding = [{"funder": f"f{n}", "share_bps": 10_000 // funders} for n in range(funders)]
    much = {"amount_minor": 2_700_000_000, "per": "AMOUNT_PER_LINE"}
    cut = spec("item_discount", amount_off=much, funding=funding)
    lines = [line(f"l{number}", 275_000_000_000) for number in range(36)]

    answer = quickly(everything_acts(*[cut] * 100), cart(*lines))

    assert sum(len(row.adjustments) for row in answer.lines) == 3_600
    assert answer.discount_minor == 2_700_000_000 * 3_600

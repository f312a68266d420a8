"""Carts by chance with everything that a quote request can say."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from rangli.activities.live import LiveActivity
from rangli.activities.policies.presets import PRESETS
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities.strategies import Offers, quotes

Problem = tuple[Offers, qb.QuoteRequest]

_METHODS = ["", "post", "express", "pickup"]
_FACTS = ["orders", "device"]
_CODES = ["SAVE", "save", "extra", "nope"]
_BASES = [ab.PRICE_BASIS_UNSPECIFIED, ab.PRICE_BASIS_GROSS, ab.PRICE_BASIS_NET]
_rarely = st.integers(0, 3).map(lambda chance: chance == 0)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A catalogue, and a cart that says all that can be said."""
    offers, request = draw(quotes())
    for line in request.lines:
        draw(_priced(line))
    request.deliveries.extend(draw(st.lists(_deliveries, max_size=2, unique_by=_delivery_id)))
    request.facts.extend(draw(st.lists(_facts, max_size=2, unique_by=lambda fact: fact.name)))
    request.limits_left.extend(draw(_limits(offers.activities)))
    codes = [live.public_code for live in offers.activities if live.public_code] + _CODES
    request.codes.extend(draw(st.lists(st.sampled_from(codes), max_size=3)))
    if draw(_rarely):
        request.outside_off_minor = draw(st.integers(0, 100))
    request.price_basis = draw(st.sampled_from(_BASES))
    request.policy_id = draw(st.sampled_from(["", "best", "fine", "fine", *PRESETS]))
    # Few nodes: what holds must hold of the best found so far, too.
    request.node_limit = draw(st.sampled_from([1, 5, 50]))
    return offers, request


@st.composite
def _priced(draw: st.DrawFn, line: qb.CartLine) -> None:
    if draw(_rarely):
        line.floor_minor = draw(st.integers(0, 70))
    if draw(_rarely):
        line.outside_off_minor = draw(st.integers(0, line.list_minor * line.quantity))
    if draw(st.booleans()):
        line.other_list_minor = draw(st.integers(0, 60))


_deliveries = st.builds(
    lambda number, fee_minor, method, other: qb.DeliveryGroup(
        delivery_id=f"d{number}", fee_minor=fee_minor, method=method, **other
    ),
    st.integers(0, 3),
    st.integers(0, 40),
    st.sampled_from(_METHODS),
    st.fixed_dictionaries({}, optional={"other_fee_minor": st.integers(0, 40)}),
)


def _delivery_id(delivery: qb.DeliveryGroup) -> str:
    return delivery.delivery_id


_facts = st.builds(
    lambda name, value: qb.Fact(name=name, **value),
    st.sampled_from(_FACTS),
    st.fixed_dictionaries({"number": st.integers(-2, 5)})
    | st.fixed_dictionaries({"text": st.sampled_from(["app", "web"])}),
)


@st.composite
def _limits(draw: st.DrawFn, activities: list[LiveActivity]) -> list[qb.LimitLeft]:
    left = st.fixed_dictionaries(
        {},
        optional={
            "amount_minor": st.integers(0, 50),
            "units": st.integers(0, 4),
            "uses": st.integers(0, 2),
        },
    )
    return [
        qb.LimitLeft(activity_id=live.activity_id, **draw(left))
        for live in activities
        if draw(_rarely)
    ]


def shuffled(request: qb.QuoteRequest, chance: Random, *, shown: bool = True) -> qb.QuoteRequest:
    """The request with its parts in another order; `shown`: credentials and codes too."""
    other = qb.QuoteRequest()
    other.CopyFrom(request)
    parts = [other.lines, other.deliveries, other.facts, other.limits_left, other.user_groups]
    parts += [line.tags for line in other.lines]
    if shown:
        parts += [other.credentials, other.codes]
    for part in parts:
        copies = list(part)
        chance.shuffle(copies)
        del part[:]
        part.extend(copies)
    return other

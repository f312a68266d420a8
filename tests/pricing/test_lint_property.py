"""What lint is certain of is so: taking it out changes no price."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.live import LiveActivity
from rangli.activities.policies.presets import PRESETS
from rangli.core.clock import micros
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.lint import lint
from rangli.pricing.lint.model import FindingKind, Look, Severity
from rangli.pricing.policy import policy_of
from rangli.pricing.quote import quote
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.activities.strategies import carts, offers
from tests.pricing.lints import live
from tests.world import NOW, cart, line

_CERTAIN = {FindingKind.UNREACHABLE, FindingKind.SHADOWED, FindingKind.USELESS_CREDENTIAL}
_POLICIES = ["default", "sylius", "talon_one", "medusa", "shopify"]


def idle(catalogue: Catalogue, policy_id: str) -> dict[str, FindingKind]:
    """Which activities, by lint's word, never act."""
    look = Look.at(catalogue, policy_of(PRESETS[policy_id]), micros(NOW))
    return {
        finding.activity_ids[0]: finding.kind
        for finding in lint(look)[0]
        # Credentials of a WARNING are hardly ever of use, the others never.
        if finding.kind in _CERTAIN
        and (finding.severity is Severity.ERROR or finding.kind is FindingKind.SHADOWED)
    }


def prices(catalogue: Catalogue, request: qb.QuoteRequest) -> list[int]:
    answer = quote(catalogue, cart_of(request, NOW))
    return [line.payable_minor for line in (*answer.lines, *answer.deliveries)]


def refuse_idle_that_count(
    catalogue: Catalogue, policy_id: str, requests: list[qb.QuoteRequest]
) -> None:
    for activity_id, kind in idle(catalogue, policy_id).items():
        event(kind)
        without = evolve(catalogue, catalogue.version, activities={activity_id: None})
        for request in requests:
            request.policy_id = policy_id
            same = prices(without, request) == prices(catalogue, request)
            assert same, f"{activity_id} is said to be {kind}"


@st.composite
def anything(draw: st.DrawFn) -> tuple[Catalogue, str, list[qb.QuoteRequest]]:
    made = draw(offers())
    # Lint judges as if all budgets had money.
    funded = evolve(made.catalogue, 1, pool_levels={})
    return funded, draw(st.sampled_from(_POLICIES)), [draw(carts(made.activities))]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(anything())
def test_of_any_activities_those_said_to_be_idle_are(
    made: tuple[Catalogue, str, list[qb.QuoteRequest]],
) -> None:
    refuse_idle_that_count(*made)


_TARGETS: list[dict[str, Any]] = [
    {"all": True},
    {"category_paths": ["x"]},
    {"category_paths": ["x/y"]},
    {"skus": ["a", "b"]},
    {"skus": ["a"]},
    {"set_ids": ["products1"]},
    {"all": True, "exclude": {"skus": ["a"]}},
    {"skus": ["a", "c"], "exclude": {"set_ids": ["products2"]}},
    {"all": True, "min_list_minor": 10, "max_list_minor": 40},
    {"skus": ["a", "b"], "min_list_minor": 20},
]
_PER = ["AMOUNT_PER_POOL", "AMOUNT_PER_LINE", "AMOUNT_PER_UNIT"]
_STACKING: list[dict[str, Any]] = [
    {"labels": ["l"]},
    {"exclusion_group": "g"},
    {"combines_with": ["l"]},
    {"exclusive": True},
    {"skip_reduced": True},
    {"stop": {"scope": "STOP_SCOPE_LINE"}},
]
_SOMETIMES: list[dict[str, Any]] = [
    {"stores": {"store_ids": ["s1"]}},
    {"users": {"user_groups": ["gold"]}},
    {"channels": ["app"]},
    {"schedule": {"starts_at": NOW + timedelta(days=1)}},
    {"schedule": {"ends_at": NOW + timedelta(days=1)}},
]
_CARTS = 8


def contest(chance: Random) -> tuple[Catalogue, str, list[qb.QuoteRequest]]:
    """Rivals of one kind, so that one often is in the shade of another, and carts for them.

    What may act before them keeps some of them out.
    """
    kind, per = chance.choice(["percent", "amount", "price", "threshold"]), chance.choice(_PER)
    made = [_rival(chance, f"r{number}", kind, per) for number in range(chance.randint(2, 4))]
    if chance.random() < 0.5:
        stacking = chance.choice(
            [{"exclusion_group": "g", "labels": ["l"]}, {"combines_with": ["l"]}, {}]
        )
        early = {"amount_minor": 3, "per": "AMOUNT_PER_LINE"}
        some = {"products": {"skus": ["a", "b"]}, "stacking": stacking}
        made.append(live("early", "promotion_price", amount_off=early, **some))
    sets = {
        name: ("PRODUCT", chance.sample("abcd", chance.randint(0, 3)))
        for name in ("products1", "products2")
    }
    requests = [_cart(chance) for _ in range(_CARTS)]
    return compiled.catalogue(made, sets=sets), chance.choice(_POLICIES), requests


def _rival(chance: Random, activity_id: str, kind: str, per: str) -> LiveActivity:
    value, least = chance.randint(1, 12), 10 * chance.randint(1, 4)
    limit = {"unit_limit": chance.choice([0, 0, 2])} if per == "AMOUNT_PER_UNIT" else {}
    off = {"off_bps": value * 500, "per": per, "cap_minor": chance.choice([0, 0, 0, 9])}
    tiers = [
        {"min_amount_minor": least, "off_bps": value * 300},
        {"min_amount_minor": 3 * least, "off_bps": value * 500},
    ]
    template, effect = {
        "percent": ("item_discount", {"percent_off": off}),
        "amount": ("item_discount", {"amount_off": {"amount_minor": value, "per": per, **limit}}),
        "price": ("promotion_price", {"set_price": {"price_minor": value * 3}}),
        "threshold": ("order_threshold", {"threshold_off": {"tiers": tiers}}),
    }[kind]
    fields: dict[str, Any] = {}
    if template != "promotion_price" and chance.random() < 0.3:
        fields["conditions"] = [{"min_quantity": {"quantity": chance.randint(1, 3)}}]
    if chance.random() < 0.3:
        fields |= chance.choice(_SOMETIMES)
    if chance.random() < 0.3:
        fields["stacking"] = chance.choice(_STACKING)
    products = chance.choice(_TARGETS[:2] if chance.random() < 0.5 else _TARGETS)
    priority = chance.randint(-1, 1)
    return live(activity_id, template, priority=priority, products=products, **effect, **fields)


def _cart(chance: Random) -> qb.QuoteRequest:
    lines = []
    for sku in chance.sample("abcd", chance.randint(1, 4)):
        each = line(sku, chance.randint(0, 60), chance.randint(1, 4), category_path="x/y")
        if chance.random() < 0.2:
            each.floor_minor = chance.randint(0, each.list_minor)
        if chance.random() < 0.2:
            each.category_path = chance.choice(["x", "w"])
        lines.append(each)
    request = cart(*lines, channel=chance.choice(["", "app"]), store_id=chance.choice(["s1", "s2"]))
    if chance.random() < 0.5:
        request.user_id, request.user_groups[:] = "ann", ["gold"]
    request.priced_at.FromDatetime(NOW + timedelta(days=chance.choice([0, 0, 2])))
    return request


@settings(max_examples=1_500, deadline=None)
@given(st.integers(0, 2**32))
def test_of_rivals_those_said_to_be_in_the_shade_are(seed: int) -> None:
    # By a seed: carts by the dozen take Hypothesis longer to draw than us to price.
    refuse_idle_that_count(*contest(Random(seed)))

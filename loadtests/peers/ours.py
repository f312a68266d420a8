"""The carts and promotions through rangli, in process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median

from loadtests.peers.peer import Discounts
from loadtests.peers.problems import Cart, Kind, Problem, Product, Promotion
from rangli.activities.catalogue import Catalogue, Policies, evolve
from rangli.activities.conditions import MinAmount
from rangli.activities.effects.amount_off import AmountOff
from rangli.activities.effects.kind import AmountPer
from rangli.activities.effects.percent_off import PercentOff
from rangli.activities.measures import ConditionBase
from rangli.activities.policies.spec import GroupMember, GroupMode, PolicyGroup, PolicySpec
from rangli.activities.spec import ActivitySpec, FundingShare
from rangli.activities.targets import ProductTarget
from rangli.cli.bench.books import ALL_WEEKS, FIRST_WEEK_AT, live
from rangli.cli.bench.serving import answering
from rangli.pricing.asked import asked
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.kernel import price
from rangli.v1 import pricing_service_pb2 as pb

INCLUDED = (
    "from the request's bytes to the answer's: decoding, catalogue look-up, kernel, who bears what"
    " of each unit's discount, encoding"
)
_ROUNDS = 7

# Everything acts, one after the other, on what is left: what the other engines do too.
_IN_TURN = PolicySpec(
    policy_id="in_turn",
    display_name="All in turn",
    groups=(PolicyGroup(name="all", mode=GroupMode.ALL, members=(GroupMember(),)),),
)


class Pricer:
    """The problem's promotions as a catalogue, and its carts as requests."""

    def __init__(self, given: Problem) -> None:
        specs = {promotion.code: _spec(promotion) for promotion in given.promotions}
        self._catalogue = evolve(
            Catalogue("default"),
            1,
            activities={code: live(code, spec) for code, spec in specs.items()},
            policies=Policies({}, {"": _IN_TURN}),
        )
        self._answer = answering(self._catalogue)
        products = {product.sku: product for product in given.products}
        self._requests = {cart: _request(cart, products) for cart in given.carts}

    def price(self, carts: Sequence[Cart], repeats: int) -> tuple[float, Discounts]:
        """Seconds per cart, and for each cart what its lines lose, in cents."""
        requests = [self._requests[cart].SerializeToString() for cart in carts]
        answers: list[bytes] = []
        started = time.perf_counter()
        for _ in range(repeats):
            answers = [self._answer(request) for request in requests]
        seconds = (time.perf_counter() - started) / (len(carts) * repeats)
        quoted = [pb.QuoteResponse.FromString(answer) for answer in answers]
        return seconds, [[line.discount_minor for line in one.lines] for one in quoted]

    def kernel_s(self) -> float:
        """Seconds per cart of the price kernel alone; median over some rounds of all carts."""
        made = [
            asked(self._catalogue, cart_of(request, FIRST_WEEK_AT))
            for request in self._requests.values()
        ]
        rounds = []
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            for one in made:
                price(self._catalogue.programs, one.policy.tree, one.plan)
            rounds.append((time.perf_counter() - started) / len(made))
        return median(rounds)


def _request(cart: Cart, products: Mapping[str, Product]) -> pb.QuoteRequest:
    request = pb.QuoteRequest(currency="USD")
    request.priced_at.FromDatetime(FIRST_WEEK_AT.replace(tzinfo=None))
    for number, line in enumerate(cart):
        product = products[line.sku]
        request.lines.add(
            line_id=str(number),
            sku=line.sku,
            quantity=line.quantity,
            list_minor=product.price_cents,
            category_path=product.category,
            brand=product.brand,
            tags=[product.shelf],
            position=number,
        )
    return request


def _spec(promotion: Promotion) -> ActivitySpec:
    return ActivitySpec(
        template_id="item_discount",
        display_name=promotion.code,
        currency="USD",
        # Percentages act first.
        priority=0 if promotion.kind is Kind.PERCENT else 1,
        schedule=ALL_WEEKS,
        products=_products(promotion),
        conditions=(
            MinAmount(
                amount_minor=promotion.min_cart_cents,
                base=ConditionBase.LIST,
                products=ProductTarget(all=True),
            ),
        )
        if promotion.min_cart_cents
        else (),
        effect=_effect(promotion),
        funding=(FundingShare(funder="shop", share_bps=10_000),),
    )


def _products(promotion: Promotion) -> ProductTarget:
    subject = (promotion.subject,)
    match promotion.attribute:
        case "category":
            return ProductTarget(category_paths=subject)
        case "brand":
            return ProductTarget(brands=subject)
        case "shelf":
            return ProductTarget(tags=subject)
    raise AssertionError(promotion.attribute)


def _effect(promotion: Promotion) -> PercentOff | AmountOff:
    if promotion.kind is Kind.PERCENT:
        return PercentOff(off_bps=promotion.value * 100)
    return AmountOff(
        amount_minor=promotion.value,
        per=AmountPer.UNIT,
        unit_limit=1 if promotion.kind is Kind.ONCE else 0,
    )

"""The sorts of activity in the mix that benches price, in the order in which they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from rangli.activities.conditions import Compare, Condition, MinAmount, MinQuantity
from rangli.activities.effects import Effect
from rangli.activities.effects.amount_off import AmountOff
from rangli.activities.effects.benefit import Benefit
from rangli.activities.effects.buy_get import BuyGet
from rangli.activities.effects.earn import Earn, EarningKind
from rangli.activities.effects.kind import AmountPer
from rangli.activities.effects.n_for_price import NForPrice
from rangli.activities.effects.nth_unit import NthUnit
from rangli.activities.effects.percent_off import PercentOff
from rangli.activities.effects.shipping_off import ShippingOff
from rangli.activities.effects.threshold_off import ThresholdOff, Tier
from rangli.activities.measures import Measure
from rangli.activities.spec import ActivitySpec, FundingShare, Layer
from rangli.activities.targets import ProductTarget
from rangli.cli.bench.books import ALL_WEEKS

CATEGORIES = 4


class _Draw:
    """The values of one activity. gentle: a tenth, where hundreds act on the same line."""

    def __init__(self, chance: Random, *, gentle: bool) -> None:
        self._chance = chance
        self._gentle = gentle

    def upto(self, most: int) -> int:
        """A tenth of the most, or more."""
        drawn = self._chance.randint(most // 10, most)
        return max(1, drawn // 10) if self._gentle else max(1, drawn)

    def between(self, least: int, most: int) -> int:
        """As it is, gentle or not."""
        return self._chance.randint(least, most)


@dataclass(frozen=True, slots=True)
class _Sort:
    """A sort of activity: its template, effect and conditions.

    layer: if the template leaves it open. whole: it is for all of the department; else for two to
    four of its categories, hence for 10 to 20 lines of a cart.
    """

    template_id: str
    effect: Callable[[_Draw], Effect]
    layer: Layer | None = None
    whole: bool = False
    conditions: Callable[[_Draw], tuple[Condition, ...]] = lambda _: ()


def _percent(per: AmountPer, most_bps: int, cap_minor: int = 0) -> Callable[[_Draw], Effect]:
    return lambda draw: PercentOff(off_bps=draw.upto(most_bps), per=per, cap_minor=cap_minor)


def _amount(per: AmountPer, most_minor: int, unit_limit: int = 0) -> Callable[[_Draw], Effect]:
    return lambda draw: AmountOff(
        amount_minor=draw.upto(most_minor), per=per, unit_limit=unit_limit
    )


def _tiers(draw: _Draw) -> Effect:
    return ThresholdOff(
        tiers=tuple(
            Tier(min_amount_minor=minimum, amount_off_minor=minimum // draw.between(20, 40))
            for minimum in (20_000, 50_000, 100_000)
        )
    )


def _percent_tiers(draw: _Draw) -> Effect:
    off_bps = draw.upto(300)
    return ThresholdOff(
        tiers=(
            Tier(min_amount_minor=10_000, off_bps=off_bps, cap_minor=20_000),
            Tier(min_amount_minor=50_000, off_bps=2 * off_bps, cap_minor=50_000),
        )
    )


def _nth_unit(draw: _Draw) -> Effect:
    return NthUnit(n=2, benefit=Benefit(off_bps=draw.upto(3_000)))


def _n_for_price(draw: _Draw) -> Effect:
    return NForPrice(quantity=3, price_minor=draw.between(10_000, 90_000))


def _buy_get(_: _Draw) -> Effect:
    return BuyGet(buy_quantity=2, get_quantity=1, spread=True)


def _shipping(draw: _Draw) -> Effect:
    return ShippingOff(benefit=Benefit(amount_off_minor=draw.upto(500)))


def _earn(draw: _Draw) -> Effect:
    return Earn(kind=EarningKind.POINTS, rate_bps=draw.upto(500))


def _spend(draw: _Draw) -> tuple[Condition, ...]:
    return (MinAmount(amount_minor=draw.between(1_000, 5_000)),)


def _units(draw: _Draw) -> tuple[Condition, ...]:
    return (MinQuantity(quantity=draw.between(2, 10)),)


def _distinct(draw: _Draw) -> tuple[Condition, ...]:
    return (*_spend(draw), Compare(measure=Measure.DISTINCT, value=draw.between(2, 10)))


def _unreached(draw: _Draw) -> tuple[Condition, ...]:
    return (MinAmount(amount_minor=draw.between(10**9, 10**10)),)


_UNIT, _LINE, _POOL = AmountPer.UNIT, AmountPer.LINE, AmountPer.POOL
_STORE, _PLATFORM = Layer.STORE_ORDER, Layer.PLATFORM_ORDER
_COUPONS = (
    _Sort("item_coupon", _percent(_LINE, 90)),
    _Sort("item_coupon", _percent(_POOL, 90, cap_minor=5_000), conditions=_spend),
    _Sort("item_coupon", _amount(_UNIT, 9), conditions=_units),
    _Sort("item_coupon", _amount(_POOL, 900), conditions=_spend),
    _Sort("item_coupon", _amount(_LINE, 20), conditions=_distinct),
)
# The first ones after the price book; the first four are of a layer each.
_FIRST = (
    _Sort("item_discount", _percent(_LINE, 1_000)),
    _COUPONS[1],
    _Sort("order_threshold", _tiers, _STORE, whole=True),
    _Sort("order_coupon", _percent(_POOL, 800, cap_minor=10_000), _PLATFORM, whole=True),
    _Sort("nth_unit", _nth_unit, whole=True),
    _Sort("item_discount", _amount(_UNIT, 40)),
    *_COUPONS,
    _COUPONS[0],
    _COUPONS[2],
    _COUPONS[3],
    _Sort("item_coupon", _amount(_UNIT, 20, unit_limit=4)),
    _Sort("order_coupon", _amount(_POOL, 3_000), _STORE, whole=True, conditions=_spend),
    _Sort("order_threshold", _percent_tiers, _PLATFORM, whole=True),
    _Sort("shipping_discount", _shipping),
    _Sort("earning", _earn, whole=True),
)
# What follows, again and again: of ten, eight coupons.
_THEN = (
    *_COUPONS,
    _Sort("order_threshold", _tiers, _STORE, conditions=_unreached),
    _COUPONS[0],
    _COUPONS[2],
    _Sort("n_for_price", _n_for_price),
    _COUPONS[4],
    *_COUPONS,
    _Sort("order_threshold", _percent_tiers, _PLATFORM),
    _COUPONS[1],
    _COUPONS[3],
    _Sort("buy_get", _buy_get),
    _COUPONS[0],
)
# The number of the one that is for deliveries.
SHIPPING_AT = 1 + [sort.template_id for sort in _FIRST].index("shipping_discount")
_FUNDING = (
    {"retailer": 10_000},
    {"retailer": 5_000, "brand": 5_000},
    {"shop": 3_333, "mall": 6_667},
)


def spec_of(
    department: int, number: int, chance: Random, *, gentle: bool, delivered: bool, multibuy: bool
) -> ActivitySpec:
    """A department's activity of that number; the first is 1."""
    place = number - 1
    sort = _FIRST[place] if place < len(_FIRST) else _THEN[(place - len(_FIRST)) % len(_THEN)]
    if not delivered and sort.template_id in ("shipping_discount", "earning"):
        sort = _COUPONS[number % len(_COUPONS)]
    if not multibuy and sort.template_id in ("nth_unit", "n_for_price", "buy_get"):
        sort = _COUPONS[number % len(_COUPONS)]
    draw = _Draw(chance, gentle=gentle)
    count = CATEGORIES if sort.whole else draw.between(2, CATEGORIES)
    categories = sorted(chance.sample(range(CATEGORIES), count))
    products = ProductTarget(
        category_paths=tuple(category_path(department, category) for category in categories)
    )
    return ActivitySpec(
        template_id=sort.template_id,
        display_name=f"{sort.template_id} {number}",
        currency="USD",
        layer=sort.layer,
        schedule=ALL_WEEKS,
        products=None if sort.template_id == "shipping_discount" else products,
        conditions=sort.conditions(draw),
        effect=sort.effect(draw),
        funding=tuple(
            FundingShare(funder=funder, share_bps=share_bps)
            for funder, share_bps in chance.choice(_FUNDING).items()
        ),
    )


def category_path(department: int, category: int) -> str:
    """As products and targets name it."""
    return f"d{department}/c{category}"

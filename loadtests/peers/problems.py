"""Carts and promotions on which every engine must agree, and what they must come to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import product
from random import Random

CATEGORIES, BRANDS, PER_SHELF = 4, 5, 3
LINES = CATEGORIES * BRANDS
SEED = 20_260_101


class Kind(StrEnum):
    """What a promotion takes off."""

    PERCENT = "percent"  # `value` whole percent off the products' lines
    UNIT = "unit"  # `value` cents off every unit
    ONCE = "once"  # `value` cents off one unit


@dataclass(frozen=True, slots=True)
class Product:
    """A product. A shelf is one brand in one category; every cart has one product of each."""

    sku: str
    price_cents: int
    category: str
    brand: str
    shelf: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """Takes something off the products whose `attribute` is `subject`.

    min_cart_cents: what the whole cart must come to at list prices; 0: any cart will do.
    """

    code: str
    kind: Kind
    value: int
    attribute: str
    subject: str
    min_cart_cents: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """So many units of a product."""

    sku: str
    quantity: int


Cart = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What all engines are given."""

    products: tuple[Product, ...]
    promotions: tuple[Promotion, ...]
    carts: tuple[Cart, ...]

    def digest(self) -> str:
        return digest_of(asdict(self))


def problem(promotions: int, carts: int) -> Problem:
    """The same ones in each run; carts of 20 lines."""
    chance = Random(f"{SEED}/{promotions}")
    products = tuple(
        Product(
            sku=f"{category}-{brand}-{number}",
            price_cents=100 * chance.randint(100, 400),
            category=f"c{category}",
            brand=f"b{brand}",
            shelf=f"c{category}-b{brand}",
        )
        for category, brand, number in product(range(CATEGORIES), range(BRANDS), range(PER_SHELF))
    )
    by_shelf: dict[str, list[Product]] = {}
    for one in products:
        by_shelf.setdefault(one.shelf, []).append(one)
    return Problem(
        products,
        tuple(_promotion(number, chance, list(by_shelf)) for number in range(promotions)),
        tuple(
            tuple(
                Line(chance.choice(shelf).sku, chance.choice((1, 1, 1, 2, 3)))
                for shelf in by_shelf.values()
            )
            for _ in range(carts)
        ),
    )


# One percentage for each category, at these places; two of them from so much on that every cart
# holds it.
_PERCENT_AT = (0, 3, 7, 9)
_EVERY_CART_HOLDS, _NO_CART_HOLDS = 100_000, 100_000_000


def _promotion(number: int, chance: Random, shelves: list[str]) -> Promotion:
    code = f"P{number:04}"
    category, brand = f"c{chance.randrange(CATEGORIES)}", f"b{chance.randrange(BRANDS)}"
    cents = chance.randint(1, 4)
    if number in _PERCENT_AT:
        place = _PERCENT_AT.index(number)
        least = _EVERY_CART_HOLDS if place % 2 else 0
        return Promotion(code, Kind.PERCENT, chance.randint(5, 20), "category", f"c{place}", least)
    match number % 5:
        case 0:
            return Promotion(code, Kind.UNIT, cents, "category", category)
        case 1 | 3:
            return Promotion(code, Kind.UNIT, cents, "brand", brand)
        case 2:
            return Promotion(code, Kind.ONCE, 20 * cents, "shelf", chance.choice(shelves))
    least = chance.choice((_EVERY_CART_HOLDS, _NO_CART_HOLDS))
    return Promotion(code, Kind.UNIT, cents, "category", category, least)


def discounts_cents(given: Problem, cart: Cart) -> list[int]:
    """What each line of the cart loses, by a plain formula; raises if the problem is not such that
    all engines must agree."""
    products = {one.sku: one for one in given.products}
    whole = sum(products[line.sku].price_cents * line.quantity for line in cart)
    active = [one for one in given.promotions if whole >= one.min_cart_cents]
    off = [sum(_off_cents(one, products[line.sku], line) for one in active) for line in cart]
    for line, off_cents in zip(cart, off, strict=True):
        bought = products[line.sku]
        percentages = [
            one
            for one in active
            if one.kind is Kind.PERCENT and getattr(bought, one.attribute) == one.subject
        ]
        if len(percentages) > 1 or bought.price_cents % 100 or off_cents >= bought.price_cents:
            raise ValueError(f"engines may differ on {line}")
    return off


def _off_cents(promotion: Promotion, bought: Product, line: Line) -> int:
    if getattr(bought, promotion.attribute) != promotion.subject:
        return 0
    match promotion.kind:
        case Kind.PERCENT:
            return bought.price_cents * line.quantity // 100 * promotion.value
        case Kind.UNIT:
            return promotion.value * line.quantity
        case Kind.ONCE:
            return promotion.value
    raise AssertionError(promotion.kind)


def digest_of(told: object) -> str:
    """16 hex digits of anything that JSON can tell."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

"""Carts of 20 lines, and the fixed mix of activities that touch them: what most benches price.

A department has products of its own, in four categories, and activities that touch no other
department's carts. A cart is of one department: five products of each category, a delivery group,
and a credential for each of the department's coupons. One price book holds all products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.program import Kind
from rangli.cli.bench.books import FIRST_WEEK_AT, entry, live, with_book
from rangli.cli.bench.sorts import CATEGORIES, SHIPPING_AT, category_path, spec_of
from rangli.pricing.cart import Cart, Credential
from rangli.pricing.cart_rpc import cart_of
from rangli.v1 import pricing_service_pb2 as pb

LINES, PRODUCTS = 20, 15
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Mix:
    """A catalogue, and requests each of which so many of its activities touch."""

    catalogue: Catalogue
    requests: Sequence[pb.QuoteRequest]

    def carts(self, policy_id: str = "") -> list[Cart]:
        """The requests as carts. More credentials than a request may hold are let through."""
        return [_cart(request, policy_id) for request in self.requests]


# Skus and list prices of one category.
_Shelf = list[tuple[str, int]]


def mix_of(
    activities: int,
    *,
    carts: int,
    departments: int = 25,
    delivered: bool = True,
    multibuy: bool = False,
) -> Mix:
    """The same ones in each run.

    activities: how many touch each cart, 5 or more. delivered: carts have a delivery group, and
    what is off deliveries or earned is in the mix; else coupons are in their places. multibuy: so
    are n-th units, N for a price and buy X get Y, which form sets of units.
    """
    chance = Random(f"{SEED}/{activities}")
    products = [_products(department, chance) for department in range(departments)]
    catalogue = _catalogue(activities, chance, products, delivered=delivered, multibuy=multibuy)
    credentials = [
        [
            pb.Credential(credential_id=f"coupon-{name}", activity_id=name)
            for name, activity in catalogue.activities.items()
            if activity.credential and name.startswith(f"d{department}-")
        ]
        for department in range(departments)
    ]
    requests = []
    for number in range(carts):
        department = number % departments
        request = _request(department, chance, products[department], credentials[department])
        if delivered:
            request.deliveries.add(delivery_id="home", fee_minor=990, method="standard")
        requests.append(request)
    return Mix(catalogue, requests)


def _products(department: int, chance: Random) -> list[_Shelf]:
    """By category."""
    return [
        [
            (f"d{department}-{category}-{number:02}", chance.randint(5_000, 50_000))
            for number in range(PRODUCTS)
        ]
        for category in range(CATEGORIES)
    ]


def _catalogue(
    activities: int,
    chance: Random,
    products: Sequence[Sequence[_Shelf]],
    *,
    delivered: bool,
    multibuy: bool,
) -> Catalogue:
    entries = [
        entry(sku, Kind.PRICE, list_minor * chance.randint(80, 99) // 100)
        for department in products
        for shelf in department
        for sku, list_minor in shelf
    ]
    gentle = activities > 100
    specs = {
        f"d{department}-{number}": spec_of(
            department, number, chance, gentle=gentle, delivered=delivered, multibuy=multibuy
        )
        for department in range(len(products))
        for number in range(1, activities)  # the book is 0
        # Delivery knows no departments: one activity for all carts.
        if not (delivered and department and number == SHIPPING_AT)
    }
    return evolve(
        with_book(Catalogue("default"), "book", sorted(entries)),
        2,
        activities={name: live(name, spec) for name, spec in specs.items()},
    )


def _request(
    department: int,
    chance: Random,
    shelves: Sequence[_Shelf],
    credentials: Sequence[pb.Credential],
) -> pb.QuoteRequest:
    request = pb.QuoteRequest(currency="USD", user_id="u1", store_id="s1", credentials=credentials)
    request.priced_at.FromDatetime(FIRST_WEEK_AT.replace(tzinfo=None))
    for category, shelf in enumerate(shelves):
        for sku, list_minor in chance.sample(shelf, LINES // CATEGORIES):
            number = len(request.lines)
            request.lines.add(
                line_id=str(number),
                sku=sku,
                quantity=chance.choice((1, 1, 1, 2, 3, 6)),
                list_minor=list_minor,
                category_path=category_path(department, category),
                brand="national",
                position=number,
            )
    return request


def _cart(request: pb.QuoteRequest, policy_id: str) -> Cart:
    bare = pb.QuoteRequest()
    bare.CopyFrom(request)
    bare.ClearField("credentials")
    bare.policy_id = policy_id
    cart = cart_of(bare, FIRST_WEEK_AT)
    cart.credentials = [
        Credential(one.credential_id, one.activity_id, None) for one in request.credentials
    ]
    return cart

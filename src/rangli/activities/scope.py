"""Targets as carts ask them: the lists of a spec as sets, so that long ones cost no more."""

from __future__ import annotations

from dataclasses import dataclass

from rangli.activities.targets import (
    DeliveryTarget,
    LineTarget,
    ProductTarget,
    Remainder,
    StoreTarget,
    UserTarget,
)


@dataclass(frozen=True, slots=True)
class Products:
    """A `ProductTarget`, or a `Remainder` of one.

    max_list_minor: 0: no bound.
    without: a product of one of these is not in it.
    whole: nothing of what it names is taken out again.
    """

    all: bool
    skus: frozenset[str]
    set_ids: frozenset[str]
    category_paths: frozenset[str]
    brands: frozenset[str]
    tags: frozenset[str]
    exclude: Products | None
    min_list_minor: int = 0
    max_list_minor: int = 0
    without: tuple[Products, ...] = ()
    whole: bool = False

    @classmethod
    def of(cls, target: ProductTarget, without: tuple[ProductTarget, ...] = ()) -> Products:
        """The same as stated."""
        return cls(
            all=target.all,
            skus=frozenset(target.skus),
            set_ids=frozenset(target.set_ids),
            category_paths=frozenset(target.category_paths),
            brands=frozenset(target.brands),
            tags=frozenset(target.tags),
            exclude=cls.of(target.exclude) if target.exclude is not None else None,
            min_list_minor=target.min_list_minor,
            max_list_minor=target.max_list_minor,
            without=tuple(cls.of(other) for other in without),
            whole=target.exclude is None and not target.has_prices() and not without,
        )


@dataclass(frozen=True, slots=True)
class Deliveries:
    """A `DeliveryTarget`: delivery groups with one of the methods, all if there are none."""

    methods: frozenset[str]


def lines_of(target: LineTarget) -> Products | Deliveries:
    """The same list of lines, as carts ask it."""
    if isinstance(target, DeliveryTarget):
        return Deliveries(frozenset(target.methods))
    if isinstance(target, Remainder):
        return Products.of(target.products, target.without)
    return Products.of(target)


@dataclass(frozen=True, slots=True)
class Stores:
    """A `StoreTarget`."""

    store_ids: frozenset[str]
    set_ids: frozenset[str]
    exclude_store_ids: frozenset[str]
    exclude_set_ids: frozenset[str]

    @classmethod
    def of(cls, target: StoreTarget) -> Stores:
        """The same as stated."""
        return cls(
            frozenset(target.store_ids),
            frozenset(target.set_ids),
            frozenset(target.exclude_store_ids),
            frozenset(target.exclude_set_ids),
        )


@dataclass(frozen=True, slots=True)
class Users:
    """A `UserTarget`."""

    set_ids: tuple[str, ...]
    user_groups: frozenset[str]
    exclude_set_ids: tuple[str, ...]

    @classmethod
    def of(cls, target: UserTarget) -> Users:
        """The same as stated."""
        return cls(target.set_ids, frozenset(target.user_groups), target.exclude_set_ids)

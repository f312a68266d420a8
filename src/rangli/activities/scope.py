"""Targets as carts ask them: the lists of a spec as sets, so that long ones cost no more."""

from __future__ import annotations

from dataclasses import dataclass

from rangli.activities.targets import ProductTarget, StoreTarget, UserTarget


@dataclass(frozen=True, slots=True)
class Products:
    """A `ProductTarget`."""

    all: bool
    skus: frozenset[str]
    set_ids: frozenset[str]
    category_paths: frozenset[str]
    brands: frozenset[str]
    tags: frozenset[str]
    exclude: Products | None

    @classmethod
    def of(cls, target: ProductTarget) -> Products:
        """The same as stated."""
        return cls(
            all=target.all,
            skus=frozenset(target.skus),
            set_ids=frozenset(target.set_ids),
            category_paths=frozenset(target.category_paths),
            brands=frozenset(target.brands),
            tags=frozenset(target.tags),
            exclude=cls.of(target.exclude) if target.exclude is not None else None,
        )


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

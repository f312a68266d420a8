"""Which products, stores and shoppers an activity speaks of: what an operator states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.bounds import Names, PriceMinor, SetIds, unprintable
from rangli.core.errors import Violation

_CategoryPaths = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=1000)
]


class ProductTarget(Struct, frozen=True, kw_only=True):
    """The union of what is included less what is excluded; exclusion wins."""

    all: Annotated[bool, Meta(description="Every product.")] = False
    skus: Annotated[Names, Meta(description="Single products.")] = ()
    set_ids: Annotated[SetIds, Meta(description="Sets of kind PRODUCT.")] = ()
    category_paths: Annotated[
        _CategoryPaths, Meta(description='Categories with all below them, such as "grocery/bread".')
    ] = ()
    brands: Annotated[Names, Meta(description="Brands, matched exactly.")] = ()
    tags: Annotated[Names, Meta(description="Tags, matched exactly.")] = ()
    exclude: Annotated[ProductTarget | None, Meta(description="What is taken out again.")] = None
    min_list_minor: Annotated[
        PriceMinor, Meta(description="Only units with a list price of at least this; 0: any.")
    ] = 0
    max_list_minor: Annotated[
        PriceMinor, Meta(description="Only units with a list price of at most this; 0: any.")
    ] = 0

    def includes_nothing(self) -> bool:
        """Whether no product can be in it."""
        return not (
            self.all or self.skus or self.set_ids or self.category_paths or self.brands or self.tags
        )

    def names_only_skus(self) -> bool:
        """Whether it includes single products alone."""
        return not (self.all or self.set_ids or self.category_paths or self.brands or self.tags)

    def has_prices(self) -> bool:
        """Whether it speaks only of some list prices."""
        return bool(self.min_list_minor or self.max_list_minor)

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        if self.includes_nothing():
            found.append(Violation(path, "includes no product; for every product set `all`"))
        found += self._misspelt(path)
        if self.exclude is not None:
            found += self.exclude._misspelt(f"{path}.exclude")
            if self.exclude.includes_nothing() and self.exclude.has_prices():
                words = "includes no product; to exclude by price alone set `all`"
                found.append(Violation(f"{path}.exclude", words))
            if self.exclude.exclude is not None:
                found.append(Violation(f"{path}.exclude.exclude", "must be absent"))
        return found

    def _misspelt(self, path: str) -> list[Violation]:
        """Names that no cart line can bear."""
        found = []
        for name in ("skus", "category_paths", "brands", "tags"):
            found += unprintable(f"{path}.{name}", getattr(self, name))
        found += [
            Violation(f"{path}.category_paths[{index}]", "must not begin or end with a slash")
            for index, category_path in enumerate(self.category_paths)
            if category_path.startswith("/") or category_path.endswith("/")
        ]
        if 0 < self.max_list_minor < self.min_list_minor:
            found.append(Violation(f"{path}.max_list_minor", "must not be below min_list_minor"))
        return found

    def product_sets(self) -> tuple[str, ...]:
        """Every product set it names."""
        return self.set_ids + (self.exclude.set_ids if self.exclude else ())


@dataclass(frozen=True, slots=True)
class DeliveryTarget:
    """Delivery groups with one of these methods; none: all delivery groups."""

    methods: tuple[str, ...]

    def product_sets(self) -> tuple[str, ...]:
        """None: it names no products."""
        return ()


@dataclass(frozen=True, slots=True)
class Remainder:
    """Products less others: a line that is one of `without` is not in it.

    Unlike what a target excludes, a line of which that is unknown stays: it is a line of the one or
    of the other, never of neither.
    """

    products: ProductTarget
    without: tuple[ProductTarget, ...]

    def product_sets(self) -> tuple[str, ...]:
        """Every product set it names."""
        return tuple(s for t in (self.products, *self.without) for s in t.product_sets())


# What a list of lines of the cart holds.
LineTarget = ProductTarget | DeliveryTarget | Remainder


class StoreTarget(Struct, frozen=True, kw_only=True):
    """Stores an activity runs in."""

    store_ids: Annotated[Names, Meta(description="Single stores.")] = ()
    set_ids: Annotated[SetIds, Meta(description="Sets of kind STORE: regions.")] = ()
    exclude_store_ids: Annotated[Names, Meta(description="Stores taken out again.")] = ()
    exclude_set_ids: Annotated[SetIds, Meta(description="Regions taken out again.")] = ()

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = unprintable(f"{path}.store_ids", self.store_ids)
        found += unprintable(f"{path}.exclude_store_ids", self.exclude_store_ids)
        if not (self.store_ids or self.set_ids):
            found.append(Violation(path, "includes no store; leave it out to run everywhere"))
        return found


class UserTarget(Struct, frozen=True, kw_only=True):
    """Shoppers an activity is for."""

    set_ids: Annotated[SetIds, Meta(description="Sets of kind USER.")] = ()
    user_groups: Annotated[Names, Meta(description="Groups as the request names them.")] = ()
    exclude_set_ids: Annotated[SetIds, Meta(description="Sets of kind USER taken out again.")] = ()

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = unprintable(f"{path}.user_groups", self.user_groups)
        if not (self.set_ids or self.user_groups):
            found.append(Violation(path, "includes nobody; leave it out to include everybody"))
        return found


TARGETS: dict[str, type[Struct]] = {
    "products": ProductTarget,
    "stores": StoreTarget,
    "users": UserTarget,
}

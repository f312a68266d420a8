"""In which groups activities act on a price, and who wins in each: stacking as data.

The default: layers stack. In a layer, open activities act before credentials. Among open ones the
best wins, per line where single products are concerned, per cart where the order is; item coupons
all act, and of order coupons the best one does.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from rangli.activities.spec import Layer
from rangli.pricing.plan import GroupBase, Mode, Scope


@dataclass(frozen=True, slots=True)
class Group:
    """The activities of one layer and entitlement, and how they share the work."""

    layer: Layer
    credential: bool
    mode: Mode
    scope: Scope
    base: GroupBase = GroupBase.RUNNING


@dataclass(frozen=True, slots=True)
class Policy:
    """Groups in the order in which they act, and the same as the kernel reads them."""

    groups: tuple[Group, ...]
    number_of: dict[tuple[Layer, bool], int]
    modes: array[int]
    scopes: array[int]
    bases: array[int]


def policy(groups: Sequence[Group]) -> Policy:
    """The groups, ready for use."""
    return Policy(
        groups=tuple(groups),
        number_of={(group.layer, group.credential): i for i, group in enumerate(groups)},
        modes=array("q", (group.mode for group in groups)),
        scopes=array("q", (group.scope for group in groups)),
        bases=array("q", (group.base for group in groups)),
    )


DEFAULT = policy(
    (
        Group(Layer.ITEM_PRICE, False, Mode.BEST, Scope.LINE),
        Group(Layer.ITEM_DISCOUNT, False, Mode.BEST, Scope.LINE),
        Group(Layer.ITEM_DISCOUNT, True, Mode.ALL, Scope.CART),
        Group(Layer.STORE_ORDER, False, Mode.BEST, Scope.CART),
        Group(Layer.STORE_ORDER, True, Mode.BEST, Scope.CART),
        Group(Layer.PLATFORM_ORDER, False, Mode.BEST, Scope.CART),
        Group(Layer.PLATFORM_ORDER, True, Mode.BEST, Scope.CART),
    )
)

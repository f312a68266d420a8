"""The lists of lines that an activity names beside its eligible ones, numbered for its program."""

from __future__ import annotations

from rangli.activities.program import ALL_PRODUCTS, ELIGIBLE
from rangli.activities.targets import LineTarget, ProductTarget, Remainder


class ListNumbers:
    """Numbers lists from 1 in the order in which conditions and effects ask for them.

    eligible: the activity's products; None: it has none, as what acts on delivery.
    uncounted: products that neither conditions nor the multiplier may read.
    """

    def __init__(
        self, eligible: ProductTarget | None = None, uncounted: tuple[ProductTarget, ...] = ()
    ) -> None:
        self.lists: list[LineTarget] = []
        self._eligible = eligible
        self._uncounted = uncounted

    def number(self, target: LineTarget | None) -> int:
        """Of what an effect reads or acts on; None: the eligible lines."""
        if target is None:
            return ELIGIBLE
        self.lists.append(target)
        return len(self.lists)

    def counted(self, target: ProductTarget | None) -> int:
        """Of what a condition or the multiplier reads; None: the eligible products.

        Of an activity without products those are all of the cart: "free delivery from 50 on".
        """
        if target is None and self._eligible is None:
            return ALL_PRODUCTS
        counted = target or self._eligible
        if counted is not None and self._uncounted:
            return self.number(Remainder(counted, self._uncounted))
        return self.number(target)

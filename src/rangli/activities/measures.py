"""What of a cart is measured, on which amounts, and how it is compared."""

from __future__ import annotations

from enum import StrEnum

from rangli.activities import program
from rangli.core.errors import Violation


class ConditionBase(StrEnum):
    """The amounts a condition or a discount reads, and of which moment."""

    RUNNING = "RUNNING"
    LIST = "LIST"
    GROUP_START = "GROUP_START"
    ORIGINAL = "ORIGINAL"
    OTHER_PRICE = "OTHER_PRICE"

    def number(self) -> program.Base:
        """As the kernel names it."""
        return program.Base["OTHER" if self is ConditionBase.OTHER_PRICE else self.name]


class Measure(StrEnum):
    """What a condition, a tier or a multiplier measures."""

    AMOUNT = "AMOUNT"
    QUANTITY = "QUANTITY"
    LINE_QUANTITY = "LINE_QUANTITY"
    DISTINCT = "DISTINCT"

    def number(self) -> program.Measure:
        """As the kernel names it."""
        return program.Measure[self.name]


class Comparison(StrEnum):
    """How two values are compared."""

    AT_LEAST = "AT_LEAST"
    ABOVE = "ABOVE"
    EQUAL = "EQUAL"
    AT_MOST = "AT_MOST"
    BELOW = "BELOW"

    def number(self) -> program.Compare:
        """As the kernel names it."""
        return program.Compare[self.name]

    def holds(self, actual: int, required: int) -> bool:
        """Whether the actual value compares so with the required one."""
        return {
            Comparison.AT_LEAST: actual >= required,
            Comparison.ABOVE: actual > required,
            Comparison.EQUAL: actual == required,
            Comparison.AT_MOST: actual <= required,
            Comparison.BELOW: actual < required,
        }[self]


def not_of_amount(base: ConditionBase, path: str) -> list[Violation]:
    """A base is stated where no amount is read."""
    if base is ConditionBase.RUNNING:
        return []
    return [Violation(f"{path}.base", "goes with amounts only")]

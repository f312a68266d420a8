"""A simulation's answer as tables."""

from __future__ import annotations

from collections.abc import Iterable

from rangli.cli import text
from rangli.cli.table import Table
from rangli.core.money import format_minor
from rangli.v1.simulation_pb2 import (
    CurrencyDifference,
    SimulateActivitiesResponse,
    SimulatedActivity,
    SimulatedCart,
    SimulatedTotals,
)

_ACTIVITIES_SHOWN = 20


def report(answer: SimulateActivitiesResponse) -> str:
    """What the carts come to before and after, as people read it."""
    words = f"{answer.carts} carts on catalogue version {answer.catalogue_version}"
    if answer.refused:
        words += f"; {answer.refused} were refused, first {answer.first_refusal}"
    tables = [table for each in answer.differences for table in _tables(each)]
    return "\n".join([f"{words}\n", *(text.render(table) for table in tables)])


def _tables(difference: CurrencyDifference) -> list[Table]:
    currency = difference.currency
    tables = [
        Table(
            f"{difference.carts} carts in {currency}: {difference.cheaper} become cheaper, "
            f"{difference.dearer} dearer, {difference.same} stay",
            head=["", "before", "after", "difference"],
            rows=_totals(currency, difference.before, difference.after),
            right=frozenset({1, 2, 3}),
        )
    ]
    changed = [a for a in difference.activities if a.before_minor != a.after_minor]
    if changed:
        more = len(changed) - _ACTIVITIES_SHOWN
        tables.append(
            Table(
                "Activities that give more or less",
                head=["", "before", "after", "difference", "carts before", "after"],
                rows=[_activity(currency, item) for item in changed[:_ACTIVITIES_SHOWN]],
                right=frozenset({1, 2, 3, 4, 5}),
                note=f"and {more} more" if more > 0 else "",
            )
        )
    for title, carts in (
        ("Carts that gain most", difference.winners),
        ("Carts that lose most", difference.losers),
    ):
        if carts:
            tables.append(
                Table(
                    title,
                    head=["cart", "shopper", "before", "after", "difference"],
                    rows=[_cart(currency, cart) for cart in carts],
                    right=frozenset({0, 2, 3, 4}),
                )
            )
    return tables


def _totals(currency: str, before: SimulatedTotals, after: SimulatedTotals) -> list[list[str]]:
    funded = [{f.funder: f.amount_minor for f in totals.funders} for totals in (before, after)]
    rows: list[tuple[str, int, int]] = [
        ("at list prices", before.list_minor, after.list_minor),
        ("discounts", before.discount_minor, after.discount_minor),
        *(
            (f"  paid by {funder}", funded[0].get(funder, 0), funded[1].get(funder, 0))
            for funder in sorted({name for of in funded for name in of})
        ),
        ("shoppers pay", before.payable_minor, after.payable_minor),
    ]
    return [[name, *_amounts(currency, was, will)] for name, was, will in rows]


def _activity(currency: str, item: SimulatedActivity) -> list[str]:
    amounts = _amounts(currency, item.before_minor, item.after_minor)
    return [item.activity_id, *amounts, str(item.carts_before), str(item.carts_after)]


def _cart(currency: str, cart: SimulatedCart) -> list[str]:
    amounts = _amounts(currency, cart.before_minor, cart.after_minor)
    return [str(cart.number), cart.user_id, *amounts]


def _amounts(currency: str, before: int, after: int) -> Iterable[str]:
    for amount in (before, after):
        yield format_minor(amount, currency)
    sign = "+" if after > before else ""
    yield sign + format_minor(after - before, currency)

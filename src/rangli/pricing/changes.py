"""Changes of a cart that may fill a gap: more units of a line, fewer, or more goods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from rangli.activities.program import Base, Measure
from rangli.core.money import (
    CART_MINOR_MAX,
    LINE_MINOR_MAX,
    LINES_MAX,
    QUANTITY_MAX,
    share_half_up,
)
from rangli.pricing.cart import Cart, Line
from rangli.pricing.gaps import Gap
from rangli.pricing.priced_cart import Priced

# So many lines, from the cheapest on, are tried for a gap.
_LINES_TRIED = 2
# Behind all lines that have no place of their own.
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to a cart.

    units: by line_id, rising: units to add, below 0 to take out; all of them: the line goes.
    like_line_id, amount_minor: a line more, of one unit at that list price, with the sku and the
        other facts of that line; "": none.
    credential_id, code: what is left out; "": nothing.
    """

    units: tuple[tuple[str, int], ...] = ()
    like_line_id: str = ""
    amount_minor: int = 0
    credential_id: str = ""
    code: str = ""

    def added_minor(self, cart: Cart) -> int:
        """What is added to the cart, at list prices."""
        unit_minor = {line.line_id: line.list_minor for line in cart.lines}
        added = sum(unit_minor[name] * max(0, units) for name, units in self.units)
        return added + self.amount_minor

    def with_units(self, line_id: str, units: int) -> Change:
        """The same with more, or fewer, units of a line."""
        by_line = dict(self.units)
        by_line[line_id] = by_line.get(line_id, 0) + units
        return replace(self, units=tuple(sorted(by_line.items())))


def changed(cart: Cart, change: Change) -> Cart | None:
    """The cart after the change; None if there can be no such cart."""
    units = dict(change.units)
    lines = [
        replace(line, quantity=line.quantity + units.get(line.line_id, 0))
        for line in cart.lines
        if line.quantity + units.get(line.line_id, 0)
    ]
    if change.like_line_id:
        (like,) = [line for line in cart.lines if line.line_id == change.like_line_id]
        lines.append(_filler(cart, like, change.amount_minor))
    if not lines or not _possible(cart, lines):
        return None
    return replace(
        cart,
        lines=lines,
        credentials=[c for c in cart.credentials if c.credential_id != change.credential_id],
        codes=tuple(code for code in cart.codes if code != change.code),
        explain=False,
        snapshot=False,
        hints=0,
    )


def _filler(cart: Cart, like: Line, amount_minor: int) -> Line:
    """One unit of the line's product at another price, behind all others."""
    other_minor = like.other_list_minor
    if other_minor is not None and like.list_minor:
        other_minor = share_half_up(amount_minor, other_minor, like.list_minor)
    return replace(
        like,
        line_id=filler_id(cart),
        quantity=1,
        list_minor=amount_minor,
        position=_LAST,
        floor_minor=0,
        outside_minor=0,
        other_list_minor=other_minor,
    )


def filler_id(cart: Cart) -> str:
    """A name that no line or delivery group of the cart has."""
    taken = {line.line_id for line in cart.lines}
    taken.update(each.delivery_id for each in cart.deliveries)
    name = "~"
    while name in taken:
        name += "~"
    return name


def _possible(cart: Cart, lines: Sequence[Line]) -> bool:
    """Whether a request may say it."""
    if len(lines) > LINES_MAX:
        return False
    fees_minor = sum(each.fee_minor for each in cart.deliveries)
    list_minor = sum(line.list_minor * line.quantity for line in lines)
    other_minor = sum((line.other_list_minor or 0) * line.quantity for line in lines)
    dearest = max(
        max(line.list_minor, line.floor_minor, line.other_list_minor or 0) * line.quantity
        for line in lines
    )
    return (
        max(fees_minor + list_minor, other_minor) <= CART_MINOR_MAX
        and dearest <= LINE_MINOR_MAX
        and all(0 < line.quantity <= QUANTITY_MAX for line in lines)
        and all(line.outside_minor <= line.list_minor * line.quantity for line in lines)
    )


def ways(priced: Priced, step: int, gap: Gap) -> list[Change]:
    """Changes that may fill the gap, those that add (or take out) least at list prices first."""
    if gap.missing < 0 and gap.measure in (Measure.LINE_QUANTITY, Measure.DISTINCT):
        return _several_fewer(priced, gap)
    found = []
    for row in _lines_in(priced, gap):
        units = _units(priced, step, gap, row)
        if units:
            found.append((priced.made.lines[row].list_minor * abs(units), row, units))
    changes = [
        Change().with_units(priced.made.lines[row].line_id, units)
        for _, row, units in sorted(found)[:_LINES_TRIED]
    ]
    if gap.missing > 0 and gap.measure == Measure.AMOUNT and gap.base != Base.OTHER:
        changes += _more_goods(priced, step, gap)
    return changes


def grown(change: Change, priced: Priced, step: int, *, gap: Gap, before: Gap) -> Change | None:
    """The change with more of the same, for what it left of a gap, or what showed behind it.

    priced: the changed cart. before: the gap that the change was to fill.
    """
    if gap.missing * before.missing <= 0:
        return None
    if change.like_line_id:
        if gap.measure != Measure.AMOUNT:
            return None
        amount_minor = change.amount_minor + gap.missing
        covered = before.missing - gap.missing
        if gap.source == before.source and covered > 0:
            # As much again of what an added unit of money was worth.
            amount_minor = -(-before.missing * change.amount_minor // covered)
        return replace(change, amount_minor=amount_minor)
    lines = _lines_in(priced, gap)
    named = dict(change.units)
    same = [row for row in lines if priced.made.lines[row].line_id in named]
    rows = same or sorted(lines, key=lambda row: priced.made.lines[row].list_minor)
    for row in rows:
        units = _units(priced, step, gap, row)
        if units:
            return change.with_units(priced.made.lines[row].line_id, units)
    return None


def _lines_in(priced: Priced, gap: Gap) -> list[int]:
    return [row for row in gap.rows if not priced.cart[row].delivery]


def _units(priced: Priced, step: int, gap: Gap, row: int) -> int:
    """So many more units of the line fill the gap (below 0: fewer); 0: no number does."""
    line = priced.made.lines[row]
    if gap.measure == Measure.QUANTITY:
        units = gap.missing
    elif gap.measure == Measure.LINE_QUANTITY:
        most = max(priced.cart[other].quantity for other in _lines_in(priced, gap))
        units = gap.missing + most - line.quantity
    elif gap.measure == Measure.AMOUNT:
        worth = priced.left_minor(step, gap.base)[row]
        whole = priced.cart[row]
        if gap.base in (Base.RUNNING, Base.GROUP_START):
            # What outside discounts took stays as it is.
            due = whole.unit_minor * whole.quantity - whole.outside_minor
            worth = whole.unit_minor * whole.quantity * worth // due if due else 0
        elif gap.base == Base.ORIGINAL:
            worth = whole.unit_minor * whole.quantity
        if worth == 0:
            return 0
        units = -(-abs(gap.missing) * line.quantity // worth)
        units = units if gap.missing > 0 else -units
    else:
        return 0
    return units if line.quantity + units >= 0 else 0


def _more_goods(priced: Priced, step: int, gap: Gap) -> Iterator[Change]:
    """Goods like those that earlier steps took least off: others may have it as well."""
    due, left = (priced.left_minor(step, base) for base in (Base.ORIGINAL, gap.base))
    lines = [row for row in _lines_in(priced, gap) if due[row]]
    if lines:
        row = max(lines, key=lambda row: (Fraction(left[row], due[row]), -row))
        like = priced.made.lines[row]
        yield Change(like_line_id=like.line_id, amount_minor=gap.missing)


def _several_fewer(priced: Priced, gap: Gap) -> list[Change]:
    """Fewer units of all lines that have too many; or fewer products, the cheapest left out."""
    lines = _lines_in(priced, gap)
    change = Change()
    if gap.measure == Measure.LINE_QUANTITY:
        most = max(priced.cart[row].quantity for row in lines) + gap.missing
        for row in lines:
            line = priced.made.lines[row]
            if line.quantity > most:
                change = change.with_units(line.line_id, most - line.quantity)
        return [change]
    products: dict[int, list[int]] = {}
    for row in lines:
        products.setdefault(priced.cart[row].product, []).append(row)

    def costs(several: list[int]) -> tuple[int, int]:
        listed = sum(priced.cart[row].unit_minor * priced.cart[row].quantity for row in several)
        return listed, several[0]

    for several in sorted(products.values(), key=costs)[: -gap.missing]:
        for row in several:
            line = priced.made.lines[row]
            change = change.with_units(line.line_id, -line.quantity)
    return [change]

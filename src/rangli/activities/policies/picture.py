"""A policy as an SVG: groups from the top, in the order in which they act.

The same policy gives the same text, so that committed pictures can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rangli.activities.measures import ConditionBase
from rangli.activities.policies.spec import (
    GroupMember,
    GroupMode,
    GroupOrder,
    GroupScope,
    PolicyGroup,
    PolicySpec,
)
from rangli.activities.spec import Entitlement, Layer

_WIDTH = 760
_MARGIN, _GAP, _INDENT = 16, 8, 18
_HEAD, _ROW = 30, 26
_CHAR, _CHIP_GAP = 6.0, 6  # a letter of the small text; chips need not be exact

_COLOURS = {
    Layer.ITEM_PRICE: "#fde68a",
    Layer.ITEM_DISCOUNT: "#fecaca",
    Layer.BUNDLE: "#ddd6fe",
    Layer.STORE_ORDER: "#bfdbfe",
    Layer.PLATFORM_ORDER: "#a5f3fc",
    Layer.SHIPPING: "#bbf7d0",
    Layer.EARNING: "#fbcfe8",
}
_ANY_COLOUR = "#e5e7eb"
_ONE = {
    GroupMode.FIRST: "the first that gives anything",
    GroupMode.LARGEST: "the one that gives most",
    GroupMode.SMALLEST: "the one that gives least",
}
_SEVERAL = {
    GroupMode.FIRST: "the first {} that give anything",
    GroupMode.LARGEST: "the {} that give most",
    GroupMode.SMALLEST: "the {} that give least",
}
_SCOPES = {
    GroupScope.CART: "per cart",
    GroupScope.LINE: "per line",
    GroupScope.UNIT: "per unit",
}
_BASES = {
    ConditionBase.LIST: "computed on list prices",
    ConditionBase.GROUP_START: "computed on what was left when the group began",
    ConditionBase.ORIGINAL: "computed on the cart as it came",
}
_ORDERS = {
    GroupOrder.PRIORITY_DOWN: "higher priority first",
    GroupOrder.OLDEST: "oldest first",
    GroupOrder.NEWEST: "newest first",
    GroupOrder.REQUEST: "as the request names them",
    GroupOrder.REQUEST_DOWN: "last named first",
    GroupOrder.OPEN: "in the cheapest order",
}

# Words, colour, width.
_Chip = tuple[str, str, int]


def picture(spec: PolicySpec) -> str:
    """The policy drawn, as the text of an SVG file."""
    top = 58
    drawn: list[str] = []
    for number, group in enumerate(spec.groups, 1):
        box = _Box(group, f"{number}", left=_MARGIN, width=_WIDTH - 2 * _MARGIN)
        drawn += box.draw(top)
        top += box.height + _GAP
    height = top + _MARGIN - _GAP
    title = escape(spec.display_name)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" role="img" '
            f'aria-label="{title}">',
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            _text(_MARGIN, 26, spec.display_name, size=17, bold=True),
            _text(_MARGIN, 46, f"{spec.policy_id}: from the top down", colour="#6b7280"),
            *drawn,
            "</svg>",
            "",
        ]
    )


class _Box:
    """A group's box: what is in it row by row, and how high that makes it."""

    def __init__(self, group: PolicyGroup, number: str, *, left: int, width: int) -> None:
        self.group = group
        self.number = number
        self.left, self.width = left, width
        self.chips = _chip_rows(group.members, width - 24)
        self.note = _note(group)
        self.children = [
            _Box(child, f"{number}.{index}", left=left + _INDENT, width=width - 2 * _INDENT)
            for index, child in enumerate(group.groups, 1)
        ]
        rows = len(self.chips) + bool(self.note)
        inside = sum(child.height + _GAP for child in self.children)
        self.height: int = _HEAD + rows * _ROW + inside + 4

    def draw(self, top: int) -> Iterator[str]:
        left, right = self.left + 12, self.left + self.width - 12
        # A group around others is an outline; what acts is filled.
        fill = "#ffffff" if self.children else "#fafafa"
        yield (
            f'<rect x="{self.left}" y="{top}" width="{self.width}" height="{self.height}" '
            f'rx="8" fill="{fill}" stroke="#9ca3af"/>'
        )
        name = f"{self.number}  {self.group.name}"
        yield _text(left, top + 20, name, size=14, bold=True)
        yield _text(right, top + 20, _how(self.group), end=True)
        top += _HEAD
        for row in self.chips:
            at = left
            for words, colour, width in row:
                yield (
                    f'<rect x="{at}" y="{top}" width="{width}" height="20" rx="10" '
                    f'fill="{colour}"/>'
                )
                yield _text(at + 8, top + 14, words)
                at += width + _CHIP_GAP
            top += _ROW
        if self.note:
            yield _text(left, top + 14, self.note, colour="#6b7280")
            top += _ROW
        for child in self.children:
            yield from child.draw(top)
            top += child.height + _GAP


def _how(group: PolicyGroup) -> str:
    if group.mode is GroupMode.ALL:
        return f"the first {group.most} that apply" if group.most else "all act, in order"
    scope = _SCOPES[group.scope]
    if group.mode is GroupMode.BEST:
        some = f"at most {group.most} " if group.most else "any "
        return f"{some}{scope}, so that the cart is cheapest"
    words = _SEVERAL[group.mode].format(group.most) if group.most > 1 else _ONE[group.mode]
    return f"{words}, {scope}"


def _note(group: PolicyGroup) -> str:
    said = [
        _common(group.members),
        _ORDERS.get(group.order),
        _BASES.get(group.base),
        f"at most {group.limit_minor:,} minor units in all" if group.limit_minor else "",
        "units used before may be used again" if group.reset_units else "",
        "counts as applied even if it gives nothing" if group.zero_counts else "",
    ]
    return "; ".join(part for part in said if part)


def _common(members: Sequence[GroupMember]) -> str:
    """What is said of all members beside their layers, if there are several; then chips don't."""
    said = {_beside(member) for member in members}
    return said.pop() if len(members) > 1 and len(said) == 1 else ""


def _chip_rows(members: Sequence[GroupMember], width_max: int) -> list[list[_Chip]]:
    rows: list[list[_Chip]] = []
    used = width_max
    common = _common(members)
    for member in members:
        said = [member.layer.replace("_", " ").lower() if member.layer else "everything"]
        if not common:
            said.append(_beside(member))
        words = ", ".join(part for part in said if part)
        width = round(len(words) * _CHAR) + 16
        if used + width > width_max:
            rows.append([])
            used = 0
        rows[-1].append((words, _COLOURS[member.layer] if member.layer else _ANY_COLOUR, width))
        used += width + _CHIP_GAP
    return rows


def _beside(member: GroupMember) -> str:
    """What a member must be beside its layer."""
    said = []
    if member.entitlement is Entitlement.CREDENTIAL:
        said.append("with credential")
    elif member.entitlement is Entitlement.OPEN:
        said.append("open to all")
    if member.label:
        said.append(f"labelled {member.label}")
    if member.without_labels:
        said.append(f"not labelled {' or '.join(member.without_labels)}")
    if member.template_id:
        said.append(f"from {member.template_id}")
    return ", ".join(said)


def _text(
    left: float,
    top: float,
    words: str,
    *,
    size: int = 12,
    bold: bool = False,
    end: bool = False,
    colour: str = "#111827",
) -> str:
    weight = ' font-weight="600"' if bold else ""
    anchor = ' text-anchor="end"' if end else ""
    return (
        f'<text x="{left}" y="{top}" font-size="{size}" fill="{colour}"{weight}{anchor}>'
        f"{escape(words)}</text>"
    )

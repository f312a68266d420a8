"""Bars as SVG: small enough to stand inside the page, drawn without a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 960, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 8, 14, 30
_STEPS = (10, 15, 20, 25, 30, 40, 50, 60, 80)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its height in minor units, its CSS class and what it says under the pointer."""

    amount_minor: int
    css: str
    says: str


@dataclass(frozen=True, slots=True)
class Group:
    """The bars that stand together, and the word under them."""

    label: str
    bars: Sequence[Bar]


def bars(groups: Sequence[Group], *, title: str) -> str:
    """An SVG of the groups side by side on one scale from 0, in whole currency units."""
    top = _round_up(max((bar.amount_minor for g in groups for bar in g.bars), default=0))
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">',
        *_scale(top),
    ]
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(groups))
    every = -(-len(groups) // 27)  # at most 27 words fit under the axis
    for place, group in enumerate(groups):
        left = _LEFT + place * step
        parts += _group(group, left + 0.12 * step, 0.76 * step, top)
        if place % every == 0:
            parts.append(_text(left + step / 2, _HEIGHT - 10, group.label, "middle"))
    return "".join([*parts, "</svg>"])


def _group(group: Group, left: float, width: float, top: int) -> list[str]:
    each = width / max(1, len(group.bars))
    drawn = []
    for place, bar in enumerate(group.bars):
        height = _height(bar.amount_minor, top)
        drawn.append(
            f'<rect class="{bar.css}" x="{left + place * each:.1f}" width="{each:.1f}" '
            f'y="{_HEIGHT - _BOTTOM - height:.1f}" height="{height:.1f}">'
            f"<title>{escape(bar.says)}</title></rect>"
        )
    return drawn


def _scale(top: int) -> list[str]:
    drawn = []
    for fourth in range(5):
        amount = top * fourth // 4
        y = _HEIGHT - _BOTTOM - _height(amount, top)
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(_text(_LEFT - 6, y + 4, f"{amount / 100:,.0f}", "end"))
    return drawn


def _height(amount: int, top: int) -> float:
    return (_HEIGHT - _TOP - _BOTTOM) * amount / top


def _round_up(amount: int) -> int:
    """The next of 4, 6, 8, 10, 12, 16 ... whole units or their tenfolds: its quarters are round."""
    size = 40
    while True:
        for step in _STEPS:
            if size * step >= amount:
                return size * step
        size *= 10


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'

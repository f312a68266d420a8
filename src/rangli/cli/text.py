"""Tables for the terminal."""

from __future__ import annotations

import textwrap

from rangli.cli.table import Table

_COLUMN_MAX = 72
_WIDTH = 100


def render(table: Table) -> str:
    """The table as aligned lines under its underlined title."""
    rows = [list(table.head)] if table.head else []
    rows += [[_fit(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    drawn = [table.title, "-" * len(table.title)]
    drawn += [
        "  ".join(
            cell.rjust(width) if place in table.right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*drawn, *textwrap.wrap(table.note, _WIDTH)]) + "\n"


def _fit(cell: str) -> str:
    return cell if len(cell) <= _COLUMN_MAX else cell[: _COLUMN_MAX - 1] + "…"

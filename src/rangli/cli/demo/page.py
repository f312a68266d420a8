"""The HTML report: one file, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from rangli.cli.demo import chart, compare, report
from rangli.cli.demo.outcome import Figures, Outcome, figures
from rangli.cli.table import Table, percent

_STYLE = """
:root { --ink:#1c2430; --soft:#667085; --rule:#e4e7ec; --paper:#fff; --back:#f6f7f9;
        --recorded:#b6bfcc; --retailer:#0f766e; --manufacturer:#b45309; }
@media (prefers-color-scheme: dark) { :root { --ink:#e6e9ef; --soft:#98a2b3; --rule:#333b49;
        --paper:#1b212b; --back:#12161d; --recorded:#566173; --retailer:#2dd4bf;
        --manufacturer:#fbbf24; } }
body { margin:0; background:var(--back); color:var(--ink);
       font:15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width:1040px; margin:0 auto; padding:32px 20px 64px; }
h1 { font-size:28px; margin:0 0 4px; } h2 { font-size:17px; margin:0 0 10px; }
p { color:var(--soft); margin:6px 0 0; }
section { background:var(--paper); border:1px solid var(--rule); border-radius:10px;
          padding:18px 20px; margin-top:18px; overflow-x:auto; }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(170px,1fr)); gap:14px;
         margin-top:20px; }
.tile { background:var(--paper); border:1px solid var(--rule); border-radius:10px;
        padding:14px 16px; }
.tile b { display:block; font-size:24px; font-variant-numeric:tabular-nums; }
.tile span { color:var(--soft); font-size:13px; }
table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; font-size:14px; }
th { text-align:left; color:var(--soft); font-weight:500; }
th, td { padding:4px 14px 4px 0; border-bottom:1px solid var(--rule); vertical-align:top; }
.right { text-align:right; } summary { cursor:pointer; font-weight:600; }
svg { width:100%; height:auto; display:block; }
svg text { font-size:11px; fill:var(--soft); } .grid { stroke:var(--rule); }
.recorded { fill:var(--recorded); } .retailer { fill:var(--retailer); }
.manufacturer, .traced { fill:var(--manufacturer); } .pale { opacity:.4; }
.key { display:inline-block; width:11px; height:11px; border-radius:3px; margin:0 6px 0 0; }
.key.recorded { background:var(--recorded); } .key.retailer { background:var(--retailer); }
.key.manufacturer, .key.traced { background:var(--manufacturer); }
.bad { border-color:#d92d20; }
"""


def render(outcome: Outcome) -> str:
    """The whole page."""
    weeks = compare.by_week(outcome.journey.lines, outcome.wanted, outcome.answered, outcome.traced)
    told = figures(outcome)
    body = [
        "<h1>rangli demo</h1>",
        "<p>A grocer's recorded baskets (Complete Journey, 2017), priced by the service over gRPC "
        "and compared with what the tills recorded.</p>",
        _tiles(told),
        _weeks(weeks, "retailer", "Retailer's discount per week, USD"),
        _weeks(weeks, "manufacturer", "Manufacturers' coupons per week, USD"),
        _weeks(weeks, "traced", "Of these, coupons of traced redemptions, USD"),
        *(_section(table) for table in report.tables(outcome)),
        _folded(report.above_price(outcome.journey.lines, shown=None)),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>rangli demo</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _tiles(told: Figures) -> str:
    equal = percent(int(told["lines_equal_oracle"]) / int(told["lines"]))
    exact = percent(int(told["lines_exact"]) / int(told["lines"]))
    tiles = (
        (equal, "lines equal to the independent calculation"),
        (exact, "lines with the till's own discount"),
        (f"{told['baskets_per_s']:,.0f}", "baskets per second"),
        (f"{told['price_entries']:,}", "price entries live"),
        (f"{told['publish_s']:.1f} s", "from nothing to live"),
        (
            f"{int(told['settled_amounts_unequal']) + int(told['reconcile_differences'])}",
            f"differences in the settlement of {told['orders_posted']:,} baskets",
        ),
    )
    drawn = "".join(
        f'<div class="tile"><b>{number}</b><span>{of}</span></div>' for number, of in tiles
    )
    return f'<div class="tiles">{drawn}</div>'


def _weeks(weeks: pd.DataFrame, funder: str, title: str) -> str:
    groups = []
    for row in weeks.itertuples():
        recorded = int(getattr(row, f"{funder}_recorded"))
        computed = int(getattr(row, f"{funder}_computed"))
        source = "service" if row.replayed else "independent calculation"
        says = f"week {row.Index}: {{}} {{:,.2f}}"
        groups.append(
            chart.Group(
                str(row.Index),
                [
                    chart.Bar(recorded, "recorded", says.format("recorded", recorded / 100)),
                    chart.Bar(
                        computed,
                        funder if row.replayed else f"{funder} pale",
                        says.format(source, computed / 100),
                    ),
                ],
            )
        )
    key = (
        '<p><span class="key recorded"></span>recorded &nbsp; '
        f'<span class="key {funder}"></span>computed'
    )
    if not weeks["replayed"].all():
        key += " (pale: weeks that were not replayed, by the independent calculation)"
    return f"<section><h2>{title}</h2>{chart.bars(groups, title=title)}{key}</p></section>"


def _section(table: Table) -> str:
    css = ' class="bad"' if table.title.startswith("DIFFERENT") else ""
    return f"<section{css}><h2>{escape(table.title)}</h2>{_table(table)}</section>"


def _folded(table: Table) -> str:
    return (
        f"<section><details><summary>{escape(table.title)}: all of them</summary>"
        f"{_table(table)}</details></section>"
    )


def _table(table: Table) -> str:
    head = _row("th", table.head, table) if table.head else ""
    rows = "".join(_row("td", row, table) for row in table.rows)
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    return f"<table>{head}{rows}</table>{note}"


def _row(tag: str, cells: Sequence[str], table: Table) -> str:
    drawn = []
    for place, cell in enumerate(cells):
        css = ' class="right"' if place in table.right else ""
        drawn.append(f"<{tag}{css}>{escape(cell)}</{tag}>")
    return f"<tr>{''.join(drawn)}</tr>"

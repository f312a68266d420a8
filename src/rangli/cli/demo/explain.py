"""One basket explained, line by line, from the service's answer."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.cli.table import Table, usd
from rangli.client import adjustments_of
from rangli.v1.pricing_service_pb2 import (
    NotApplied,
    NotAppliedReason,
    QuoteRequest,
    QuoteResponse,
)

_SHOWN = 8


def explained(request: QuoteRequest, quote: QuoteResponse) -> list[Table]:
    """What each line costs, what was taken off by whom, and what did not apply."""
    rows = []
    for asked, line in zip(request.lines, quote.lines, strict=True):
        first = [line.line_id, asked.category_path, str(asked.quantity), usd(line.list_minor)]
        taken = [
            f"-{usd(cut.amount_minor)} {cut.activity.activity_id} ("
            + ", ".join(f"{funder} {usd(minor)}" for funder, minor in cut.funders().items())
            + ")"
            for cut in adjustments_of(quote, line)
        ] or [""]
        rows.append([*first, taken[0], usd(line.payable_minor)])
        rows += [["", "", "", "", more, ""] for more in taken[1:]]
    total = ", ".join(f"{part.funder} {usd(part.amount_minor)}" for part in quote.funders)
    rows.append(["", "total", "", usd(quote.list_minor), total, usd(quote.payable_minor)])
    when = quote.priced_at.ToDatetime()
    return [
        Table(
            f"One basket, line by line: household {request.user_id}, store {request.store_id}, "
            f"{when:%Y-%m-%d %H:%M} UTC",
            ["line", "product", "units", "list", "taken off", "pays"],
            rows,
            frozenset({2, 3, 5}),
        ),
        _not_applied(quote.not_applied),
    ]


def _not_applied(left: Sequence[NotApplied]) -> Table:
    rows = [
        [
            item.activity_id,
            NotAppliedReason.Name(item.reason).removeprefix("NOT_APPLIED_REASON_").lower(),
            item.credential_id or item.beaten_by,
        ]
        for item in left[:_SHOWN]
    ]
    more = len(left) - len(rows)
    return Table(
        "What did not apply to it, and why",
        ["activity", "reason", ""],
        rows or [["nothing else touches it", "", ""]],
        note=f"and {more} more" if more else "",
    )

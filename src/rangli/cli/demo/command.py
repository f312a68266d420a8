"""`rangli demo`: its options, and what it prints and writes."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from rangli.cli.demo.serving import OwnServer, ServerFailed
from rangli.cli.server import Server, asks_server
from rangli.client import CallRefused

try:
    from rangli.cli import text
    from rangli.cli.demo import page
    from rangli.cli.demo.data import WEEKS, load
    from rangli.cli.demo.flash import FlashFailed
    from rangli.cli.demo.outcome import Outcome, figures
    from rangli.cli.demo.publish import PublishFailed
    from rangli.cli.demo.replay import ReplayFailed
    from rangli.cli.demo.report import tables
    from rangli.cli.demo.run import derive, price
    from rangli.cli.demo.settle import SettleFailed
except ModuleNotFoundError as error:
    sys.exit(f"rangli demo needs the package {error.name}: pip install 'rangli[demo]'")


class Book(StrEnum):
    """For whom the price book's prices are."""

    CHAIN = "chain"
    STORE = "store"


Weeks = Annotated[
    int, typer.Option(min=1, max=WEEKS, help="Replay the first so many weeks of the year.")
]
All = Annotated[bool, typer.Option("--all", help="Replay the whole year.")]
Scope = Annotated[Book, typer.Option("--book", help="Prices for the whole chain, or by store.")]
Report = Annotated[Path | None, typer.Option(help="Write the figures there, as JSON.")]
Html = Annotated[Path, typer.Option(help="Write the page with charts there.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes of the own server.")]


@asks_server(default="", otherwise="a server of its own")
def demo(
    *,
    weeks: Weeks = 26,
    all_weeks: All = False,
    book: Scope = Book.CHAIN,
    report: Report = None,
    html: Html = Path("reports/demo.html"),
    workers: Workers = 2,
    server: Server,
) -> None:
    """Price a real retailer's baskets over gRPC and compare with what the tills recorded.

    Then a week of baskets goes through claims and checkout, and a flash sale is fought over. Ends
    with 1 if any line, order or amount settled with a funder differs from the independent
    calculation, if the sale gives one unit too many or too few, or if the audit finds anything.
    """
    # So that a server of ours is stopped on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        outcome = _run(WEEKS if all_weeks else weeks, book, server, workers)
    except KeyboardInterrupt:
        _fail("stopped", code=130)
    tell(outcome, report, html)


def _run(weeks: int, book: Book, server: Server, workers: int) -> Outcome:
    with ExitStack() as stack:
        own = None if server.address else stack.enter_context(OwnServer(workers))
        print("Reading the Complete Journey data set", file=sys.stderr)
        derived = derive(load(), book.value)
        try:
            outcome = asyncio.run(
                price(
                    derived,
                    Server(own.ready()) if own else server,
                    weeks=weeks,
                    # Twice as many as processes: the system deals connections out by chance.
                    connections=2 * workers,
                    workers=workers if own else 0,
                )
            )
            return replace(outcome, audit=own.audited()) if own else outcome
        except (
            *(ServerFailed, PublishFailed, ReplayFailed, SettleFailed, FlashFailed, CallRefused),
        ) as error:
            _fail("\n".join([str(error), *([own.said()] if own else [])]))


def tell(outcome: Outcome, report: Path | None, html: Path) -> None:
    """Print what came of it, write page and figures; exit with 1 if anything differs."""
    for table in tables(outcome):
        print(f"\n{text.render(table)}", end="")
    if outcome.audit:
        print(f"\nAudit of the stores: {outcome.audit}")
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(page.render(outcome), encoding="utf-8")
    print(f"\nThe page with charts: {html}")
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(figures(outcome), indent=2) + "\n", encoding="utf-8")
        print(f"The figures: {report}")
    if len(outcome.differing):
        _fail(f"{len(outcome.differing)} lines differ from the independent calculation")
    if wrong := len(outcome.settled.unequal) + outcome.settled.differences:
        _fail(f"{wrong} settled or posted amounts differ from the independent calculation")
    if outcome.ordered.unequal or outcome.ordered.settled != outcome.ordered.wanted:
        _fail("orders, or their settlement, differ from the independent calculation")


def _fail(why: str, *, code: int = 1) -> NoReturn:
    typer.echo(f"rangli demo: {why}", err=True)
    sys.exit(code)

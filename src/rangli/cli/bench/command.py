"""`rangli bench [NAME] --json FILE`."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

BENCHES = {
    "kernel": "the price kernel, and how much its readable reference takes",
    "search": "finding the cheapest cart",
    "quote": "a quote in process, from bytes to bytes",
    "catalogue": "a quote beside 1,000,000 price entries against one beside 1,000",
    "wire": "our gRPC transport beside grpcio's: echoes, quotes, claims, latency, memory, TLS",
    "batch": "a served BatchQuote with the wire codec against protobuf objects",
    "money": "reservations in wallets and spends of budgets through gRPC",
    "claims": "claims and orders with all that they stand on, against an echo of raw bytes",
    "postings": "the ledger's postings against PostgreSQL merely storing their rows",
}
# Parts that can be measured by themselves.
PARTS = {f"wire.{part}" for part in ("echo", "quote", "claims", "latency", "idle")}


def bench(
    name: Annotated[
        str | None,
        typer.Argument(help=f"One of {', '.join((*BENCHES, *sorted(PARTS)))}; all if left out"),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures there, a flat object")
    ] = None,
) -> None:
    """Measure, print what was done, and write the figures so that two runs can be compared."""
    if name is not None and name not in BENCHES and name not in PARTS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join((*BENCHES, *sorted(PARTS)))}")
    typer.echo(f"{_processor()}, Python {platform.python_version()}")
    figures: dict[str, float | str] = {}
    for one in [name] if name else BENCHES:
        typer.echo(f"\n{one}: {BENCHES[one.partition('.')[0]]}")
        run: Callable[[], dict[str, float | str]] = import_module(f"rangli.cli.bench.{one}").run
        figures |= run()
    typer.echo()
    for key, value in figures.items():
        told = value if isinstance(value, str) else f"{value:,.2f}"
        typer.echo(f"{key:<36} {told:>16}")
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

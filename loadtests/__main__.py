"""`python -m loadtests`: set-up, a bounded locust run without a screen, and its summary.

Starts a server of its own on stores that go away, unless told where one runs; publishes some weeks
of a retailer's prices and coupons there, under a new tenant; lets locust's users price the baskets
of these weeks; writes locust's report. Ends with 1 if any call failed or none was made.
`--kind wallet` and `--kind fund` move money instead, and publish nothing but budgets.

`locustfile.py` says what the figures mean, and how to run locust by hand.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from loadtests.budgets import prepare_budgets
from loadtests.prepare import prepare
from loadtests.run import PRICING, USERS, Kind, Run, by_hand, drive
from rangli.cli.demo.data import WEEKS, load
from rangli.cli.demo.publish import PublishFailed
from rangli.cli.demo.serving import OwnServer, ServerFailed
from rangli.client import CallRefused


def main(  # noqa: PLR0917  typer passes options by name
    users: Annotated[int, typer.Option(min=1, help="Calls under way at once.")] = 16,
    seconds: Annotated[int, typer.Option(min=1, help="How long to call.")] = 30,
    address: Annotated[str, typer.Option(help="host:port of a running server. [own]")] = "",
    tenant: Annotated[
        str, typer.Option(help="Of that server; publish nothing, take the baskets as they lie.")
    ] = "",
    kind: Annotated[
        Kind, typer.Option(help="One basket a call, many, tender of wallets, or budgets.")
    ] = Kind.QUOTE,
    weeks: Annotated[int, typer.Option(min=1, max=WEEKS, help="Weeks to publish and price.")] = 8,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes of the own server.")] = 2,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes of locust.")] = 1,
    baskets: Annotated[Path, typer.Option(help="The file of baskets.")] = Path(
        "reports/load-baskets.binpb"
    ),
    html: Annotated[Path, typer.Option(help="locust's report.")] = Path("reports/load.html"),
    prepare_only: Annotated[
        bool, typer.Option("--prepare", help="Set up, then print how to run locust by hand.")
    ] = False,
) -> None:
    """Let locust price a retailer's real baskets, or move money, over gRPC; 1 if a call failed."""
    if not address and (tenant or prepare_only):
        raise typer.BadParameter("--tenant and --prepare need the --address of a running server")
    if tenant and kind in PRICING and not baskets.exists():
        raise typer.BadParameter(f"--tenant needs the baskets to price, and there is no {baskets}")
    # So that a server of ours is stopped on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        server = None if address else stack.enter_context(OwnServer(workers))
        try:
            run = Run(
                kind=kind,
                address=server.ready() if server else address,
                tenant=tenant or f"load-{secrets.token_hex(4)}",
                baskets=baskets,
            )
            if not tenant:
                _set_up(run, weeks, workers)
            if prepare_only:
                print(by_hand(run))
                return
            print(f"{users} users for {seconds} s at {run.address}: {USERS[kind]}", flush=True)
            done = drive(run, users=users, seconds=seconds, processes=processes, html=html)
        except (ServerFailed, PublishFailed, CallRefused) as error:
            _fail("\n".join([str(error), *([server.said()] if server else [])]))
        except KeyboardInterrupt:
            _fail("stopped", code=130)
    for method in done.methods:
        print(method)
    print(f"locust's report: {html}")
    if not done.right:
        _fail("calls failed" if done.methods else "no call was made")


def _set_up(run: Run, weeks: int, workers: int) -> None:
    """What the run's users need: the weeks published and a file of baskets, or budgets."""
    if run.kind is Kind.FUND:
        asyncio.run(prepare_budgets(address=run.address, tenant=run.tenant))
    if run.kind not in PRICING:
        return
    requests = asyncio.run(
        prepare(
            load(),
            address=run.address,
            tenant=run.tenant,
            weeks=weeks,
            # The system deals connections out by chance: some for each process.
            connections=4 * workers,
        )
    )
    run.baskets.parent.mkdir(parents=True, exist_ok=True)
    run.baskets.write_bytes(requests.SerializeToString())
    print(f"{len(requests.quotes):,} baskets of {weeks} weeks in {run.baskets}")


def _fail(why: str, *, code: int = 1) -> NoReturn:
    typer.echo(f"loadtests: {why}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    typer.run(main)

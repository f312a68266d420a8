"""`python -m loadtests`: set-up, a bounded locust run without a screen, and its summary.

Starts a server of its own on stores that go away, unless told where one runs; publishes some weeks
of a retailer's prices and coupons there, under a new tenant; lets locust's users price the baskets
of these weeks; writes locust's report. Ends with 1 if any call failed or none was made.
Other kinds publish no prices but what their users need: `--kind wallet` and `fund` move money,
`claims` is a flash sale, `codes` are redeemed and guessed, `checkout` takes carts to orders, `mix`
does all of that at once. Of these it is also checked at the end that no more was given than there
was and, of a server of its own, that its books and counters pass the audit.

`locustfile.py` says what the figures mean, and how to run locust by hand.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from loadtests.budgets import prepare_budgets
from loadtests.calling import TLS_VARIABLES
from loadtests.check import WrongAnswer
from loadtests.prepare import prepare
from loadtests.run import PRICING, Kind, Run, by_hand, drive
from loadtests.sale import (
    check_codes,
    check_sale,
    prepare_codes,
    prepare_orders,
    prepare_sale,
)
from rangli.cli.demo.data import WEEKS, load
from rangli.cli.demo.publish import PublishFailed
from rangli.cli.demo.serving import OwnServer, ServerFailed
from rangli.client import CallRefused


def main(  # noqa: PLR0917  typer passes options by name
    users: Annotated[int, typer.Option(min=1, help="Calls under way at once.")] = 16,
    seconds: Annotated[int, typer.Option(min=1, help="How long to call.")] = 30,
    address: Annotated[
        str,
        typer.Option(help="host:port of a running server; RANGLI_CLIENT_TLS_CA: over TLS. [own]"),
    ] = "",
    tenant: Annotated[
        str, typer.Option(help="Of that server; publish nothing, take the baskets as they lie.")
    ] = "",
    kinds: Annotated[
        list[Kind] | None,
        typer.Option(
            "--kind", help="What users do; several: one after the other.", show_default="quote"
        ),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=WEEKS, help="Weeks to publish and price.")] = 8,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes of the own server.")] = 2,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes of locust.")] = 1,
    baskets: Annotated[Path, typer.Option(help="The file of baskets.")] = Path(
        "reports/load-baskets.binpb"
    ),
    codes: Annotated[Path, typer.Option(help="The file of codes.")] = Path(
        "reports/load-codes.txt"
    ),
    html: Annotated[Path, typer.Option(help="locust's report.")] = Path("reports/load.html"),
    prepare_only: Annotated[
        bool, typer.Option("--prepare", help="Set up, then print how to run locust by hand.")
    ] = False,
) -> None:
    """Let locust price a retailer's real baskets, or move money, over gRPC; 1 if a call failed."""
    if not address and (tenant or prepare_only):
        raise typer.BadParameter("--tenant and --prepare need the --address of a running server")
    kinds = kinds or [Kind.QUOTE]
    if tenant and not PRICING.isdisjoint(kinds) and not baskets.exists():
        raise typer.BadParameter(f"--tenant needs the baskets to price, and there is no {baskets}")
    # So that a server of ours is stopped on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wrong = []
    with ExitStack() as stack:
        server = None if address else stack.enter_context(OwnServer(workers))
        if server:
            for name in TLS_VARIABLES:  # which our own server does not speak
                os.environ.pop(name, None)
        try:
            where = server.ready() if server else address
            for kind in kinds:
                own = tenant or f"load-{secrets.token_hex(4)}"
                run = Run(kind=kind, address=where, tenant=own, baskets=baskets, codes=codes)
                if not tenant:
                    _set_up(run, weeks, workers)
                if prepare_only:
                    print(by_hand(run))
                    continue
                report = html if len(kinds) == 1 else html.with_stem(f"{html.stem}-{kind}")
                print(f"{users} users for {seconds} s at {where}: {kind}", flush=True)
                done = drive(run, users=users, seconds=seconds, processes=processes, html=report)
                print(*done.methods, *_found(run), f"locust's report: {report}", sep="\n")
                if not done.right:
                    wrong.append("calls failed" if done.methods else "no call was made")
            if server and not PRICING.issuperset(kinds):
                print(server.audited())
        except (ServerFailed, PublishFailed, CallRefused, WrongAnswer) as error:
            _fail("\n".join([str(error), *([server.said()] if server else [])]))
        except KeyboardInterrupt:
            _fail("stopped", code=130)
    if wrong:
        _fail(", ".join(dict.fromkeys(wrong)))


def _set_up(run: Run, weeks: int, workers: int) -> None:
    """What the run's users need: the weeks published and a file of baskets, or what they take."""
    where = {"address": run.address, "tenant": run.tenant}
    if run.kind in {Kind.FUND, Kind.MIX}:
        asyncio.run(prepare_budgets(**where))
    if run.kind in {Kind.CLAIMS, Kind.MIX}:
        asyncio.run(prepare_sale(**where))
    if run.kind in {Kind.CHECKOUT, Kind.MIX}:
        asyncio.run(prepare_orders(**where))
    if run.kind is Kind.CODES:
        codes = asyncio.run(prepare_codes(**where))
        run.codes.parent.mkdir(parents=True, exist_ok=True)
        run.codes.write_text("\n".join(codes))
    if run.kind in PRICING:
        _set_up_baskets(run, weeks, workers)


def _set_up_baskets(run: Run, weeks: int, workers: int) -> None:
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


def _found(run: Run) -> list[str]:
    """What was given in all, in words; raises WrongAnswer if it is not what it must be."""
    where = {"address": run.address, "tenant": run.tenant}
    if run.kind in {Kind.CLAIMS, Kind.MIX}:
        return [asyncio.run(check_sale(**where))]
    if run.kind is Kind.CODES:
        return [asyncio.run(check_codes(**where))]
    return []


def _fail(why: str, *, code: int = 1) -> NoReturn:
    typer.echo(f"loadtests: {why}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    typer.run(main)

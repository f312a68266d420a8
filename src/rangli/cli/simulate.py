"""`rangli simulate`: what drafts would change on recorded carts, or on the demo's baskets."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from google.protobuf.json_format import Parse, ParseError
from tqdm import tqdm

from rangli.cli import drafts
from rangli.cli.server import LOCAL, Server, asks_server
from rangli.cli.simulated import report
from rangli.client import CallRefused
from rangli.v1.quote_pb2 import QuoteRequest
from rangli.v1.simulation_pb2 import SimulateActivitiesResponse


@asks_server(default="", otherwise=f"{LOCAL}; with --demo: a server of its own")
def simulate(
    *,
    file: Annotated[
        Path | None, typer.Option("--drafts", help="Drafts to try, YAML or JSON")
    ] = None,
    absent: Annotated[
        list[str] | None, typer.Option(help="An activity to leave out; again for more")
    ] = None,
    carts: Annotated[
        Path | None, typer.Option(help="Recorded carts: a QuoteRequest in JSON on each line")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Take the demo's baskets, on its data")] = (
        False
    ),
    campaign: Annotated[
        int, typer.Option(help="With --demo: what if this campaign's coupons were off?")
    ] = 0,
    weeks: Annotated[int, typer.Option(min=1, max=53, help="With --demo: so many weeks")] = 26,
    version: Annotated[int, typer.Option(min=0, help="The catalogue to start from [newest]")] = 0,
    named: Annotated[int, typer.Option(min=1, max=100, help="So many winners and losers")] = 10,
    tenant: Annotated[str, typer.Option(help="Whose activities; with --demo: a new one")] = (
        "default"
    ),
    server: Server,
) -> None:
    """Price recorded carts as things are and as they would be, and tell the difference.

    A what-if on real baskets: rangli simulate --demo --campaign 18
    """
    if demo == (carts is not None):
        _fail("say either --carts FILE or --demo")
    try:
        header = drafts.read(file, absent=absent)
        header.named = named
        header.catalogue_version = version or header.catalogue_version
        if demo:
            from rangli.cli.demo.whatif import what_if  # noqa: PLC0415  needs an extra

            answer = what_if(header, server, weeks=weeks, campaign=campaign)
        else:
            assert carts is not None
            answer = asyncio.run(_run(header, carts, server, tenant))
    except ModuleNotFoundError as error:
        _fail(f"--demo needs the package {error.name}: pip install 'rangli[demo]'")
    except (CallRefused, drafts.BadFile, OSError) as error:
        _fail(str(error))
    typer.echo(report(answer), nl=False)
    if not answer.carts:
        _fail(f"no cart was priced: {answer.first_refusal or 'there is none'}")


async def _run(
    header: drafts.Header, file: Path, server: Server, tenant: str
) -> SimulateActivitiesResponse:
    if not server.address:
        server = replace(server, address=LOCAL)
    # What the stream of a call raises is lost in it.
    bad: list[drafts.BadFile] = []
    async with server.client(tenant=tenant, actor="simulate") as client:
        answer = await client.simulation.run(_read(file, bad), header)
    if bad:
        raise bad[0]
    return answer


def _read(file: Path, bad: list[drafts.BadFile]) -> Iterator[QuoteRequest]:
    """The carts, as the server prices them; a bad line goes to `bad`, and is the last."""
    with (
        file.open(encoding="utf-8") as lines,
        tqdm(desc="Pricing carts, before and after", unit=" carts") as bar,
    ):
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    cart = Parse(line, QuoteRequest())
                except ParseError as error:
                    bad.append(drafts.BadFile(f"{file}:{number}: {error}"))
                    return
                yield cart
                bar.update()


def _fail(words: str) -> NoReturn:
    typer.echo(f"rangli simulate: {words}", err=True)
    sys.exit(2)

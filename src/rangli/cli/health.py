"""`rangli health`: what a running server says of itself, for people, probes and images."""

from __future__ import annotations

import asyncio
import sys

import typer

from rangli.cli.server import Server, asks_server
from rangli.client import CallRefused, RangliClient

WHOLE = ""
# What the whole is made of, in the order it is printed.
PARTS = (
    "rangli.v1.PricingService",
    "rangli.v1.ActivityService",
    "rangli.v1.PolicyService",
    "rangli.v1.FundService",
    "rangli.v1.WalletService",
    "rangli.v1.SelectionService",
    "rangli.v1.CounterService",
    "rangli.v1.CouponService",
    "rangli.v1.CheckoutService",
    "rangli.v1.EventService",
    "rangli.catalogue.loaded",
    "rangli.catalogue",
    "rangli.postgres",
    "rangli.redis",
)
_SERVING = "SERVING"


@asks_server(positional=True)
def health(*, server: Server) -> None:
    """Print what one process behind the address serves; 0 if the whole is served, else 1.

    A part may be NOT_SERVING while the whole is: quotes go on while the stores are away.
    """
    try:
        statuses = asyncio.run(_ask(server))
    except CallRefused as error:
        typer.echo(f"rangli health: {server.address}: {error}", err=True)
        sys.exit(1)
    for name, status in statuses.items():
        typer.echo(f"{name or 'the whole':<28} {status}")
    sys.exit(0 if statuses[WHOLE] == _SERVING else 1)


async def _ask(server: Server) -> dict[str, str]:
    """The status of each name. Raises CallRefused if the server cannot be asked."""
    names = (WHOLE, *PARTS)
    # One connection: all answers come from the same process.
    async with server.client(actor="health") as client:
        return dict(
            zip(names, await asyncio.gather(*(_status(client, n) for n in names)), strict=True)
        )


async def _status(client: RangliClient, name: str) -> str:
    try:
        return await client.health(name)
    except CallRefused as refused:
        # A server of another version may not know all parts.
        if refused.code.name == "NOT_FOUND":
            return "UNKNOWN"
        raise

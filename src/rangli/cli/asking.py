"""What the commands that ask a running server have in common."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Never, TypeVar

import typer

from rangli.cli.server import Server
from rangli.client import CallRefused, RangliClient

Tenant = Annotated[str, typer.Option(help="Whose data")]
Actor = Annotated[str, typer.Option(help="Who acts, for the audit")]

T = TypeVar("T")


class Asking:
    """A command that asks a server, and says in its own name what goes wrong."""

    def __init__(self, command: str) -> None:
        self._command = command

    def ask(
        self,
        ask: Callable[[RangliClient], Awaitable[T]],
        server: Server,
        tenant: str,
        actor: str = "cli",
    ) -> T:
        """The answer of a server; says what is wrong and ends the process if there is none."""

        async def once() -> T:
            async with server.client(tenant=tenant, actor=actor) as client:
                return await ask(client)

        try:
            return asyncio.run(once())
        except CallRefused as error:
            self.fail(f"{server.address}: {error}")

    def fail(self, words: str) -> Never:
        """Says what is wrong and ends the process with 1."""
        typer.echo(f"rangli {self._command}: {words}", err=True)
        sys.exit(1)

"""How much memory a connection takes that does nothing, on each transport, with and without TLS.

What the process holds more (RSS) with so many connections open than with a few; each has made one
call.
"""

from __future__ import annotations

import asyncio
import resource

import uvloop

from rangli.cli.bench.certificate import certificate
from rangli.cli.bench.load import Connection, Load, connected
from rangli.cli.bench.servers import ECHO, Server, echoed, served, two_cores
from rangli.cli.bench.wire.echo import NAMES
from rangli.core.call import KIB

CONNECTIONS, FEW = 1_000, 50
_FILES = 4_096
_BYTES = 49


def run(*, connections: int = CONNECTIONS) -> dict[str, float | str]:
    """KiB a connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(_FILES, hard)), hard))
    figures: dict[str, float | str] = {}
    with two_cores() as (core, _), certificate() as made:
        for one in (None, made)[: 2 if made else 1]:
            for transport, name in NAMES.items():
                with served(core, "echo", str(_BYTES), transport=transport, certificate=one) as it:
                    kib = uvloop.run(_opened(it, connections)) / KIB / connections
                tls = "" if one is None else "_tls"
                figures[f"{name}{tls}_idle_connection_kib"] = round(kib, 1)
                print(f"{name}{tls}: {kib:.1f} KiB for each of {connections} connections")
    return figures


async def _opened(server: Server, count: int) -> int:
    """How many more bytes the server holds with so many connections more."""
    load = Load(ECHO, bytes(_BYTES), echoed(_BYTES))
    loop = asyncio.get_running_loop()
    load.begin()
    tls = None if server.certificate is None else server.certificate.trusted()
    opened: list[Connection] = []

    async def one() -> None:
        answered: asyncio.Future[None] = loop.create_future()
        connection = await connected(
            load, server.port, tls=tls, on_answer=lambda _: answered.set_result(None)
        )
        opened.append(connection)
        connection.call(1)
        await asyncio.wait((answered, load.ended), return_when=asyncio.FIRST_COMPLETED)
        if load.ended.done():
            await load.ended

    for _ in range(FEW):
        await one()
    before = server.process.memory_info().rss
    for _ in range(count):
        await one()
    more: int = server.process.memory_info().rss - before
    load.stopping = True
    for connection in opened:
        connection.close()
    return more

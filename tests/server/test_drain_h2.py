"""Workers that drain under load, with the transport of our own."""

from __future__ import annotations

import signal

from rangli.client import RangliClient
from tests.server.test_serve import ask, import_north


async def test_workers_drained_one_after_another_cost_no_call(serve, under_load):
    async with serve("--workers", "2", RANGLI_TRANSPORT="h2") as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
        async with under_load(serving.address, ask) as load:
            await load.more(200)
            for pid in list(serving.workers()):
                await serving.replace(pid, signal.SIGTERM)
                await load.more(200)
        log = serving.log.read_text()

    assert load.refusals == []
    assert "Traceback" not in log
    assert "did not end" not in log

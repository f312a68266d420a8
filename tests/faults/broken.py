"""A server with a fault of ours in it, to see that the checks would find it.

    python -m tests.faults.broken FAULT rangli.cli.main serve ...
    python -m tests.faults.broken FAULT rangli.server.worker

The first starts its workers as the second. The product itself knows nothing of this.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from rangli.checkout import books
from rangli.server.process import WorkerProcess
from rangli.storage import batch, batcher
from rangli.storage.idempotency import Key, Record, insert_records
from rangli.storage.postgres import Connection


def answers_before_commit() -> None:
    """Callers hear of it while PostgreSQL may still forget it."""
    decide, answer = batch.Work._decide, batcher.Batcher._answer

    async def eager(
        self: Any, conn: Connection, requests: Sequence[Any], *, doubtful: bool
    ) -> Sequence[Any]:
        outcomes = await decide(self, conn, requests, doubtful=doubtful)
        for request, outcome in zip(requests, outcomes, strict=True):
            self.answer(request, outcome)
        await asyncio.sleep(0.03)
        return outcomes

    def at_most_once(self: Any, request: Any, outcome: Any) -> None:
        if self._open.get(request.key) is request:
            answer(self, request, outcome)

    make = batcher.Batching.batcher

    def the_long_way(self: Any, *args: Any, **fields: Any) -> Any:
        """A statement that commits by itself cannot be answered before."""
        return make(self, *args, **fields | {"at_once": None})

    batcher.Batching.batcher = the_long_way  # type: ignore[method-assign]
    batch.Work._decide = eager  # type: ignore[assignment,method-assign]
    batcher.Batcher._answer = at_most_once  # type: ignore[method-assign]


def takes_repeats_for_new() -> None:
    """Every attempt is a request of its own, whatever its key."""

    async def none_found(*_: Any) -> dict[Key, Record]:
        return {}

    async def inserted_anew(conn: Connection, method: str, records: Iterable[Record]) -> None:
        renamed = [
            Record((record.key[0], secrets.token_hex(8)), record.request_sha256, record.response)
            for record in records
        ]
        await insert_records(conn, method, renamed)

    batch.find_records = none_found
    batch.insert_records = inserted_anew


def gives_up_on_a_lost_connection() -> None:
    """What became of a commit is left for the caller to find out."""
    batch._LOST_MAX = 1


def refunds_in_two_transactions() -> None:
    """The order first, and the money after it."""
    update = books.store.update

    async def done(conn: Connection, changed: Any) -> None:
        await update(conn, changed)
        if any(order.refunds for order, _ in changed):
            # In other words than those that the proxy counts by.
            await conn.execute("END")
            await conn.execute("START TRANSACTION")

    books.store.update = done


FAULTS: Mapping[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        answers_before_commit,
        takes_repeats_for_new,
        gives_up_on_a_lost_connection,
        refunds_in_two_transactions,
    )
}


def main(fault: str, module: str, *arguments: str) -> None:
    FAULTS[fault]()

    async def start(environment: Mapping[str, str], *fds: int) -> WorkerProcess:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.broken", fault, "rangli.server.worker"),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            pass_fds=fds,
            start_new_session=True,
        )
        return WorkerProcess(process)

    WorkerProcess.start = start  # type: ignore[method-assign,assignment]
    sys.argv = [module, *arguments]
    program = import_module(module)
    sys.exit(program.app() if arguments else program.main())


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Workers told to end while changes are under way: their callers notice nothing."""

from __future__ import annotations

import signal

import pytest

from tests.faults import budgets, judging, shopping
from tests.faults.calling import Caller
from tests.faults.history import History, Outcome
from tests.faults.load import running
from tests.faults.watching import Watcher

TENANT = "drained"
# Patient callers: a busy machine must not be taken for a lost call.
_CALL_S = 30.0


@pytest.mark.usefixtures("transport")
async def test_drained_workers_cost_no_change_and_no_caller_a_failure(serve, database):
    history = History()
    async with serve("--workers", "2") as serving, Caller(serving.address, TENANT) as caller:
        await budgets.prepare(caller, history)
        await shopping.prepare(caller, history)
        watcher = Watcher(caller)
        async with running(
            caller, history, seed=19, observe=watcher.look, timeout_s=lambda _: _CALL_S
        ) as load:
            await load.more(100)
            for pid in list(serving.workers()):
                await serving.replace(pid, signal.SIGTERM)
                await load.more(100)

        attempts = [a for change in history.changes.values() for a in change.attempts]
        assert [a for a in attempts if a.outcome is Outcome.INFO] == []
        judging.before_settling(database, TENANT, history)
        await judging.settled(database, TENANT, caller, history)
    judging.observed(history, watcher.observations)

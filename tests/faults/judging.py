"""After the faults: nothing acknowledged is lost, nothing is counted twice, every no was a no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import psycopg

from tests.faults import budgets, shopping, wallets
from tests.faults.calling import Caller, settle
from tests.faults.history import History, Outcome
from tests.faults.observing import Effect, Observation, effect, explained


def durable(dsn: str, tenant: str) -> Counter[str]:
    """The request_ids that PostgreSQL knows an answer to, and how often it does."""
    query = "SELECT request_id FROM idempotency_records WHERE tenant = %s"
    with psycopg.connect(dsn) as conn:
        return Counter(row[0] for row in conn.execute(query, [tenant]))


def with_effect(dsn: str, tenant: str) -> set[str]:
    """The request_ids for which value has moved, or is held."""
    query = "SELECT DISTINCT request_id FROM ledger_transactions WHERE tenant = %s"
    with psycopg.connect(dsn) as conn:
        found = {row[0] for row in conn.execute(query, [tenant])}
    return found - {""}  # what the service does by itself


def ids(history: History, outcome: Outcome) -> set[str]:
    return {change.request_id for change in history.of(outcome)}


def before_settling(dsn: str, tenant: str, history: History) -> None:
    """What is acknowledged is durable; what is durable is acknowledged or in doubt."""
    kept = set(durable(dsn, tenant))
    lost = ids(history, Outcome.OK) - kept
    assert not lost, f"acknowledged and lost: {sorted(lost)[:5]} and more, {len(lost)} in all"
    undone = ids(history, Outcome.REFUSED) & (kept | with_effect(dsn, tenant))
    assert not undone, f"refused, and yet done: {sorted(undone)[:5]}, {len(undone)} in all"


async def settled(dsn: str, tenant: str, caller: Caller, history: History) -> None:
    """Settles what is in doubt; then every answer is repeated, and the stores agree with them."""
    await settle(caller, history.of(Outcome.INFO))
    await settle(caller, history.of(Outcome.OK))
    for change in history.of(Outcome.OK):
        assert len(change.answers) == 1, f"one key, two answers: {change}"
        last = change.attempts[-1]
        assert last.outcome is Outcome.OK, f"an answer that is no longer given: {change}"
    kept = durable(dsn, tenant)
    assert set(kept) == ids(history, Outcome.OK)
    assert set(kept.values()) <= {1}, "one key, two records"
    assert with_effect(dsn, tenant) <= set(kept), "value has moved, and nothing tells why"
    await wallets.check(caller, history)
    await budgets.check(caller, history)
    await shopping.check(caller, history)


def effects(history: History) -> list[Effect]:
    """All that the acknowledged changes did to posted balances."""
    tenders = wallets.expected(history).reservations
    given = budgets.expected(history)
    return [
        effect(change, account, amount)
        for change in history.of(Outcome.OK)
        for account, amount in (*wallets.moved(change, tenders), *budgets.moved(change, given))
    ]


def observed(history: History, observations: Sequence[Observation]) -> None:
    assert observations
    explained(observations, effects(history))

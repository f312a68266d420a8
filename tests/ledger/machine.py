"""The ledger on real Postgres beside its plain model, and what is compared after every step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from copy import deepcopy
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

from rangli.core.errors import RangliError, Reason, Unavailable
from rangli.ledger import store
from rangli.ledger.model import AccountKey
from rangli.ledger.sweeper import HOUSE
from rangli.storage.postgres import transaction
from rangli.storage.stores import Stores
from tests.ledger.counter import TTL_S, Counter, new_key
from tests.ledger.desk import PATIENCE, Desk
from tests.ledger.plain import Command, Outcome, Plain, PlainHold

FLOORS: dict[str, int | None] = {
    "bank": None,
    "anne": 0,
    "bert": -50,
    "shop": 0,
    "lot": 0,
    HOUSE: None,
}
_JOURNAL = """
SELECT t.transaction_id, t.kind, t.hold_id, t.method, e.account_id
FROM ledger_transactions t JOIN ledger_entries e USING (tenant, transaction_id)
WHERE t.tenant = $1 ORDER BY e.account_id, e.entry_no
"""
_HOLDS = """
SELECT h.hold_id, h.state, l.held_minor, l.captured_minor, l.released_minor, l.returned_minor
FROM ledger_holds h JOIN ledger_hold_legs l USING (tenant, hold_id)
WHERE tenant = $1 ORDER BY h.hold_id, l.leg
"""


class Difference(AssertionError):
    """The ledger is not what the model says. checks: which comparisons found it."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__("; ".join(f"{check}: {fact}" for check, fact in facts.items()))
        self.checks = set(facts)


class Shop:
    """Two processes' counters at one desk, and the model of what is asked there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.counters = Counter(desk), Counter(desk)
        self.plain = Plain(dict(FLOORS))
        self.seen: set[str] = set()  # transactions that the model knows
        self.answered: dict[str, tuple[Command, str]] = {}  # by key
        self.refused: dict[str, Command] = {}  # by key

    @classmethod
    async def opened(cls, stores: Stores, tenant: str) -> Shop:
        desk = Desk(stores, tenant)
        await desk.open(*(name for name in FLOORS if FLOORS[name] == 0 and name != "lot"))
        await desk.open("bert", floor=-50)
        await desk.open("bank", floor=None)
        far = await stores.pg.fetchval("SELECT now() + interval '1 day'")
        await desk.open("lot", until=far)
        expired = AccountKey(tenant, HOUSE, "expired:balance", "USD")
        async with transaction(stores.pg) as conn:
            desk.ids[HOUSE] = (await store.open_accounts(conn, {expired: None}))[expired]
        shop = cls(desk)
        await shop.ask(Command("post", (("bank", "anne", 200), ("bank", "lot", 100))))
        return shop

    async def close(self) -> None:
        for counter in self.counters:
            await counter.batching.close()

    async def ask(self, *commands: Command, sweeping: bool = False) -> None:
        """Asks all at once, at both counters in turns, each with a key of its own.

        Whatever order they were done in must be one in which the model does the same.
        """
        await self._ask({new_key(): command for command in commands}, sweeping=sweeping)

    async def ask_again(self, key: str) -> None:
        """What was refused may be asked with the same key again, and judged anew."""
        await self._ask({key: self.refused.pop(key)})

    async def _ask(self, asked: Mapping[str, Command], *, sweeping: bool = False) -> None:
        sweeps = [self.desk.sweep()] if sweeping else []
        answers = await asyncio.gather(
            *(
                _answer(self.counters[number % 2], command, key)
                for number, (key, command) in enumerate(asked.items())
            ),
            *sweeps,
        )
        done: dict[str, Command] = {}
        unexplained: list[tuple[Command, Outcome]] = []
        for (key, command), (outcome, made) in zip(asked.items(), answers, strict=False):
            if outcome == "done":
                done[made] = command
            else:
                unexplained.append((command, outcome))
            if isinstance(outcome, Reason):
                self.refused[key] = command
            else:
                self.answered[key] = command, made
        await self._replay(done, unexplained)

    async def repeat(self, key: str, *, counter: int) -> None:
        """The same request again, at both counters at once: the first answer, and no effect."""
        command, made = self.answered[key]
        first = ("done" if made else "nothing"), made
        again = await asyncio.gather(
            _answer(self.counters[counter], command, key),
            _answer(self.counters[1 - counter], command, key),
        )
        if again != [first, first]:
            raise Difference({"model.repeats": f"the answer was {first}, and again {again}"})

    async def twice(self, command: Command) -> None:
        """The same new request at both counters at once: one effect, and one answer."""
        key = new_key()
        first, second = await asyncio.gather(*(_answer(c, command, key) for c in self.counters))
        if first != second:
            raise Difference({"model.repeats": f"one request: {first} and {second}"})
        outcome, made = first
        if isinstance(outcome, Reason):
            self.refused[key] = command
        else:
            self.answered[key] = command, made
        if outcome == "done":
            await self._replay({made: command}, [])
        else:
            await self._replay({}, [(command, outcome)])

    async def sweep(self) -> None:
        await self.desk.sweep()
        await self._replay({}, [])
        if any(hold.due and hold.state == "PENDING" for hold in self.plain.holds.values()):
            raise Difference({"model.sweep": "a hold that is due was not swept"})
        for lot in self.plain.expired:
            if self.plain.has(lot) > self.plain.pending_out(lot):
                raise Difference({"model.sweep": "a lot that is due was not swept"})

    async def let_pass(self, hold_id: str) -> None:
        """The hold's time passes."""
        await self.desk.move_time(hold_id, seconds=TTL_S)
        self.plain.holds[hold_id].due = True

    async def let_lot_pass(self) -> None:
        await self.desk.stores.pg.execute(
            "UPDATE ledger_accounts SET expires_at = now() WHERE account_id = $1",
            self.desk.ids["lot"],
        )
        self.plain.expired.add("lot")

    async def freeze(self, name: str, *, frozen: bool) -> None:
        async with transaction(self.desk.stores.pg) as conn:
            await store.freeze(conn, [(self.desk.tenant, self.desk.ids[name])], frozen=frozen)
        (self.plain.frozen.add if frozen else self.plain.frozen.discard)(name)

    async def check(self) -> None:
        """Balances and holds are the model's, and nothing is broken."""
        balances, holds = await self.desk.balances(), await self._holds()
        expected = {hold_id: _words(hold) for hold_id, hold in self.plain.holds.items()}
        red: dict[str, object] = {}
        if balances != self.plain.balances():
            red["model.balances"] = f"{balances}, not {self.plain.balances()}"
        if holds != expected:
            red["model.holds"] = f"{holds}, not {expected}"
        for finding in await self.desk.findings(self.desk.tenant):
            red[finding.check.name] = finding.rows[0]
        if red:
            raise Difference(red)

    async def _replay(
        self, done: dict[str, Command], unexplained: list[tuple[Command, Outcome]]
    ) -> None:
        """Does in the model what the journal tells, in its order; every refusal must be right at
        some point of it."""
        unexplained = self._explain(unexplained)
        for row in await self._news():
            transaction_id = row["transaction_id"]
            self.seen.add(transaction_id)
            if row["method"] == "Sweep":
                if row["kind"] == "EXPIRE":
                    if not self.plain.holds[row["hold_id"]].due:
                        raise Difference({"model.sweep": "a hold was swept in its time"})
                    self.plain.expire(row["hold_id"])
                else:
                    self.plain.lapse("lot", HOUSE)
            else:
                command = done.pop(transaction_id, None)
                if command is None:
                    raise Difference({"model.journal": f"nobody was told of {transaction_id}"})
                if (outcome := self.plain.judge(command)) != "done":
                    raise Difference({"model.outcome": f"{command} was done, not {outcome}"})
                self.plain.do(command, transaction_id)
            unexplained = self._explain(unexplained)
        if done:
            raise Difference({"model.journal": f"told of, but not there: {done}"})
        if unexplained:
            raise Difference({"model.outcome": f"not done without reason: {unexplained}"})

    def _explain(
        self, unexplained: Sequence[tuple[Command, Outcome]]
    ) -> list[tuple[Command, Outcome]]:
        plain = deepcopy(self.plain)
        return [(c, outcome) for c, outcome in unexplained if plain.judge(c) != outcome]

    async def _news(self) -> list[Any]:
        """New transactions in an order that agrees with the entries of every account."""
        rows = await self.desk.stores.pg.fetch(_JOURNAL, self.desk.tenant)
        news = {r["transaction_id"]: r for r in rows if r["transaction_id"] not in self.seen}
        order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(news, ()))
        for before, after in pairwise(rows):
            first, then = before["transaction_id"], after["transaction_id"]
            if before["account_id"] == after["account_id"] and first != then and first in news:
                order.add(then, first)
        return [news[name] for name in order.static_order()]

    async def _holds(self) -> dict[str, list[Any]]:
        holds: dict[str, list[Any]] = {}
        for hold_id, state, *leg in await self.desk.stores.pg.fetch(_HOLDS, self.desk.tenant):
            holds.setdefault(hold_id, [state]).append(tuple(leg))
        return holds


def _words(hold: PlainHold) -> list[Any]:
    legs = [(leg.held, leg.taken, leg.released, leg.returned) for leg in hold.legs]
    return [str(hold.state), *legs]


async def _answer(counter: Counter, command: Command, key: str) -> tuple[Outcome, str]:
    """What it comes to, and what it makes."""
    for _ in range(PATIENCE):
        try:
            made = await counter.ask(command, key=key)
        except Unavailable:
            continue  # a busy machine: a repeat finds out
        except RangliError as refusal:
            return refusal.reason, ""
        break
    return ("done", made) if made else ("nothing", "")

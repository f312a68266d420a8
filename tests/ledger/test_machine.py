"""Whatever is asked, the ledger is what its plain model says, and its audit finds nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from rangli.core.errors import Invalid, Reason
from rangli.storage.stores import Stores
from tests.ledger.machine import FLOORS, Shop
from tests.ledger.plain import Command
from tests.world import new_tenant

T = TypeVar("T")
NAMES = [name for name in FLOORS if name != "house"]
UNKNOWN = "hold_unknown"

names = st.sampled_from(NAMES)
moves = st.tuples(names, names, st.integers(1, 90)).filter(lambda move: move[0] != move[1])
several = st.lists(moves, min_size=1, max_size=2).map(tuple)
numbers = st.integers(0, 9)
amounts = st.tuples(st.integers(0, 60), st.integers(0, 60))
# What is drawn before it is known which holds there are.
drawn = st.one_of(
    st.builds(Command, st.sampled_from(["post", "hold", "hold"]), several),
    st.tuples(
        st.sampled_from(["take", "take", "void", "give_back"]),
        numbers,
        st.none() | amounts,
        st.booleans(),
        st.booleans(),
    ),
)


class Machine(RuleBasedStateMachine):
    """Steps run on the loop of the test, which waits in a thread."""

    loop: asyncio.AbstractEventLoop
    stores: Stores

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)

    @initialize()
    def open(self) -> None:
        self.shop = self.run(Shop.opened(self.stores, new_tenant()))

    @rule(what=drawn)
    def ask(self, what: Any) -> None:
        self.run(self.shop.ask(self._command(what)))

    @rule(whats=st.lists(drawn, min_size=2, max_size=6), sweeping=st.booleans())
    def ask_at_once(self, whats: list[Any], sweeping: bool) -> None:
        self.run(self.shop.ask(*map(self._command, whats), sweeping=sweeping))

    @rule(what=drawn)
    def ask_twice_at_once(self, what: Any) -> None:
        self.run(self.shop.twice(self._command(what)))

    @rule(number=numbers, counter=st.integers(0, 1))
    def repeat(self, number: int, counter: int) -> None:
        keys = list(self.shop.answered)
        self.run(self.shop.repeat(keys[-1 - number % len(keys)], counter=counter))

    @rule(number=numbers)
    def ask_again_what_was_refused(self, number: int) -> None:
        keys = list(self.shop.refused)
        if keys:
            self.run(self.shop.ask_again(keys[-1 - number % len(keys)]))

    @rule(number=numbers, what=drawn)
    def use_a_key_again(self, number: int, what: Any) -> None:
        keys = list(self.shop.answered)
        key = keys[-1 - number % len(keys)]
        command = self._command(what)
        if command == self.shop.answered[key][0]:
            return
        with pytest.raises(Invalid) as refused:
            self.run(self.shop.counters[0].ask(command, key=key))
        assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED

    @rule(name=names, frozen=st.booleans())
    def freeze(self, name: str, frozen: bool) -> None:
        self.run(self.shop.freeze(name, frozen=frozen))

    @rule(number=numbers)
    def let_time_pass(self, number: int) -> None:
        hold_id = self._hold(number)
        if hold_id != UNKNOWN and not self.shop.plain.holds[hold_id].due:
            self.run(self.shop.let_pass(hold_id))

    @rule()
    def let_the_lot_expire(self) -> None:
        self.run(self.shop.let_lot_pass())

    @rule()
    def sweep(self) -> None:
        self.run(self.shop.sweep())

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "shop"):
            self.run(self.shop.check())

    def teardown(self) -> None:
        if hasattr(self, "shop"):
            self.run(self.shop.close())

    def _hold(self, number: int) -> str:
        """One of the newest holds."""
        ids = list(self.shop.plain.holds)
        return ids[-1 - number % len(ids)] if ids else UNKNOWN

    def _command(self, what: Any) -> Command:
        if isinstance(what, Command):
            return what
        verb, number, wanted, final, late = what
        hold_id = self._hold(number)
        legs = 1 if hold_id == UNKNOWN else len(self.shop.plain.holds[hold_id].legs)
        if wanted is not None or verb == "give_back":
            wanted = (wanted or (20, 0))[:legs]
            wanted = wanted if any(wanted) else (1, *wanted[1:])
        return Command(verb, (), hold_id, None if verb == "void" else wanted, final, late)


async def run(stores: Stores, *, examples: int, steps: int) -> None:
    Machine.loop, Machine.stores = asyncio.get_running_loop(), stores
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_machine, Machine, settings=chosen)


async def test_the_ledger_is_what_its_model_says(stores: Stores) -> None:
    await run(stores, examples=15, steps=25)


@pytest.mark.soak
async def test_the_ledger_is_what_its_model_says_for_long(stores: Stores) -> None:
    await run(stores, examples=150, steps=50)

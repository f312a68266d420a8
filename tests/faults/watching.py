"""Reads balances while changes are under way."""

from __future__ import annotations

import time

from rangli.client import CallRefused
from rangli.v1.fund_service_pb2 import GetPoolRequest
from rangli.v1.wallet_service_pb2 import GetWalletRequest
from tests.faults import budgets, wallets
from tests.faults.calling import Caller
from tests.faults.history import Outcome, outcome_of
from tests.faults.observing import Observation


class Watcher:
    """Keeps what it has read of the busiest wallets and pools; a wrong state fails at once."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._turn = 0
        self.observations: list[Observation] = []

    async def look(self) -> None:
        """At the next one; a server that is away shows nothing."""
        self._turn += 1
        try:
            await self._look_at_wallet(wallets.HOT[self._turn % len(wallets.HOT)])
            await self._look_at_pool(list(budgets.HOT)[self._turn % len(budgets.HOT)])
        except CallRefused as error:
            if outcome_of(error) is not Outcome.INFO:
                raise

    async def _look_at_wallet(self, user_id: str) -> None:
        began_s = time.monotonic()
        request = GetWalletRequest(user_id=user_id)
        wallet = await self._caller.read("WalletService/GetWallet", request)
        ended_s = time.monotonic()
        wallets.assert_nothing_below_zero(wallet)
        posted = dict.fromkeys(wallets.UNITS, 0)
        posted |= {pocket.unit: pocket.available + pocket.reserved for pocket in wallet.pockets}
        for unit, amount in posted.items():
            self.observations.append(Observation(began_s, ended_s, (user_id, unit), amount))

    async def _look_at_pool(self, pool_id: str) -> None:
        began_s = time.monotonic()
        pool = await self._caller.read("FundService/GetPool", GetPoolRequest(pool_id=pool_id))
        seen = Observation(began_s, time.monotonic(), pool_id, pool.spent_minor)
        budgets.assert_within_budget(pool)
        self.observations.append(seen)

"""How many codes that open nothing may be tried: by a user, from a source, in a tenant.

Each try takes a guess before anything is looked up, so that many at once get no further than one
after the other; a code that opened something gives it back. The counts are in Redis, for all
processes together, and may be lost with it. While Redis is away each process counts by itself: it
then allows as many as all of them should together, and never everything.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog

from rangli.core.errors import Exhausted, Reason
from rangli.coupons.codes import hashed
from rangli.storage.lua import REDIS_AWAY, LuaScript
from rangli.storage.stores import Stores

WINDOW_MS = 60_000
# Redis is asked again after so long; meanwhile nobody waits for what does not answer.
_AWAY_S = 1.0
_KEPT_MAX = 100_000
_TAKE = LuaScript("rangli.coupons", "take_guess", reply=int)
_GIVE_BACK = LuaScript("rangli.coupons", "give_back_guess", reply=int)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowances:
    """Wrong codes a minute. The tenant's bounds what many users can try who act together."""

    per_user: int = 10
    per_source: int = 100
    per_tenant: int = 6_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A guess that was taken. costs_ms: by how much it has put each allowance off."""

    keys: tuple[str, ...]
    costs_ms: tuple[int, ...]
    is_local: bool


class Guesses:
    """The guesses of one process."""

    def __init__(self, stores: Stores, allowances: Allowances | None = None) -> None:
        self._redis = stores.redis
        self._key = stores.keys.codes
        self._allowances = allowances or Allowances()
        self._local = LocalGuesses()
        self._away_until = 0.0

    async def take(self, tenant: str, user_id: str, source: str) -> Taken:
        """One guess of the user, of the tenant and, if it is told, of the source.

        Raises Exhausted (TOO_MANY_GUESSES); then none was taken.
        """
        kinds = [("tenant", "", self._allowances.per_tenant)]
        kinds.append(("user", user_id, self._allowances.per_user))
        if source:
            kinds.append(("source", source, self._allowances.per_source))
        keys = tuple(self._name(tenant, kind, name) for kind, name, _ in kinds)
        costs = tuple(WINDOW_MS // most for _, _, most in kinds)
        wait_ms, is_local = await self._take(keys, costs)
        if wait_ms:
            raise Exhausted(
                Reason.TOO_MANY_GUESSES,
                "too many codes were tried that open nothing",
                retry_after_s=wait_ms / 1000,
            )
        return Taken(keys, costs, is_local)

    async def give_back(self, taken: Taken) -> None:
        """The code has opened something, or nobody learnt whether it does."""
        if taken.is_local:
            self._local.give_back(taken.keys, taken.costs_ms, _now_ms())
            return
        try:
            await _GIVE_BACK(self._redis, keys=taken.keys, args=(_now_ms(), *taken.costs_ms))
        except REDIS_AWAY:
            self._away()

    async def _take(self, keys: tuple[str, ...], costs: tuple[int, ...]) -> tuple[int, bool]:
        """How long to wait, 0: it was taken; and whether it is counted here."""
        if time.monotonic() >= self._away_until:
            args = [_now_ms()]
            for cost in costs:
                args += cost, WINDOW_MS
            try:
                return await _TAKE(self._redis, keys=keys, args=args), False
            except REDIS_AWAY:
                self._away()
        return self._local.take(keys, costs, _now_ms()), True

    def _away(self) -> None:
        if time.monotonic() >= self._away_until:
            _log.warning("redis unavailable: this process counts guesses by itself")
        self._away_until = time.monotonic() + _AWAY_S

    def _name(self, tenant: str, kind: str, name: str) -> str:
        # Users and addresses are nothing to keep in plain words, nor to be told a Redis slot by.
        return f"{{{tenant}/guesses}}/{kind}/{hashed(self._key, tenant, name)[:16].hex()}"


class LocalGuesses:
    """The same in this process's memory, of which it takes a bounded part."""

    def __init__(self, kept_max: int = _KEPT_MAX) -> None:
        self._full_at: dict[str, int] = {}
        self._kept_max = kept_max

    def take(self, keys: tuple[str, ...], costs_ms: tuple[int, ...], now_ms: int) -> int:
        """As the script."""
        if len(self._full_at) + len(keys) > self._kept_max:
            self._full_at = {key: at for key, at in self._full_at.items() if at > now_ms}
            if len(self._full_at) + len(keys) > self._kept_max:
                return WINDOW_MS
        full_at = [
            max(self._full_at.get(key, 0), now_ms) + cost
            for key, cost in zip(keys, costs_ms, strict=True)
        ]
        wait_ms = max(full_at) - now_ms - WINDOW_MS
        if wait_ms > 0:
            return wait_ms
        self._full_at.update(zip(keys, full_at, strict=True))
        return 0

    def give_back(self, keys: tuple[str, ...], costs_ms: tuple[int, ...], now_ms: int) -> None:
        """As the script."""
        for key, cost in zip(keys, costs_ms, strict=True):
            full_at = self._full_at.pop(key, 0) - cost
            if full_at > now_ms:
                self._full_at[key] = full_at


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

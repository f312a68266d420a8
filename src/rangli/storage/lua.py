"""Lua scripts as typed functions: one file, one operation, beside its owner.

The owner wraps each script in a function of the same name:

    _ACQUIRE = LuaScript("rangli.counters", "acquire", reply=int)

    async def acquire(redis: Redis, *, key: str, amount: int) -> int:
        return await _ACQUIRE(redis, keys=[key], args=[amount])

Scripts declare all their keys, bound their loops and are passed the time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, Generic, TypeVar

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

__all__ = ["REDIS_AWAY", "LuaScript", "Redis"]

# The server is away, late, or cannot do it: what is only advice goes without.
REDIS_AWAY = (RedisError, OSError)
_Reply = TypeVar("_Reply")


class LuaScript(Generic[_Reply]):
    """A script of package data, run atomically by the server.

    package, name: the file `<name>.lua` in that package.
    reply: makes the typed answer from what the server sends (integers, bytes, lists of them).
    """

    def __init__(self, package: str, name: str, *, reply: Callable[[Any], _Reply]) -> None:
        self._text = files(package).joinpath(f"{name}.lua").read_text(encoding="utf-8")
        # Not for security: it is how the server names scripts.
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()
        self._reply = reply

    async def __call__(
        self,
        redis: Redis,
        *,
        keys: Sequence[str],
        args: Sequence[str | bytes | int] = (),
    ) -> _Reply:
        """Run it once. One of REDIS_AWAY if the server is away or the script fails.

        Only an explicit NOSCRIPT, which proves that nothing ran, is answered by loading the script
        and asking again, one time. After any other failure the script may have run.
        """
        try:
            answer = await self._evalsha(redis, keys, args)
        except NoScriptError:
            await redis.script_load(self._text)
            answer = await self._evalsha(redis, keys, args)
        return self._reply(answer)

    async def _evalsha(
        self, redis: Redis, keys: Sequence[str], args: Sequence[str | bytes | int]
    ) -> Any:
        # redis-py's annotation knows strings only; it sends bytes and integers as well.
        arguments: Sequence[Any] = (*keys, *args)
        return await redis.evalsha(self._sha, len(keys), *arguments)

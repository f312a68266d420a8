"""What is served and what is degraded, as `grpc.health.v1` tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

_log = structlog.get_logger(__name__)

CHECK_EVERY_S = 1.0
CHECK_TIMEOUT_S = 0.8

Check = Callable[[], Awaitable[bool]]


class _Servicer(health.aio.HealthServicer):
    """grpcio's servicer, whose watchers are let go when the process drains.

    Otherwise each of them would keep the drain waiting for its whole grace.
    """

    def __init__(self) -> None:
        super().__init__()
        self._draining = asyncio.Event()

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802  grpcio's name
        """Send the status now and at each change, until the caller or the process goes."""
        watching = asyncio.ensure_future(super().Watch(request, context))
        draining = asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait((watching, draining), return_when=asyncio.FIRST_COMPLETED)
        finally:
            draining.cancel()
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    def let_watchers_go(self) -> None:
        """End all watches, now and from now on."""
        self._draining.set()


class Health:
    """Looks at the components once a second and tells what follows.

    checks: component name -> whether it works; one that raises or takes long does not.
    needs: service name -> the components without which it is not served.
    """

    def __init__(self, checks: Mapping[str, Check], needs: Mapping[str, tuple[str, ...]]) -> None:
        self._checks = checks
        self._needs = needs
        self._servicer = _Servicer()
        self._works: dict[str, bool] = {}

    def serve_on(self, server: grpc.aio.Server) -> None:
        """Add the health service to a server that has not started."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def watch(self) -> None:
        """Check for ever; to be run as a task and cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(CHECK_EVERY_S)

    async def check(self) -> None:
        """Check all components at once, within a bounded time, and tell the outcome."""
        outcomes = await asyncio.gather(*(_works(check) for check in self._checks.values()))
        for component, works in zip(self._checks, outcomes, strict=True):
            if self._works.get(component, True) != works:
                log = _log.info if works else _log.warning
                log("component is back" if works else "component is away", component=component)
            self._works[component] = works
            await self._tell(component, works)
        for service, components in self._needs.items():
            await self._tell(service, all(self._works[name] for name in components))

    async def drain(self) -> None:
        """Say NOT_SERVING of everything from now on."""
        await self._servicer.enter_graceful_shutdown()

    def close(self) -> None:
        """Let watchers go, so that they don't hold up the server's end."""
        self._servicer.let_watchers_go()

    async def _tell(self, name: str, works: bool) -> None:
        statuses = health_pb2.HealthCheckResponse
        await self._servicer.set(name, statuses.SERVING if works else statuses.NOT_SERVING)


async def _works(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check()
    except Exception:
        # Whatever a driver raises, the component cannot be used; why is logged by its users.
        return False

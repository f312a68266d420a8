"""What is served and what is degraded, as `grpc.health.v1` tells it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import structlog
from grpc_health.v1 import health_pb2 as _stubs

from rangli.core.call import CallContext, Method, Service, Shape
from rangli.core.errors import NotFound

_log = structlog.get_logger(__name__)

health_pb2: Any = _stubs  # whose types are of an older version, without List
NAME = "grpc.health.v1.Health"
CHECK_EVERY_S = 1.0
CHECK_TIMEOUT_S = 0.8

Check = Callable[[], Awaitable[bool]]


class Health:
    """Looks at the components once a second and tells what follows.

    checks: component name -> whether it works; one that raises or takes long does not.
    needs: service name -> the components without which it is not served.
    """

    def __init__(self, checks: Mapping[str, Check], needs: Mapping[str, tuple[str, ...]]) -> None:
        self._checks = checks
        self._needs = needs
        self._works: dict[str, bool] = {}
        self._statuses: dict[str, int] = {}
        self._draining = self._closed = False
        self._changed = asyncio.Event()  # a new one after each change

    def service(self) -> Service:
        """The health service, for a transport."""
        request = health_pb2.HealthCheckRequest
        return Service(
            NAME,
            (
                Method("Check", request, self._check, Shape.INLINE, counted=False),
                Method(
                    "List", health_pb2.HealthListRequest, self._list, Shape.INLINE, counted=False
                ),
                Method(
                    "Watch",
                    request,
                    self._watch,
                    Shape.SERVER_STREAM,
                    deadline_s_max=math.inf,
                    counted=False,
                ),
            ),
        )

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
            self._tell(component, works)
        for service, components in self._needs.items():
            self._tell(service, all(self._works[name] for name in components))

    def drain(self) -> None:
        """Say NOT_SERVING of everything from now on."""
        for name in self._statuses:
            self._tell(name, works=False)
        self._draining = True

    def close(self) -> None:
        """Let watchers go, so that they don't hold up the server's end."""
        self._closed = True
        self._wake()

    def _tell(self, name: str, works: bool) -> None:
        statuses = health_pb2.HealthCheckResponse
        status = statuses.SERVING if works else statuses.NOT_SERVING
        if not self._draining and self._statuses.get(name) != status:
            self._statuses[name] = status
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _check(self, _call: CallContext, request: Any) -> Any:
        status = self._statuses.get(request.service)
        if status is None:
            raise NotFound("service", request.service)
        return health_pb2.HealthCheckResponse(status=status)

    def _list(self, _call: CallContext, _request: Any) -> Any:
        return health_pb2.HealthListResponse(
            statuses={
                name: health_pb2.HealthCheckResponse(status=status)
                for name, status in self._statuses.items()
            }
        )

    async def _watch(self, _call: CallContext, request: Any) -> AsyncIterator[Any]:
        """The status now and at each change, until the caller or the process goes."""
        told = None
        while not self._closed:
            changed = self._changed
            status = self._statuses.get(
                request.service, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
            )
            if status != told:
                told = status
                yield health_pb2.HealthCheckResponse(status=status)
            if changed is self._changed:  # else it has changed while we were sending
                await changed.wait()


async def _works(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check()
    except Exception:
        # Whatever a driver raises, the component cannot be used; why is logged by its users.
        return False

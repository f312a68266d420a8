"""A locust user that calls over gRPC: times each call, checks its answer, reports to locust."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Collection
from itertools import count
from typing import Any

import gevent
import grpc
import grpc.experimental.gevent as grpc_gevent
from locust import User, events

from loadtests import calling
from loadtests.check import WrongAnswer
from rangli.client.errors import refused

TIMEOUT_S = 10.0
PAUSE_AFTER_FAILURE_S = 0.1
OVERLOADED = "OVERLOADED"
ATTEMPTS = 10
_CHANNEL_OPTIONS = [
    # Without it, channels to one address share one connection.
    ("grpc.use_local_subchannel_pool", 1),
    # A repeated call would hide a failed one.
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
]


class CallFailed(Exception):
    """The call got no answer; status and message, without what differs from call to call."""


@events.init.add_listener
def _make_grpc_cooperative(**_: Any) -> None:
    """Let gRPC's waiting yield to other greenlets.

    Here and not at import: locust has patched the standard library and forked its processes by
    now, and no channel exists yet.
    """
    grpc_gevent.init_gevent()


class GrpcUser(User):
    """A caller with a connection of its own.

    service: the full name of the one that it calls.
    reason: why the last call was refused, if it may be; else empty.
    """

    abstract = True
    service: str
    reason = ""

    def on_start(self) -> None:
        self._channel = calling.channel(self.host, _CHANNEL_OPTIONS)
        self._metadata = (
            ("rangli-tenant", os.environ.get("RANGLI_LOAD_TENANT") or "default"),
            ("rangli-actor", "locust"),
        )
        self._calls: dict[str, grpc.UnaryUnaryMultiCallable] = {}

    def on_stop(self) -> None:
        self._channel.close()

    def ask(
        self,
        method: str,
        request: bytes,
        checked: Callable[[bytes], None],
        *,
        allowed: Collection[str] = (),
    ) -> bool:
        """One call, timed, its answer given to `checked`, and reported; whether it was right.

        method: of the user's service, or "CouponService/Claim".
        allowed: reasons for which it may be refused; it is then reported under the reason's name.
        """
        call = self._calls.get(method)
        if call is None:
            # Bytes in and out: only what gRPC does is timed.
            path = f"/rangli.v1.{method}" if "/" in method else f"/{self.service}/{method}"
            call = self._calls[method] = self._channel.unary_unary(path)
        name, answer, failure, self.reason = method, b"", None, ""
        began = time.perf_counter()
        try:
            answer = call(request, timeout=TIMEOUT_S, metadata=self._metadata)
        except grpc.RpcError as error:
            reason = refused(error).reason if allowed else ""
            if reason in allowed:
                name, self.reason = f"{method}: {reason}", reason
            else:
                failure = CallFailed(f"{error.code().name}: {error.details()}")
        took_ms = (time.perf_counter() - began) * 1000
        if failure is None and not self.reason:
            try:
                checked(answer)
            except WrongAnswer as error:
                failure = error
        self.environment.events.request.fire(
            request_type="grpc",
            name=name,
            response_time=took_ms,
            response_length=len(answer),
            exception=failure,
            context={},
        )
        if failure is not None:
            # Calls to a server that is away fail at once: not thousands of them a second.
            gevent.sleep(PAUSE_AFTER_FAILURE_S)
        return failure is None and not self.reason


class ChangingUser(GrpcUser):
    """A caller whose changes have request_ids of their own.

    A call that comes when the service has too much to do is made again, as every client should;
    each time it is sent away stands on a line of its own.  name: its own, in all processes.
    """

    abstract = True

    def on_start(self) -> None:
        super().on_start()
        self.name = secrets.token_hex(8)
        self._numbers = count()

    def request_id(self) -> str:
        return f"{self.name}-{next(self._numbers)}"

    def change(
        self,
        method: str,
        answer: Any,
        checked: Callable[[Any], None],
        request: Any,
        *,
        allowed: Collection[str] = (),
    ) -> Any | None:
        """The answer to a change, checked; None if it failed or was refused as it may be.

        Without a request_id the request gets a new one.
        """
        request.request_id = request.request_id or self.request_id()
        return self.read(method, answer, checked, request, allowed=allowed)

    def read(
        self,
        method: str,
        answer: Any,
        checked: Callable[[Any], None],
        request: Any,
        *,
        allowed: Collection[str] = (),
    ) -> Any | None:
        """As `change`, of what changes nothing."""
        found = answer()

        def read(data: bytes) -> None:
            found.ParseFromString(data)
            checked(found)

        data, may_be = request.SerializeToString(), {*allowed, OVERLOADED}
        for attempt in range(ATTEMPTS):
            if self.ask(method, data, read, allowed=may_be if attempt < ATTEMPTS - 1 else allowed):
                return found
            if self.reason != OVERLOADED:
                return None
            gevent.sleep(PAUSE_AFTER_FAILURE_S * (attempt + 1))
        return None

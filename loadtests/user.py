"""A locust user that calls over gRPC: times each call, checks its answer, reports to locust."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import gevent
import grpc
import grpc.experimental.gevent as grpc_gevent
from locust import User, events

from loadtests.check import WrongAnswer

TIMEOUT_S = 10.0
PAUSE_AFTER_FAILURE_S = 0.1
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
    """

    abstract = True
    service: str

    def on_start(self) -> None:
        self._channel = grpc.insecure_channel(self.host, _CHANNEL_OPTIONS)
        self._metadata = (
            ("rangli-tenant", os.environ.get("RANGLI_LOAD_TENANT") or "default"),
            ("rangli-actor", "locust"),
        )
        self._calls: dict[str, grpc.UnaryUnaryMultiCallable] = {}

    def on_stop(self) -> None:
        self._channel.close()

    def ask(self, method: str, request: bytes, checked: Callable[[bytes], None]) -> bool:
        """One call, timed, its answer given to `checked`, and reported; whether it was right."""
        call = self._calls.get(method)
        if call is None:
            # Bytes in and out: only what gRPC does is timed.
            call = self._calls[method] = self._channel.unary_unary(f"/{self.service}/{method}")
        answer, failure = b"", None
        began = time.perf_counter()
        try:
            answer = call(request, timeout=TIMEOUT_S, metadata=self._metadata)
        except grpc.RpcError as error:
            failure = CallFailed(f"{error.code().name}: {error.details()}")
        took_ms = (time.perf_counter() - began) * 1000
        if failure is None:
            try:
                checked(answer)
            except WrongAnswer as error:
                failure = error
        self.environment.events.request.fire(
            request_type="grpc",
            name=method,
            response_time=took_ms,
            response_length=len(answer),
            exception=failure,
            context={},
        )
        if failure is not None:
            # Calls to a server that is away fail at once: not thousands of them a second.
            gevent.sleep(PAUSE_AFTER_FAILURE_S)
        return failure is None

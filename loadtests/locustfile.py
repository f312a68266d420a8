"""locust users that price real baskets over gRPC.

By one command, set-up included: `make load`, or `python -m loadtests --help`.

By hand, against a server that runs already (for example `make serve`), in two steps:

    python -m loadtests --address 127.0.0.1:7700 --prepare
    RANGLI_LOAD_TENANT=... locust -f loadtests/locustfile.py --host 127.0.0.1:7700 QuoteUser

The first publishes some weeks of the retailer's prices and coupons under a new tenant, writes the
baskets and prints the second, which opens locust's web page. All of locust's options work, such as
`--headless --users 32 --run-time 5m`, `--processes 2`, or `--master` and `--worker` on several
machines. The last word is the class of users; without it, each of the two gets half of them.

Environment:

    RANGLI_LOAD_TENANT   the tenant to price for [default]
    RANGLI_LOAD_BASKETS  the carts to price: one serialized rangli.v1.BatchQuoteRequest, however
                         long, so that carts of your own do as well [reports/load-baskets.binpb]

What the figures mean. A user asks for its next basket as soon as it has checked the last answer (a
closed loop): the number of users is the number of calls under way, and rate = users / (response
time + the users' own work). The time is the caller's, from handing over bytes to having the
answer's bytes. Every answer is then checked (`check.py`); a refusal, a time-out, a lost connection
and a wrong answer are each a failure, and nothing is retried. locust keeps times below 100 ms in
whole milliseconds, longer ones in two digits. Where users and server run on one machine they share
its cores: the figures then say whether the service holds under load, not how much of it a machine
of its own would carry (for that, `make bench`: `quotes_per_s_one_core`). More than one process of
locust helps only where it has cores that the server does not use.

Connections. A connection belongs to one process of the server for its whole life: the system deals
new ones out among the processes by chance. Each user therefore has its own, and with several users
per process all processes get work; eight users to each are enough to be fairly even.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import gevent
import grpc
import grpc.experimental.gevent as grpc_gevent
from locust import User, events, task

from loadtests.check import WrongAnswer, check
from rangli.v1.pricing_service_pb2 import (
    BatchQuoteRequest,
    BatchQuoteResponse,
    QuoteRequest,
    QuoteResponse,
)

BASKETS_FILE = Path("reports/load-baskets.binpb")
BATCH = 50
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


@cache
def baskets() -> list[QuoteRequest]:
    """The carts to ask for; read once per process."""
    path = Path(os.environ.get("RANGLI_LOAD_BASKETS") or BASKETS_FILE)
    return list(BatchQuoteRequest.FromString(path.read_bytes()).quotes)


class PricingUser(User):
    """A caller with a connection of its own, who asks for basket after basket."""

    abstract = True
    method: str

    def on_start(self) -> None:
        self._channel = grpc.insecure_channel(self.host, _CHANNEL_OPTIONS)
        self._metadata = (
            ("rangli-tenant", os.environ.get("RANGLI_LOAD_TENANT") or "default"),
            ("rangli-actor", "locust"),
        )
        # Bytes in and out: only what gRPC does is timed.
        self._ask = self._channel.unary_unary(f"/rangli.v1.PricingService/{self.method}")
        self._next = random.randrange(len(baskets()))

    def on_stop(self) -> None:
        self._channel.close()

    def some(self, count: int) -> list[QuoteRequest]:
        """The next baskets, in time order; after the last one comes the first."""
        found = [baskets()[(self._next + step) % len(baskets())] for step in range(count)]
        self._next += count
        return found

    def ask(self, request: bytes, checked: Callable[[bytes], None]) -> None:
        """One call, timed, its answer given to `checked`, and reported to locust."""
        answer, failure = b"", None
        began = time.perf_counter()
        try:
            answer = self._ask(request, timeout=TIMEOUT_S, metadata=self._metadata)
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
            name=self.method,
            response_time=took_ms,
            response_length=len(answer),
            exception=failure,
            context={},
        )
        if failure is not None:
            # Calls to a server that is away fail at once: not thousands of them a second.
            gevent.sleep(PAUSE_AFTER_FAILURE_S)


class QuoteUser(PricingUser):
    """One basket a call, as a shop asks while the shopper waits."""

    method = "Quote"

    @task
    def quote(self) -> None:
        (request,) = self.some(1)
        self.ask(
            request.SerializeToString(),
            lambda answer: check(request, QuoteResponse.FromString(answer)),
        )


class BatchQuoteUser(PricingUser):
    """Many baskets a call, as a job asks; one refused basket makes the whole call a failure."""

    method = "BatchQuote"

    @task
    def batch_quote(self) -> None:
        requests = self.some(BATCH)

        def checked(answer: bytes) -> None:
            items = BatchQuoteResponse.FromString(answer).items
            if len(items) != len(requests):
                raise WrongAnswer("baskets are missing or too many")
            for request, item in zip(requests, items, strict=True):
                if item.HasField("error"):
                    raise WrongAnswer(f"a basket was refused: {item.error.message}")
                check(request, item.quote)

        self.ask(BatchQuoteRequest(quotes=requests).SerializeToString(), checked)

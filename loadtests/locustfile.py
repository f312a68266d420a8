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
from functools import cache
from pathlib import Path

from locust import task

from loadtests.check import WrongAnswer, check
from loadtests.user import GrpcUser
from rangli.v1.pricing_service_pb2 import (
    BatchQuoteRequest,
    BatchQuoteResponse,
    QuoteRequest,
    QuoteResponse,
)

BASKETS_FILE = Path("reports/load-baskets.binpb")
BATCH = 50


@cache
def baskets() -> list[QuoteRequest]:
    """The carts to ask for; read once per process."""
    path = Path(os.environ.get("RANGLI_LOAD_BASKETS") or BASKETS_FILE)
    return list(BatchQuoteRequest.FromString(path.read_bytes()).quotes)


class PricingUser(GrpcUser):
    """A caller who asks for basket after basket."""

    abstract = True
    service = "rangli.v1.PricingService"

    def on_start(self) -> None:
        super().on_start()
        self._next = random.randrange(len(baskets()))

    def some(self, count: int) -> list[QuoteRequest]:
        """The next baskets, in time order; after the last one comes the first."""
        found = [baskets()[(self._next + step) % len(baskets())] for step in range(count)]
        self._next += count
        return found


class QuoteUser(PricingUser):
    """One basket a call, as a shop asks while the shopper waits."""

    @task
    def quote(self) -> None:
        (request,) = self.some(1)
        self.ask(
            "Quote",
            request.SerializeToString(),
            lambda answer: check(request, QuoteResponse.FromString(answer)),
        )


class BatchQuoteUser(PricingUser):
    """Many baskets a call, as a job asks; one refused basket makes the whole call a failure."""

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

        self.ask("BatchQuote", BatchQuoteRequest(quotes=requests).SerializeToString(), checked)

"""The pricing service without a wire: the handlers of `PricingService`, from bytes to bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from rangli.activities.catalogue import Catalogue
from rangli.activities.feed import CatalogueFeed
from rangli.cli.bench.books import FIRST_WEEK_AT
from rangli.core.call import CallContext, Service
from rangli.pricing import rpc
from rangli.pricing.threads import Threads

Answer = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A feed that never changes: every tenant has the same catalogue."""

    only: Catalogue

    def catalogue(self, _tenant: str) -> Catalogue:
        """The only one."""
        return self.only


def service(catalogue: Catalogue) -> Service:
    """What PricingService answers from a catalogue alone: Quote and BatchQuote."""
    return Service(rpc.NAME, rpc.methods(cast(CatalogueFeed, Fixed(catalogue)), Threads()))


def answering(catalogue: Catalogue) -> Answer:
    """What `Quote` answers to a request, as a server does it once it has the bytes."""
    (method,) = (one for one in service(catalogue).methods if one.name == "Quote")
    call = CallContext(
        tenant="default",
        actor="bench",
        method=f"{rpc.NAME}/Quote",
        received_at=FIRST_WEEK_AT,
        deadline=time.monotonic() + 86_400,
    )

    def answer(request: bytes) -> bytes:
        quickly = method.quick(call, request) if method.quick is not None else None
        if quickly is not None:
            return cast(bytes, quickly)
        answered = method.handler(call, method.request.FromString(request))
        return answered if isinstance(answered, bytes) else answered.SerializeToString()

    return answer


def us_per_quote(answer: Answer, requests: list[bytes], repeats: int = 1) -> float:
    """Microseconds of CPU for one of them."""
    started_ns = time.process_time_ns()
    for _ in range(repeats):
        for request in requests:
            answer(request)
    return (time.process_time_ns() - started_ns) / (1_000 * repeats * len(requests))

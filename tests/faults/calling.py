"""Calls through our client's connections, with their outcome written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from rangli.client import CallRefused
from rangli.client.calls import Unary
from rangli.client.channels import Channels, channel_options
from rangli.v1 import (
    activity_service_pb2,
    checkout_service_pb2,
    counter_service_pb2,
    coupon_service_pb2,
    fund_service_pb2,
    pricing_service_pb2,
    wallet_service_pb2,
)
from rangli.v1.fund_service_pb2 import BatchSpendRequest
from rangli.v1.wallet_service_pb2 import BatchCreditRequest
from tests.faults.history import IN_DOUBT, Attempt, Change, Outcome, outcome_of

_SERVICES = (
    fund_service_pb2.DESCRIPTOR.services_by_name["FundService"],
    wallet_service_pb2.DESCRIPTOR.services_by_name["WalletService"],
    activity_service_pb2.DESCRIPTOR.services_by_name["ActivityService"],
    counter_service_pb2.DESCRIPTOR.services_by_name["CounterService"],
    coupon_service_pb2.DESCRIPTOR.services_by_name["CouponService"],
    pricing_service_pb2.DESCRIPTOR.services_by_name["PricingService"],
    checkout_service_pb2.DESCRIPTOR.services_by_name["CheckoutService"],
)
# Many short ones rather than one long: a call that is lost must not hold its caller for long.
_CALL_S = 2.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """A method that takes many changes at once, each with its own key."""

    method: str
    request: type[Message]
    asked: str
    answered: str


CREDIT = "WalletService/Credit"
BATCH_SPEND = "FundService/BatchSpend, one item"  # no method of its own
BATCHES = {
    CREDIT: _Batch("WalletService/BatchCredit", BatchCreditRequest, "credits", "credit"),
    BATCH_SPEND: _Batch("FundService/BatchSpend", BatchSpendRequest, "items", "reservation"),
}


class Caller:
    """All services at one address, as one tenant.

    retries: by gRPC, as our client has them.  call_s: how long a call waits for its answer.
    """

    def __init__(
        self,
        address: str,
        tenant: str,
        *,
        connections: int = 4,
        retries: bool = True,
        call_s: float = _CALL_S,
    ) -> None:
        self._channels = Channels(address, connections=0, watch_health=False)
        options = dict(channel_options(watch_health=False)) | {"grpc.enable_retries": int(retries)}
        self._channels.all = [
            grpc.aio.insecure_channel(address, list(options.items())) for _ in range(connections)
        ]
        metadata = (("rangli-tenant", tenant), ("rangli-actor", "faults"))
        self._unary: dict[str, Unary[Any, Any]] = {
            f"{service.name}/{method.name}": Unary(
                self._channels,
                f"/{service.full_name}/{method.name}",
                GetMessageClass(method.output_type),
                metadata=metadata,
                timeout_s=call_s,
            )
            for service in _SERVICES
            for method in service.methods
        }

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._channels.close()

    async def read(self, method: str, request: Message, timeout_s: float | None = None) -> Any:
        """The answer. Raises CallRefused."""
        return await self._unary[method](request, timeout_s)

    async def send(self, change: Change, timeout_s: float | None = None) -> Any:
        """The answer, None if there is none; either way it stands in the change's attempts."""
        if change.method == BATCH_SPEND:
            return (await self.send_together([change], timeout_s))[0]
        began_s = time.monotonic()
        try:
            answer = await self._unary[change.method](change.request, timeout_s)
        except CallRefused as error:
            why = f"{error.code.name} {error.reason}".strip()
            outcome = outcome_of(error)
            change.attempts.append(Attempt(began_s, time.monotonic(), outcome, why=why))
            return None
        except asyncio.CancelledError:
            gone = Attempt(began_s, time.monotonic(), Outcome.INFO, why="the caller went away")
            change.attempts.append(gone)
            raise
        change.attempts.append(_done(began_s, answer))
        return answer

    async def send_together(
        self, changes: Sequence[Change], timeout_s: float | None = None
    ) -> list[Any]:
        """The same of many changes of one kind, in one call."""
        batch = BATCHES[changes[0].method]
        request = batch.request(**{batch.asked: [change.request for change in changes]})
        call = Change(batch.method, "", request)
        response = None
        try:
            response = await self.send(call, timeout_s)
        finally:
            (whole,) = call.attempts
            if response is None:
                for change in changes:
                    change.attempts.append(whole)
        if response is None:
            return [None] * len(changes)
        answers = []
        for change, item in zip(changes, response.items, strict=True):
            if item.HasField("error"):
                change.attempts.append(_refused(whole, item.error))
                answers.append(None)
            else:
                answers.append(getattr(item, batch.answered))
                change.attempts.append(_done(whole.began_s, answers[-1]))
        return answers


def _done(began_s: float, answer: Message) -> Attempt:
    data = answer.SerializeToString(deterministic=True)
    return Attempt(began_s, time.monotonic(), Outcome.OK, data)


def _refused(whole: Attempt, error: Status) -> Attempt:
    """An item's own no, which may be no more than a doubt."""
    (code,) = (code for code in grpc.StatusCode if code.value[0] == error.code)
    outcome = Outcome.INFO if code in IN_DOUBT else Outcome.REFUSED
    reasons = [ErrorInfo.FromString(detail.value).reason for detail in error.details[:1]]
    why = " ".join([code.name, *reasons, "(item)"])
    return Attempt(whole.began_s, whole.ended_s, outcome, why=why)


async def settle(caller: Caller, changes: Sequence[Change], *, rounds: int = 20) -> None:
    """Send each again, with its key, until it has a definite end."""
    open_ones = list(changes)
    for _ in range(rounds):
        await in_turn(caller, open_ones)
        open_ones = [change for change in open_ones if not _is_definite(change.attempts[-1])]
        if not open_ones:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{len(open_ones)} changes find no end: {open_ones[0]}")


def _is_definite(last: Attempt) -> bool:
    """Whether it tells of the change; being shed tells of that one attempt only."""
    return last.outcome is not Outcome.INFO and not last.why.startswith("RESOURCE_EXHAUSTED")


async def in_turn(caller: Caller, changes: list[Change], *, at_once: int = 16) -> None:
    """Send each of them once more, so many at a time."""
    waiting = iter(changes)

    async def worker() -> None:
        for change in waiting:
            await caller.send(change)

    async with asyncio.TaskGroup() as workers:
        for _ in range(at_once):
            workers.create_task(worker())

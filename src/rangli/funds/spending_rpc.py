"""What orders do with budgets: between FundService's messages and the domain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from rangli.core.call import KIB, CallContext, Method
from rangli.core.errors import RangliError
from rangli.funds import answer_rpc as answers
from rangli.funds import asked_rpc as read
from rangli.funds import spending
from rangli.storage.batched_rpc import Batched
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from rangli.wire.status import to_status

NAME = "rangli.v1.FundService"
_BATCH_MAX = 1_000
# Of all orders together: a second or two of work even if each has ten funders.
_BATCH_ITEMS_MAX = 2_000

Body = TypeVar("Body")
Done = TypeVar("Done")
Answer = TypeVar("Answer", bound=Message)


def methods(stores: Stores, batching: Batching) -> tuple[Method, ...]:
    """Reserve, Spend, Release, Refund, BatchSpend and GetReservation."""
    rpc = _Spending(stores, batching)
    return (
        Method("Reserve", pb.ReserveRequest, rpc.reserve),
        Method("Spend", pb.SpendRequest, rpc.spend),
        Method("Release", pb.ReleaseRequest, rpc.release),
        Method("Refund", pb.RefundRequest, rpc.refund),
        Method(
            "BatchSpend",
            pb.BatchSpendRequest,
            rpc.batch_spend,
            limit_bytes=1024 * KIB,
            deadline_s_max=10.0,
        ),
        Method("GetReservation", pb.GetReservationRequest, rpc.get_reservation),
    )


def _batched(
    batching: Batching,
    name: str,
    *,
    ask: Callable[[Any], Body],
    decide: Callable[[Connection, Sequence[Asked[Body]], str], Awaitable[list[Done | RangliError]]],
    say: Callable[[Done], Answer],
    answer: type[Answer],
) -> Batched[Any, Body, Done, Answer]:
    """The method whose verdicts `decide` gives; it notes in the ledger which method moved money."""
    method = f"{NAME}/{name}"
    return Batched(
        batching,
        method,
        ask=ask,
        decide=lambda conn, asked: decide(conn, asked, method),
        say=say,
        answer=answer,
        work=_work,
    )


def _work(body: object) -> int:
    """By the activities of the order, which have up to ten funders each."""
    return max(1, len(getattr(body, "items", ())))


class _Spending:
    def __init__(self, stores: Stores, batching: Batching) -> None:
        self._pg = stores.pg
        self.reserve = _batched(
            batching,
            "Reserve",
            ask=read.reserve,
            decide=spending.reserve,
            say=answers.reservation,
            answer=fb.Reservation,
        )
        self.spend = _batched(
            batching,
            "Spend",
            ask=read.spend,
            decide=spending.spend,
            say=answers.reservation,
            answer=fb.Reservation,
        )
        self.release = _batched(
            batching,
            "Release",
            ask=read.release,
            decide=spending.release,
            say=answers.reservation,
            answer=fb.Reservation,
        )
        self.refund = _batched(
            batching,
            "Refund",
            ask=read.refund,
            decide=spending.refund,
            say=answers.refunded,
            answer=pb.RefundResponse,
        )
        self._spend_at_once = _batched(
            batching,
            "BatchSpend",
            ask=read.batch_spend,
            decide=spending.batch_spend,
            say=answers.reservation,
            answer=fb.Reservation,
        )

    async def batch_spend(
        self, call: CallContext, request: pb.BatchSpendRequest
    ) -> pb.BatchSpendResponse:
        if not 1 <= len(request.items) <= _BATCH_MAX:
            raise read.invalid("items", f"must be 1 to {_BATCH_MAX}, not {len(request.items)}")
        items = sum(len(order.items) for order in request.items)
        if items > _BATCH_ITEMS_MAX:
            raise read.invalid(
                "items", f"their items must be at most {_BATCH_ITEMS_MAX} in all, not {items}"
            )

        async def one(item: pb.BatchSpendRequest.Item) -> pb.BatchSpendResponse.Item:
            try:
                return pb.BatchSpendResponse.Item(reservation=await self._spend_at_once(call, item))
            except RangliError as refusal:
                return pb.BatchSpendResponse.Item(error=to_status(refusal))

        return pb.BatchSpendResponse(items=await asyncio.gather(*map(one, request.items)))

    async def get_reservation(
        self, call: CallContext, request: pb.GetReservationRequest
    ) -> fb.Reservation:
        reservation_id = read.reservation_id(request.reservation_id)
        async with connection(self._pg) as conn:
            return answers.reservation(await spending.get(conn, call.tenant, reservation_id))

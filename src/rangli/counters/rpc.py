"""CounterService: between its messages and the domain."""

from __future__ import annotations

from rangli.core.call import CallContext, Method, Service
from rangli.core.errors import Invalid, NotFound, Violation
from rangli.counters import answer_rpc as answers
from rangli.counters import asked_rpc as read
from rangli.counters import limit_store, reservation_store, service
from rangli.counters.model import Reserve, Subject
from rangli.storage.batched_rpc import Batched
from rangli.storage.batcher import Batching
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import counter_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of
from rangli.wire.paging import next_token, page_of

NAME = "rangli.v1.CounterService"


def expose(stores: Stores, batching: Batching) -> Service:
    """The service on these stores."""
    rpc = _Counters(stores, batching)
    return Service(
        NAME,
        (
            Method("PutLimit", pb.PutLimitRequest, rpc.put_limit),
            Method("GetLimit", pb.GetLimitRequest, rpc.get_limit),
            Method("ListLimits", pb.ListLimitsRequest, rpc.list_limits),
            Method("GetRemaining", pb.GetRemainingRequest, rpc.get_remaining),
            Method("ReserveCounts", pb.ReserveCountsRequest, rpc.reserve),
            Method("ConfirmCounts", pb.ConfirmCountsRequest, rpc.confirm),
            Method("RollBackCounts", pb.RollBackCountsRequest, rpc.roll_back),
            Method("GetCountReservation", pb.GetCountReservationRequest, rpc.get_reservation),
        ),
    )


class _Counters:
    def __init__(self, stores: Stores, batching: Batching) -> None:
        self._pg = stores.pg
        self.reserve = Batched(
            batching,
            f"{NAME}/ReserveCounts",
            ask=read.reserve,
            decide=service.reserve,
            say=answers.reservation,
            answer=pb.CountReservation,
            work=_items,
        )
        self.confirm = Batched(
            batching,
            f"{NAME}/ConfirmCounts",
            ask=read.confirm,
            decide=service.confirm,
            say=answers.reservation,
            answer=pb.CountReservation,
        )
        self.roll_back = Batched(
            batching,
            f"{NAME}/RollBackCounts",
            ask=read.roll_back,
            decide=service.roll_back,
            say=answers.reservation,
            answer=pb.CountReservation,
        )

    async def put_limit(self, call: CallContext, request: pb.PutLimitRequest) -> pb.Limit:
        spec, expected_most = read.limit(request), read.expected_most(request)
        reason = read.reason(request)

        async def effect(conn: Connection) -> bytes:
            put = await service.put_limit(
                conn,
                call.tenant,
                spec,
                expected_most=expected_most,
                actor=call.actor,
                reason=reason,
            )
            return answers.limit(put).SerializeToString()

        response = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=request_id_of(request.request_id),
            fingerprint=fingerprint(request),
            effect=effect,
        )
        return pb.Limit.FromString(response)

    async def get_limit(self, call: CallContext, request: pb.GetLimitRequest) -> pb.Limit:
        limit_id = read.limit_id(request.limit_id, "limit_id")
        async with connection(self._pg) as conn:
            return answers.limit(await limit_store.get_limit(conn, call.tenant, limit_id))

    async def list_limits(
        self, call: CallContext, request: pb.ListLimitsRequest
    ) -> pb.ListLimitsResponse:
        prefix = read.prefix(request)
        page = page_of(
            request.page_size,
            request.page_token,
            size_default=50,
            size_max=200,
            cursor=read.LIMIT_ID,
        )
        async with connection(self._pg) as conn:
            # One more than fills the page tells that there is a next one.
            found = await limit_store.list_limits(
                conn, call.tenant, prefix=prefix, after=page.after, size=page.size + 1
            )
        return pb.ListLimitsResponse(
            limits=[answers.limit(limit) for limit in found[: page.size]],
            next_page_token=next_token(page, [limit.limit_id for limit in found]),
        )

    async def get_remaining(
        self, call: CallContext, request: pb.GetRemainingRequest
    ) -> pb.GetRemainingResponse:
        items = [(call.tenant, *item) for item in read.remaining(request)]
        async with connection(self._pg) as conn:
            found = await limit_store.remaining(conn, items)
        for place, item in enumerate(items):
            if item not in found:
                raise NotFound("limit", item[1])
            subject = found[item].limit.subject
            if subject is not Subject.ACTIVITY and not item[2]:
                words = f"is required: {item[1]!r} counts each {subject.value}"
                raise Invalid.fields(Violation(f"items[{place}].subject_id", words))
        return pb.GetRemainingResponse(items=[answers.remaining(found[item]) for item in items])

    async def get_reservation(
        self, call: CallContext, request: pb.GetCountReservationRequest
    ) -> pb.CountReservation:
        reservation_id = read.reservation_id(request)
        async with connection(self._pg) as conn:
            found = await reservation_store.get(conn, call.tenant, reservation_id)
        if found is None:
            raise NotFound("count reservation", reservation_id)
        return answers.reservation(found)


def _items(body: Reserve) -> int:
    return len(body.items)

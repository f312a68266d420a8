"""CouponService: between its messages and the domain. Batches here, the rest in other modules."""

from __future__ import annotations

from rangli.activities.feed import CatalogueFeed
from rangli.core.call import CallContext, Method, Service
from rangli.counters.filter import Filter
from rangli.counters.model import Want
from rangli.coupons import answer_rpc as answers
from rangli.coupons import asked_rpc as read
from rangli.coupons import batch_store, batches, code_rpc, coupon_rpc, giving_rpc, job_rpc
from rangli.coupons.counting import owner_of, stock_of
from rangli.storage.batcher import Batching
from rangli.storage.idempotency import Effect, once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of, text_of
from rangli.wire.paging import next_token, page_of

NAME = "rangli.v1.CouponService"


def expose(
    stores: Stores,
    batching: Batching,
    feed: CatalogueFeed,  # noqa: ARG001  coupons ask PostgreSQL how their activities stand
    *,
    filter: Filter | None = None,  # noqa: A002  what it is
) -> Service:
    """The service on these stores. filter: None lets every claim through to PostgreSQL."""
    rpc = _Batches(stores, filter)
    return Service(
        NAME,
        (
            Method("CreateBatch", pb.CreateBatchRequest, rpc.create),
            Method("UpdateBatch", pb.UpdateBatchRequest, rpc.update),
            Method("PauseBatch", pb.BatchVerbRequest, rpc.pause),
            Method("ResumeBatch", pb.BatchVerbRequest, rpc.resume),
            Method("CloseBatch", pb.BatchVerbRequest, rpc.close),
            Method("GetBatch", pb.GetBatchRequest, rpc.get),
            Method("ListBatches", pb.ListBatchesRequest, rpc.list),
            *giving_rpc.methods(stores, batching, NAME, filter),
            *coupon_rpc.methods(stores, batching, NAME, filter),
            *code_rpc.methods(stores, batching),
            *job_rpc.methods(stores),
        ),
    )


class _Batches:
    def __init__(self, stores: Stores, filter: Filter | None) -> None:  # noqa: A002
        self._pg = stores.pg
        self._filter = filter

    async def create(self, call: CallContext, request: pb.CreateBatchRequest) -> pb.CouponBatch:
        batch_id, spec = read.new_batch_id(request.batch_id), read.spec(request.spec)

        async def effect(conn: Connection) -> bytes:
            made = await batches.create(conn, call.tenant, batch_id, spec, actor=call.actor)
            return answers.batch(made).SerializeToString()

        return await self._once(call, request, effect)

    async def update(self, call: CallContext, request: pb.UpdateBatchRequest) -> pb.CouponBatch:
        batch_id, spec = read.batch_of(request.batch_id), read.spec(request.spec)
        reason = text_of(request.reason, "reason", read.REASON_MAX)
        more = 0

        async def effect(conn: Connection) -> bytes:
            nonlocal more
            after, more = await batches.update(
                conn,
                call.tenant,
                batch_id,
                spec,
                expected_revision=request.expected_revision,
                actor=call.actor,
                reason=reason,
            )
            return answers.batch(after).SerializeToString()

        answer = await self._once(call, request, effect)
        if self._filter is not None and more > 0:
            stock = Want(stock_of(batch_id), "", more)
            self._filter.returned(call.tenant, owner_of(batch_id), stock)
        return answer

    async def pause(self, call: CallContext, request: pb.BatchVerbRequest) -> pb.CouponBatch:
        return await self._move(call, request, "paused")

    async def resume(self, call: CallContext, request: pb.BatchVerbRequest) -> pb.CouponBatch:
        return await self._move(call, request, "resumed")

    async def close(self, call: CallContext, request: pb.BatchVerbRequest) -> pb.CouponBatch:
        return await self._move(call, request, "closed")

    async def get(self, call: CallContext, request: pb.GetBatchRequest) -> pb.CouponBatch:
        batch_id = read.batch_of(request.batch_id)
        async with connection(self._pg) as conn:
            return answers.batch(await batches.get(conn, call.tenant, batch_id))

    async def list(
        self, call: CallContext, request: pb.ListBatchesRequest
    ) -> pb.ListBatchesResponse:
        page = page_of(request.page_size, request.page_token, size_default=50, size_max=200)
        activity_id = text_of(request.activity_id, "activity_id", 100)
        async with connection(self._pg) as conn:
            # One more than fills the page tells that there is a next one.
            found = await batch_store.list_after(
                conn, call.tenant, activity_id=activity_id, after=page.after, size=page.size + 1
            )
            seen = await batches.seen(conn, found[: page.size])
        return pb.ListBatchesResponse(
            batches=[answers.batch(one) for one in seen],
            next_page_token=next_token(page, [one.batch_id for one in found]),
        )

    async def _move(
        self, call: CallContext, request: pb.BatchVerbRequest, verb: str
    ) -> pb.CouponBatch:
        batch_id = read.batch_of(request.batch_id)
        reason = text_of(request.reason, "reason", read.REASON_MAX)

        async def effect(conn: Connection) -> bytes:
            after = await batches.move(
                conn, call.tenant, batch_id, verb, actor=call.actor, reason=reason
            )
            return answers.batch(after).SerializeToString()

        return await self._once(call, request, effect)

    async def _once(
        self,
        call: CallContext,
        request: pb.CreateBatchRequest | pb.UpdateBatchRequest | pb.BatchVerbRequest,
        effect: Effect,
    ) -> pb.CouponBatch:
        answer = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=request_id_of(request.request_id),
            fingerprint=fingerprint(request),
            effect=effect,
        )
        return pb.CouponBatch.FromString(answer)

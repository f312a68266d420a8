"""FundService: pools and fundings, between their messages and the domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rangli.core.call import CallContext, Method, Service
from rangli.core.errors import NameTaken
from rangli.funds import answer_rpc as answers
from rangli.funds import asked_rpc as read
from rangli.funds import pools, service, settlement_rpc, spending_rpc, store
from rangli.funds.pools import By, Standing
from rangli.funds.spending_rpc import NAME
from rangli.ledger import statements
from rangli.ledger.model import AMOUNT_MINOR_MAX, Phase
from rangli.storage.batcher import Batching
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of, resource_id_of
from rangli.wire.paging import next_token, page_of

__all__ = ["NAME", "expose"]


# Whether there is an activity of that id, in a tenant.
IsActivity = Callable[[Connection, str, str], Awaitable[bool]]


async def _none_is(_conn: Connection, _tenant: str, _activity_id: str) -> bool:
    return False


def expose(stores: Stores, batching: Batching, *, is_activity: IsActivity = _none_is) -> Service:
    """The service on these stores.

    is_activity: of whom publishing, and nobody else, says who pays.
    """
    rpc = _Pools(stores, is_activity)
    return Service(
        NAME,
        (
            Method("CreatePool", pb.CreatePoolRequest, rpc.create),
            Method("GetPool", pb.GetPoolRequest, rpc.get),
            Method("ListPools", pb.ListPoolsRequest, rpc.list),
            Method("AllocatePool", pb.AllocatePoolRequest, rpc.allocate),
            Method("AdjustPool", pb.AdjustPoolRequest, rpc.adjust),
            Method("UpdatePool", pb.UpdatePoolRequest, rpc.update),
            Method("FreezePool", pb.PoolVerbRequest, rpc.freeze),
            Method("ResumePool", pb.PoolVerbRequest, rpc.resume),
            Method("ClosePool", pb.PoolVerbRequest, rpc.close),
            Method("SetActivityFunding", pb.SetActivityFundingRequest, rpc.set_funding),
            Method("GetActivityFunding", pb.GetActivityFundingRequest, rpc.get_funding),
            Method("ListEntries", pb.ListEntriesRequest, rpc.list_entries),
            *spending_rpc.methods(stores, batching),
            *settlement_rpc.methods(stores),
        ),
    )


class _Pools:
    def __init__(self, stores: Stores, is_activity: IsActivity) -> None:
        self._pg = stores.pg
        self._is_activity = is_activity

    async def create(self, call: CallContext, request: pb.CreatePoolRequest) -> fb.Pool:
        new = read.new_pool(request)
        by = _by(call, request)
        return await self._change(call, request, lambda conn: pools.create_pool(conn, by, new))

    async def get(self, call: CallContext, request: pb.GetPoolRequest) -> fb.Pool:
        pool_id = resource_id_of(request.pool_id, "pool_id")
        async with connection(self._pg) as conn:
            return answers.pool(await pools.get_pool(conn, call.tenant, pool_id))

    async def list(self, call: CallContext, request: pb.ListPoolsRequest) -> pb.ListPoolsResponse:
        page = page_of(request.page_size, request.page_token)
        parent_id = request.parent_id if request.HasField("parent_id") else None
        if parent_id:
            resource_id_of(parent_id, "parent_id")
        async with connection(self._pg) as conn:
            # One more than fills the page tells that there is a next one.
            found = await store.list_after(
                conn, call.tenant, after=page.after, size=page.size + 1, parent_id=parent_id
            )
        return pb.ListPoolsResponse(
            pools=[answers.pool(Standing(*one)) for one in found[: page.size]],
            next_page_token=next_token(page, [pool.pool_id for pool, _, _ in found]),
        )

    async def allocate(self, call: CallContext, request: pb.AllocatePoolRequest) -> fb.Pool:
        amount = read.number(request.amount_minor, "amount_minor", 1, AMOUNT_MINOR_MAX)
        by, pool_id = _by(call, request), resource_id_of(request.pool_id, "pool_id")
        return await self._change(
            call, request, lambda conn: pools.allocate(conn, by, pool_id, amount)
        )

    async def adjust(self, call: CallContext, request: pb.AdjustPoolRequest) -> fb.Pool:
        budget = read.number(request.budget_minor, "budget_minor", 0, AMOUNT_MINOR_MAX)
        by = _by(call, request, reason_required=True)
        pool_id = resource_id_of(request.pool_id, "pool_id")
        return await self._change(
            call,
            request,
            lambda conn: pools.adjust(
                conn,
                by,
                pool_id,
                expected_minor=request.expected_budget_minor,
                budget_minor=budget,
            ),
        )

    async def update(self, call: CallContext, request: pb.UpdatePoolRequest) -> fb.Pool:
        changes = read.changes(request)
        by, pool_id = _by(call, request), resource_id_of(request.pool_id, "pool_id")
        return await self._change(
            call,
            request,
            lambda conn: pools.update(
                conn, by, pool_id, expected_revision=request.expected_revision, **changes
            ),
        )

    async def freeze(self, call: CallContext, request: pb.PoolVerbRequest) -> fb.Pool:
        return await self._verb(call, request, pools.freeze)

    async def resume(self, call: CallContext, request: pb.PoolVerbRequest) -> fb.Pool:
        return await self._verb(call, request, pools.resume)

    async def close(self, call: CallContext, request: pb.PoolVerbRequest) -> fb.Pool:
        return await self._verb(call, request, pools.close)

    async def set_funding(
        self, call: CallContext, request: pb.SetActivityFundingRequest
    ) -> fb.ActivityFunding:
        activity_id = resource_id_of(request.activity_id, "activity_id")
        version = read.version(request.version)
        shares, remainder_funder = read.shares(request.shares)

        async def effect(conn: Connection) -> bytes:
            if await self._is_activity(conn, call.tenant, activity_id):
                raise NameTaken("activity, whose publication says who pays,", activity_id)
            known = await service.set_funding(
                conn,
                call.tenant,
                activity_id,
                version=version,
                currency=request.currency,
                shares=shares,
                remainder_funder=remainder_funder,
                actor=call.actor,
            )
            return answers.funding(known).SerializeToString()

        return fb.ActivityFunding.FromString(await self._once(call, request, effect))

    async def get_funding(
        self, call: CallContext, request: pb.GetActivityFundingRequest
    ) -> fb.ActivityFunding:
        activity_id = resource_id_of(request.activity_id, "activity_id")
        version = read.version(request.version)
        async with connection(self._pg) as conn:
            return answers.funding(
                await service.get_funding(conn, call.tenant, activity_id, version=version)
            )

    async def list_entries(
        self, call: CallContext, request: pb.ListEntriesRequest
    ) -> pb.ListEntriesResponse:
        pool_id = resource_id_of(request.pool_id, "pool_id")
        page = page_of(request.page_size, request.page_token)
        if page.after and not page.after.isdecimal():
            raise read.invalid("page_token", "must be a next_page_token of this list")
        async with connection(self._pg) as conn:
            pool = (await pools.get_pool(conn, call.tenant, pool_id)).pool
            found = await statements.statement(
                conn,
                call.tenant,
                pool.budget_account_id,
                size=page.size,
                before=min(int(page.after), 2**63 - 1) if page.after else None,
                phases=(Phase.POSTED, Phase.PENDING_OUT),
            )
        cursors = [str(line.entry_no) for line in found.lines]
        # That there is a next page is known already.
        more = [""] if found.before is not None else []
        return pb.ListEntriesResponse(
            entries=[answers.entry(line) for line in found.lines],
            next_page_token=next_token(page, cursors + more),
        )

    async def _verb(
        self,
        call: CallContext,
        request: pb.PoolVerbRequest,
        verb: Callable[..., Awaitable[Standing]],
    ) -> fb.Pool:
        by = _by(call, request, reason_required=True)
        pool_id = resource_id_of(request.pool_id, "pool_id")
        expected = request.expected_revision
        return await self._change(
            call, request, lambda conn: verb(conn, by, pool_id, expected_revision=expected)
        )

    async def _change(
        self,
        call: CallContext,
        request: Any,
        change: Callable[[Connection], Awaitable[Standing]],
    ) -> fb.Pool:
        async def effect(conn: Connection) -> bytes:
            return answers.pool(await change(conn)).SerializeToString()

        return fb.Pool.FromString(await self._once(call, request, effect))

    async def _once(
        self, call: CallContext, request: Any, effect: Callable[[Connection], Awaitable[bytes]]
    ) -> bytes:
        return await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=request_id_of(request.request_id),
            fingerprint=fingerprint(request),
            effect=effect,
        )


def _by(call: CallContext, request: Any, *, reason_required: bool = False) -> By:
    why = read.reason(request.reason, required=reason_required)
    return By(call.tenant, call.actor, call.method, request.request_id, why)

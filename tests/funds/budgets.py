"""Pools, fundings and orders of a world, said in few words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rangli.funds import sweeper
from rangli.funds.audit import CHECKS
from rangli.ledger.audit import CHECKS as LEDGER_CHECKS
from rangli.ledger.sweeper import sweep_holds
from rangli.storage.audit import Finding, audit, snapshot
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.world import World, request_id

RESERVED, SPENT, RELEASED, EXPIRED = (
    fb.RESERVATION_STATE_RESERVED,
    fb.RESERVATION_STATE_SPENT,
    fb.RESERVATION_STATE_RELEASED,
    fb.RESERVATION_STATE_EXPIRED,
)
_HOLD_TIME = """
UPDATE ledger_holds SET expires_at = now() - interval '1 second'
WHERE tenant = $1 AND hold_id = $2 RETURNING true
"""
_RESERVATION_TIME = """
UPDATE fund_reservations SET expires_at = now() - interval '1 second'
WHERE tenant = $1 AND reservation_id = $2 RETURNING true
"""
_YESTERDAY = (
    "UPDATE fund_pool_days SET day = day - 1 WHERE tenant = $1 RETURNING true",
    "UPDATE fund_reservation_parts SET day = day - 1 WHERE tenant = $1 RETURNING true",
    "UPDATE fund_pools SET paused_until = paused_until - interval '1 day' WHERE tenant = $1"
    " RETURNING true",
)


async def call(world: World, method: str, request: Any, **fields: Any) -> Any:
    """The method's answer; a fresh request_id unless there is one."""
    if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
        request.request_id = request_id()
    return await world.call(f"FundService/{method}", request, **fields)


async def root(world: World, pool_id: str = "root", budget: int = 1_000, **fields: Any) -> fb.Pool:
    """A pool of the retailer's, in dollars."""
    fields = {"funder": "retailer", "currency": "USD", **fields}
    request = pb.CreatePoolRequest(pool_id=pool_id, budget_minor=budget, **fields)
    return await call(world, "CreatePool", request)


async def child(
    world: World, pool_id: str, parent_id: str = "root", budget: int = 0, **fields: Any
) -> fb.Pool:
    request = pb.CreatePoolRequest(
        pool_id=pool_id, parent_id=parent_id, budget_minor=budget, **fields
    )
    return await call(world, "CreatePool", request)


async def pool(world: World, pool_id: str = "root") -> fb.Pool:
    return await call(world, "GetPool", pb.GetPoolRequest(pool_id=pool_id))


async def fund(
    world: World, activity_id: str, *shares: dict[str, Any], currency: str = "USD", version: int = 0
) -> fb.ActivityFunding:
    """Who bears an activity; without shares the retailer's pool "root" alone."""
    shares = shares or ({"funder": "retailer", "pool_id": "root", "share_bps": 10_000},)
    request = pb.SetActivityFundingRequest(
        activity_id=activity_id, version=version, currency=currency, shares=shares
    )
    return await call(world, "SetActivityFunding", request)


def share(funder: str, share_bps: int, pool_id: str = "", **fields: Any) -> dict[str, Any]:
    return {"funder": funder, "share_bps": share_bps, "pool_id": pool_id, **fields}


async def reserve(
    world: World, items: dict[str, int] | Iterable[Any], order_id: str = "o1", **fields: Any
) -> fb.Reservation:
    if isinstance(items, dict):
        items = [item(activity_id, amount) for activity_id, amount in items.items()]
    request = pb.ReserveRequest(order_id=order_id, items=items, **fields)
    return await call(world, "Reserve", request)


def item(activity_id: str, amount_minor: int, **fields: Any) -> fb.ReserveItem:
    return fb.ReserveItem(activity_id=activity_id, amount_minor=amount_minor, **fields)


def amount(activity_id: str, amount_minor: int = 0, **fields: Any) -> fb.AmountItem:
    return fb.AmountItem(activity_id=activity_id, amount_minor=amount_minor, **fields)


async def spend(world: World, held: fb.Reservation, *items: fb.AmountItem, **fields: Any) -> Any:
    request = pb.SpendRequest(reservation_id=held.reservation_id, items=items, **fields)
    return await call(world, "Spend", request)


async def release(world: World, held: fb.Reservation, **fields: Any) -> fb.Reservation:
    return await call(
        world, "Release", pb.ReleaseRequest(reservation_id=held.reservation_id, **fields)
    )


async def refund(
    world: World, held: fb.Reservation, *items: fb.AmountItem, **fields: Any
) -> pb.RefundResponse:
    request = pb.RefundRequest(reservation_id=held.reservation_id, items=items, **fields)
    return await call(world, "Refund", request)


async def spent(
    world: World, items: dict[str, int], order_id: str = "o1", **fields: Any
) -> fb.Reservation:
    """Reserved and spent at once."""
    said = [item(activity_id, amount) for activity_id, amount in items.items()]
    one = pb.BatchSpendRequest.Item(
        request_id=request_id(), order_id=order_id, items=said, **fields
    )
    answer = (await call(world, "BatchSpend", pb.BatchSpendRequest(items=[one]))).items[0]
    assert answer.HasField("reservation"), answer.error
    return answer.reservation


async def verb(world: World, verb: str, pool_id: str = "root", **fields: Any) -> fb.Pool:
    fields.setdefault("reason", "because")
    return await call(world, f"{verb}Pool", pb.PoolVerbRequest(pool_id=pool_id, **fields))


async def pass_time(world: World, held: fb.Reservation) -> None:
    """The reservation's time passes, by PostgreSQL's clock."""
    for statement in (_HOLD_TIME, _RESERVATION_TIME):
        assert await world.rows(statement, held.reservation_id)


async def sweep(world: World) -> None:
    """What the sweepers do every second."""
    await sweep_holds(world.stores.pg)
    await sweeper.sweep(world.stores.pg)


async def to_next_day(world: World) -> None:
    """A business day passes: what was counted today was counted yesterday."""
    for statement in _YESTERDAY:
        await world.rows(statement)


async def audited(world: World) -> list[Finding]:
    """What the tenant's rows break."""
    async with snapshot(world.stores.pg) as conn:
        return await audit(conn, (*LEDGER_CHECKS, *CHECKS), tenant=world.tenant)


def by_funder(held: fb.Reservation, field: str = "reserved_minor") -> dict[str, int]:
    """What each funder bears."""
    found: dict[str, int] = {}
    for part in held.parts:
        found[part.funder] = found.get(part.funder, 0) + getattr(part, field)
    return found

"""One tenant's coupons, called as a transport calls the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.core.errors import RangliError, Refused
from rangli.counters import audit as counters
from rangli.coupons import audit as coupons
from rangli.coupons import store
from rangli.coupons.model import CouponKey
from rangli.storage.audit import Finding, audit, snapshot
from rangli.storage.postgres import transaction
from rangli.v1 import coupon_service_pb2 as pb
from tests.world import World, request_id, spec

USABLE, LOCKED, USED = pb.COUPON_STATE_USABLE, pb.COUPON_STATE_LOCKED, pb.COUPON_STATE_USED
EXPIRED, VOID, FROZEN = pb.COUPON_STATE_EXPIRED, pb.COUPON_STATE_VOID, pb.COUPON_STATE_FROZEN
# Coupons live by PostgreSQL's clock, which no test sets.
NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO, FAR_AHEAD = NOW - timedelta(days=3_000), NOW + timedelta(days=3_000)


def activity(**fields: Any) -> Any:
    """A coupon activity that runs all the time."""
    fields.setdefault("schedule", {"starts_at": LONG_AGO, "ends_at": FAR_AHEAD})
    return spec("order_coupon", amount_off={"amount_minor": 500}, **fields)


def reason_of(outcome: object) -> str:
    """ "OK", or why not."""
    return outcome.reason.value if isinstance(outcome, RangliError) else "OK"


class Mint:
    """A tenant with a coupon activity "a1", and processes that serve it."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def call(self, name: str, request: Any) -> Any:
        return await self.world.call(f"CouponService/{name}", request)

    async def batch(self, batch_id: str = "b1", **fields: Any) -> pb.CouponBatch:
        """Ten coupons for a day, unless said otherwise."""
        message = pb.CreateBatchRequest(
            request_id=request_id(), batch_id=batch_id, spec=self.spec(**fields)
        )
        return await self.call("CreateBatch", message)

    def spec(self, **fields: Any) -> pb.CouponBatchSpec:
        fields.setdefault("activity_id", "a1")
        fields.setdefault("stock", 10)
        fields.setdefault("validity", {"lasts_s": 86_400})
        return pb.CouponBatchSpec(**fields)

    async def update(self, batch_id: str = "b1", **fields: Any) -> pb.CouponBatch:
        message = pb.UpdateBatchRequest(
            request_id=request_id(), batch_id=batch_id, spec=self.spec(**fields)
        )
        return await self.call("UpdateBatch", message)

    async def verb(self, verb: str, batch_id: str = "b1", **fields: Any) -> pb.CouponBatch:
        """`verb("Pause")`."""
        fields.setdefault("request_id", request_id())
        return await self.call(f"{verb}Batch", pb.BatchVerbRequest(batch_id=batch_id, **fields))

    async def seen(self, batch_id: str = "b1") -> pb.CouponBatch:
        return await self.call("GetBatch", pb.GetBatchRequest(batch_id=batch_id))

    def claim_request(self, user_id: str = "ann", **fields: Any) -> pb.ClaimRequest:
        fields.setdefault("request_id", request_id())
        fields.setdefault("batch_id", "b1")
        return pb.ClaimRequest(user_id=user_id, **fields)

    async def claim(self, user_id: str = "ann", **fields: Any) -> pb.Coupon:
        return (await self.call("Claim", self.claim_request(user_id, **fields))).coupon

    async def issue(self, user_id: str = "ann", **fields: Any) -> pb.Coupon:
        fields.setdefault("request_id", request_id())
        fields.setdefault("batch_id", "b1")
        return (await self.call("Issue", pb.IssueRequest(user_id=user_id, **fields))).coupon

    async def void(self, coupon: pb.Coupon, **fields: Any) -> pb.Coupon:
        fields.setdefault("request_id", request_id())
        request = pb.VoidCouponRequest(user_id=coupon.user_id, coupon_id=coupon.coupon_id, **fields)
        return await self.call("VoidCoupon", request)

    async def change(self, verb: str, coupon: pb.Coupon, **fields: Any) -> pb.Coupon:
        """`change("Freeze", coupon)`."""
        fields.setdefault("request_id", request_id())
        request = pb.CouponVerbRequest(user_id=coupon.user_id, coupon_id=coupon.coupon_id, **fields)
        return await self.call(f"{verb}Coupon", request)

    async def extend(self, coupon: pb.Coupon, expires_at: datetime, **fields: Any) -> pb.Coupon:
        fields.setdefault("request_id", request_id())
        request = pb.ExtendCouponRequest(
            user_id=coupon.user_id, coupon_id=coupon.coupon_id, expires_at=expires_at, **fields
        )
        return await self.call("ExtendCoupon", request)

    async def transfer(self, coupon: pb.Coupon, to_user_id: str, **fields: Any) -> pb.Coupon:
        fields.setdefault("request_id", request_id())
        request = pb.TransferCouponRequest(
            user_id=coupon.user_id, coupon_id=coupon.coupon_id, to_user_id=to_user_id, **fields
        )
        return await self.call("TransferCoupon", request)

    async def get(self, coupon: pb.Coupon, user_id: str = "") -> pb.Coupon:
        request = pb.GetCouponRequest(user_id=user_id or coupon.user_id, coupon_id=coupon.coupon_id)
        return await self.call("GetCoupon", request)

    async def list(self, user_id: str = "ann", **fields: Any) -> pb.ListCouponsResponse:
        return await self.call("ListCoupons", pb.ListCouponsRequest(user_id=user_id, **fields))

    async def order(self, verb: str, coupon: pb.Coupon, order_id: str = "o1") -> Any:
        """What checkout does with a coupon: "lock", "unlock", "use", "give_back"."""
        key = CouponKey(self.world.tenant, coupon.user_id, coupon.coupon_id)
        async with transaction(self.world.stores.pg) as conn:
            book = await store.locked(conn, [key])
            done = getattr(book, verb)(key, order_id)
            await store.write(conn, book, actor_of=lambda change: f"checkout {change.verb}")
        return done

    @asynccontextmanager
    async def nothing_for(self, user_id: str) -> AsyncIterator[None]:
        """Meanwhile the database refuses that user's coupons, which nobody expects."""
        pg, name = self.world.stores.pg, "test_refuses"
        patiently = "SET LOCAL lock_timeout = '60s'; ALTER TABLE coupons"  # one transaction
        await pg.execute(
            f"{patiently} ADD CONSTRAINT {name}"
            f" CHECK (tenant <> '{self.world.tenant}' OR user_id <> '{user_id}') NOT VALID"
        )
        try:
            yield
        finally:
            await pg.execute(f"{patiently} DROP CONSTRAINT {name}")

    async def age(self, coupon: pb.Coupon, seconds: int) -> None:
        """The coupon's time goes on by so much."""
        await self.world.rows(
            "UPDATE coupons SET usable_from = usable_from - make_interval(secs => $3),"
            " expires_at = expires_at - make_interval(secs => $3)"
            " WHERE tenant = $1 AND coupon_id = $2",
            coupon.coupon_id,
            seconds,
        )

    async def held(self, user_id: str = "ann") -> int:
        return len((await self.list(user_id)).coupons)

    async def events(self, kind: str = "coupon") -> list[tuple[str, str]]:
        """The subject and type of each, in order."""
        rows = await self.world.rows(
            "SELECT subject_id, event_type FROM outbox"
            " WHERE tenant = $1 AND subject_kind = $2 ORDER BY event_seq",
            kind,
        )
        return [(row[0], row[1]) for row in rows]

    async def findings(self) -> list[Finding]:
        async with snapshot(self.world.stores.pg) as conn:
            checks = (*counters.CHECKS, *coupons.CHECKS)
            return await audit(conn, checks, tenant=self.world.tenant)


async def refused(call: Awaitable[Any]) -> dict[str, str]:
    """The refusal's reason and facts."""
    with pytest.raises(Refused) as caught:
        await call
    return {"reason": caught.value.reason.value, **caught.value.metadata}


def counted(outcomes: Iterable[object]) -> dict[str, int]:
    """How often each outcome came."""
    return dict(Counter(reason_of(one) for one in outcomes))

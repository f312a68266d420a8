"""Coupons that are out, over the wire: read, and changed one at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from rangli.core.call import CallContext, Method
from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid, RangliError, Violation
from rangli.counters.filter import Filter
from rangli.coupons import answer_rpc as answers
from rangli.coupons import asked_rpc as read
from rangli.coupons import lives, reading, store
from rangli.coupons.claims import uncounted
from rangli.coupons.counting import owner_of
from rangli.coupons.model import Coupon, CouponKey
from rangli.storage.batched_rpc import Batched
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of
from rangli.wire.paging import next_token, page_of

V = TypeVar("V", bound=lives.Verb)
_Decide: TypeAlias = Callable[
    [Connection, Sequence[Asked[V]]], Awaitable[list[lives.Seen | RangliError]]
]
_Batched: TypeAlias = Batched[Any, V, lives.Seen, pb.Coupon]


def methods(
    stores: Stores,
    batching: Batching,
    service: str,
    filter: Filter | None,  # noqa: A002
) -> tuple[Method, ...]:
    """As the service lists them."""
    rpc = _Coupons(stores, batching, service, filter)
    return (
        Method("GetCoupon", pb.GetCouponRequest, rpc.get),
        Method("ListCoupons", pb.ListCouponsRequest, rpc.list),
        Method("VoidCoupon", pb.VoidCouponRequest, rpc.void),
        Method("FreezeCoupon", pb.CouponVerbRequest, rpc.freeze),
        Method("UnfreezeCoupon", pb.CouponVerbRequest, rpc.unfreeze),
        Method("ExtendCoupon", pb.ExtendCouponRequest, rpc.extend),
        Method("TransferCoupon", pb.TransferCouponRequest, rpc.transfer),
    )


class _Coupons:
    def __init__(
        self,
        stores: Stores,
        batching: Batching,
        service: str,
        filter: Filter | None,  # noqa: A002
    ) -> None:
        self._pg = stores.pg
        self._filter = filter
        self._voiding = batching.batcher(f"{service}/VoidCoupon", _void)

        def batched(name: str, ask: Callable[[Any], V], decide: _Decide[V]) -> _Batched[V]:
            return Batched(
                batching,
                f"{service}/{name}",
                ask=ask,
                decide=decide,
                say=_said,
                answer=pb.Coupon,
            )

        self.freeze = batched("FreezeCoupon", read.verb, lives.freeze)
        self.unfreeze = batched("UnfreezeCoupon", read.verb, lives.unfreeze)
        self.extend = batched("ExtendCoupon", read.extend, lives.extend)
        self.transfer = batched("TransferCoupon", read.transfer, lives.transfer)

    async def void(self, call: CallContext, request: pb.VoidCouponRequest) -> pb.Coupon:
        body = read.void(request)
        asked = Asked(
            call.tenant,
            request_id_of(request.request_id),
            fingerprint(request),
            call.actor,
            body,
        )
        answer = await self._voiding.submit(asked, deadline=call.deadline)
        coupon = pb.Coupon.FromString(answer)
        if self._filter is not None and body.came_back:
            # It is committed: others may claim it at once.
            stock, limited = uncounted(coupon.batch_id, body.came_back)
            self._filter.returned(call.tenant, owner_of(coupon.batch_id), stock, limited)
        return coupon

    async def get(self, call: CallContext, request: pb.GetCouponRequest) -> pb.Coupon:
        key = CouponKey(
            call.tenant, read.user_of(request.user_id), read.coupon_of(request.coupon_id)
        )
        async with connection(self._pg) as conn:
            coupon = await reading.one(conn, key)
            return answers.coupon(coupon, await store.clock(conn))

    async def list(
        self, call: CallContext, request: pb.ListCouponsRequest
    ) -> pb.ListCouponsResponse:
        user_id, days, states = (
            read.user_of(request.user_id),
            read.days(request),
            read.states(request),
        )
        batch_id = read.batch_of(request.batch_id) if request.batch_id else ""
        page = page_of(request.page_size, request.page_token, size_default=50, size_max=200)
        async with connection(self._pg) as conn:
            now = await store.clock(conn)
            # One more than fills the page tells that there is a next one.
            if days:
                found = await reading.expiring(
                    conn,
                    call.tenant,
                    user_id,
                    within_days=days,
                    batch_id=batch_id,
                    after=_place(page.after),
                    size=page.size + 1,
                )
            else:
                found = await reading.newest(
                    conn,
                    call.tenant,
                    user_id,
                    states=states,
                    batch_id=batch_id,
                    before=page.after,
                    size=page.size + 1,
                )
        ids = [_cursor(one) if days else one.coupon_id for one in found]
        return pb.ListCouponsResponse(
            coupons=[answers.coupon(one, now) for one in found[: page.size]],
            next_page_token=next_token(page, ids),
        )


async def _void(conn: Connection, asked: Sequence[Asked[lives.Void]]) -> list[bytes | RangliError]:
    verdicts = await lives.void(conn, asked)
    return [
        one if isinstance(one, RangliError) else _said(one).SerializeToString() for one in verdicts
    ]


def _said(seen: lives.Seen) -> pb.Coupon:
    return answers.coupon(seen.coupon, seen.now)


def _cursor(coupon: Coupon) -> str:
    return f"{micros(coupon.expires_at)}:{coupon.coupon_id}"


def _place(cursor: str) -> reading.Expiring:
    at, _, coupon_id = cursor.partition(":")
    try:
        return reading.Expiring(instant(int(at or 0)), coupon_id)
    except (ValueError, OverflowError):
        raise Invalid.fields(
            Violation("page_token", "must be a next_page_token of this list")
        ) from None

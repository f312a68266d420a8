"""CounterService of a tenant, called as a transport calls it."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from rangli.core.clock import EPOCH
from rangli.counters import audit as counters
from rangli.counters.sweeper import sweep
from rangli.storage.audit import Finding, audit, snapshot
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import counter_service_pb2 as pb
from tests.world import World, request_id

RESERVED, CONFIRMED, ROLLED_BACK, EXPIRED = (
    pb.COUNT_STATE_RESERVED,
    pb.COUNT_STATE_CONFIRMED,
    pb.COUNT_STATE_ROLLED_BACK,
    pb.COUNT_STATE_EXPIRED,
)
_numbers = count()


def name() -> str:
    """A fresh reservation's."""
    return f"c{next(_numbers)}"


def item(limit_id: str, subject_id: str = "", quantity: int = 0) -> pb.CountItem:
    return pb.CountItem(limit_id=limit_id, subject_id=subject_id, quantity=quantity)


class Meter:
    """The counters of a tenant."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def call(self, method: str, request: Any) -> Any:
        return await self.world.call(f"CounterService/{method}", request)

    async def put(
        self, limit_id: str, most: int, subject: str = "ACTIVITY", **fields: Any
    ) -> pb.Limit:
        """`put("stock", 10)`, `put("daily", 2, "USER", period="DAY")`."""
        fields.setdefault("request_id", request_id())
        if period := fields.pop("period", None):
            fields["period"] = ab.LimitPeriod.Value(f"LIMIT_PERIOD_{period}")
        subject_value = ab.LimitSubject.Value(f"LIMIT_SUBJECT_{subject}")
        request = pb.PutLimitRequest(limit_id=limit_id, most=most, subject=subject_value, **fields)
        return await self.call("PutLimit", request)

    async def limit(self, limit_id: str) -> pb.Limit:
        return await self.call("GetLimit", pb.GetLimitRequest(limit_id=limit_id))

    async def remaining(self, limit_id: str, subject_id: str = "") -> pb.Remaining:
        asked = pb.GetRemainingRequest.Item(limit_id=limit_id, subject_id=subject_id)
        request = pb.GetRemainingRequest(items=[asked])
        return (await self.call("GetRemaining", request)).items[0]

    async def left(self, limit_id: str, subject_id: str = "") -> int:
        return (await self.remaining(limit_id, subject_id)).left

    async def reserve(
        self, *items: pb.CountItem | tuple[Any, ...] | str, **fields: Any
    ) -> pb.CountReservation:
        """`reserve("stock", ("daily", "ann", 2))`."""
        fields.setdefault("request_id", request_id())
        fields.setdefault("reservation_id", name())
        asked = [
            one
            if isinstance(one, pb.CountItem)
            else item(*((one,) if isinstance(one, str) else one))
            for one in items
        ]
        return await self.call("ReserveCounts", pb.ReserveCountsRequest(items=asked, **fields))

    async def confirm(self, reservation_id: str, **fields: Any) -> pb.CountReservation:
        fields.setdefault("request_id", request_id())
        request = pb.ConfirmCountsRequest(reservation_id=reservation_id, **fields)
        return await self.call("ConfirmCounts", request)

    async def roll_back(self, reservation_id: str, **fields: Any) -> pb.CountReservation:
        fields.setdefault("request_id", request_id())
        request = pb.RollBackCountsRequest(reservation_id=reservation_id, **fields)
        return await self.call("RollBackCounts", request)

    async def reservation(self, reservation_id: str) -> pb.CountReservation:
        request = pb.GetCountReservationRequest(reservation_id=reservation_id)
        return await self.call("GetCountReservation", request)

    async def time_passes(self, reservation_id: str) -> None:
        """The reservation's time has passed."""
        await self.world.rows(
            "UPDATE counter_reservations SET expires_at = now() - interval '1 second'"
            " WHERE tenant = $1 AND reservation_id = $2",
            reservation_id,
        )

    async def was_counted_in(self, began_at: datetime, *, instead_of: datetime) -> None:
        """As if all that is counted in one period had been counted in another."""
        await self.world.rows(
            "UPDATE counter_uses SET period_at = $2 WHERE tenant = $1 AND period_at = $3",
            began_at,
            instead_of,
        )
        await self.world.rows(
            "UPDATE counter_reservations SET counted = replace(counted::text, $3, $2)::jsonb"
            " WHERE tenant = $1",
            str(int((began_at - EPOCH).total_seconds())),
            str(int((instead_of - EPOCH).total_seconds())),
        )

    async def sweep(self) -> None:
        await sweep(self.world.stores.pg)

    async def rows(self, limit_id: str) -> list[tuple[int, int | None]]:
        """What each row of the limit has used, of what share."""
        rows = await self.world.rows(
            "SELECT used, most FROM counter_uses WHERE tenant = $1 AND limit_id = $2"
            " ORDER BY subject_id, period_at, bucket",
            limit_id,
        )
        return [tuple(row) for row in rows]

    async def events(self) -> list[tuple[str, str]]:
        rows = await self.world.rows(
            "SELECT event_type, subject_id FROM outbox WHERE tenant = $1 ORDER BY event_seq"
        )
        return [tuple(row) for row in rows]

    async def findings(self) -> list[Finding]:
        """What the audits find broken of this tenant's counters."""
        async with snapshot(self.world.stores.pg) as conn:
            return await audit(conn, counters.CHECKS, tenant=self.world.tenant)

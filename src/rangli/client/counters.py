"""Limits and stock: put, read, and counted together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from rangli.client.calls import Methods, named, pages
from rangli.client.channels import COUNTER, Channels
from rangli.v1 import counter_service_pb2 as pb


class Counters:
    """`rangli.v1.CounterService`.

    A change is its message; without a request_id it gets a fresh one, which makes the retries
    inside that call safe. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        unary = Methods(channels, COUNTER, metadata).unary
        self._put = unary("PutLimit", pb.PutLimitRequest, pb.Limit)
        self._get = unary("GetLimit", pb.GetLimitRequest, pb.Limit)
        self._list = unary("ListLimits", pb.ListLimitsRequest, pb.ListLimitsResponse)
        self._remaining = unary("GetRemaining", pb.GetRemainingRequest, pb.GetRemainingResponse)
        self._reserve = unary("ReserveCounts", pb.ReserveCountsRequest, pb.CountReservation)
        self._confirm = unary("ConfirmCounts", pb.ConfirmCountsRequest, pb.CountReservation)
        self._roll_back = unary("RollBackCounts", pb.RollBackCountsRequest, pb.CountReservation)
        self._reservation = unary(
            "GetCountReservation", pb.GetCountReservationRequest, pb.CountReservation
        )

    async def put_limit(self, request: pb.PutLimitRequest) -> pb.Limit:
        """Makes a limit, or changes how much it allows."""
        return await self._put(named(request))

    async def limit(self, limit_id: str) -> pb.Limit:
        """A limit as it is now."""
        return await self._get(pb.GetLimitRequest(limit_id=limit_id))

    async def limits(self, *, prefix: str = "") -> AsyncIterator[pb.Limit]:
        """The limits by id, those whose id begins so, page after page as they are read."""
        async for page in pages(self._list, pb.ListLimitsRequest(prefix=prefix)):
            for limit in page.limits:
                yield limit

    async def remaining(self, items: Iterable[pb.GetRemainingRequest.Item]) -> list[pb.Remaining]:
        """What is left of up to 100 limits for their subjects, in the order asked."""
        return list((await self._remaining(pb.GetRemainingRequest(items=items))).items)

    async def reserve(self, request: pb.ReserveCountsRequest) -> pb.CountReservation:
        """Counts on all limits named or on none, until confirmed, rolled back or expired."""
        return await self._reserve(named(request))

    async def confirm(self, request: pb.ConfirmCountsRequest) -> pb.CountReservation:
        """It counts for good."""
        return await self._confirm(named(request))

    async def roll_back(self, request: pb.RollBackCountsRequest) -> pb.CountReservation:
        """Gives back what it counts, once."""
        return await self._roll_back(named(request))

    async def reservation(self, reservation_id: str) -> pb.CountReservation:
        """A reservation as it is now."""
        return await self._reservation(pb.GetCountReservationRequest(reservation_id=reservation_id))

"""Budgets: pools, who bears which share, what orders take, settlement."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message

from rangli.client.calls import (
    ClientStream,
    Unary,
    fresh_request_id,
    in_messages,
    named,
    repeatable,
)
from rangli.client.channels import FUND, Channels
from rangli.v1 import fund_service_pb2 as pb
from rangli.v1.activity_pb2 import FundingShare
from rangli.v1.fund_pb2 import (
    ActivityFunding,
    AmountItem,
    FundEntry,
    Pool,
    Reservation,
    ReserveItem,
    SettlementRow,
    SettlementTotal,
)

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_CALL_S = 5.0
_BATCH_S = 15.0
_REPORT_S = 60.0
_RECONCILE_S = 600.0


@dataclass(frozen=True, slots=True)
class Settlement:
    """Who paid what in a period. totals: of all rows, by currency."""

    rows: list[SettlementRow]
    totals: list[SettlementTotal]


class Funds:
    """`rangli.v1.FundService`.

    Every change carries a `request_id`; without one it gets a fresh one, which makes the retries
    inside that call safe. Amounts are minor units. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        def unary(
            name: str, _request: type[Request], answer: type[Answer], timeout_s: float = _CALL_S
        ) -> Unary[Request, Answer]:
            return Unary(
                channels, f"/{FUND}/{name}", answer, metadata=metadata, timeout_s=timeout_s
            )

        self._create = unary("CreatePool", pb.CreatePoolRequest, Pool)
        self._get = unary("GetPool", pb.GetPoolRequest, Pool)
        self._list = unary("ListPools", pb.ListPoolsRequest, pb.ListPoolsResponse)
        self._allocate = unary("AllocatePool", pb.AllocatePoolRequest, Pool)
        self._adjust = unary("AdjustPool", pb.AdjustPoolRequest, Pool)
        self._update = unary("UpdatePool", pb.UpdatePoolRequest, Pool)
        self._freeze = unary("FreezePool", pb.PoolVerbRequest, Pool)
        self._resume = unary("ResumePool", pb.PoolVerbRequest, Pool)
        self._close = unary("ClosePool", pb.PoolVerbRequest, Pool)
        self._set_funding = unary(
            "SetActivityFunding", pb.SetActivityFundingRequest, ActivityFunding
        )
        self._get_funding = unary(
            "GetActivityFunding", pb.GetActivityFundingRequest, ActivityFunding
        )
        self._reserve = unary("Reserve", pb.ReserveRequest, Reservation)
        self._spend = unary("Spend", pb.SpendRequest, Reservation)
        self._release = unary("Release", pb.ReleaseRequest, Reservation)
        self._refund = unary("Refund", pb.RefundRequest, pb.RefundResponse)
        self._batch_spend = unary(
            "BatchSpend", pb.BatchSpendRequest, pb.BatchSpendResponse, _BATCH_S
        )
        self._reservation = unary("GetReservation", pb.GetReservationRequest, Reservation)
        self._entries = unary("ListEntries", pb.ListEntriesRequest, pb.ListEntriesResponse)
        self._report = unary(
            "GetSettlementReport",
            pb.GetSettlementReportRequest,
            pb.GetSettlementReportResponse,
            _REPORT_S,
        )
        self._reconcile: ClientStream[pb.ReconcileRequest, pb.ReconcileResponse] = ClientStream(
            channels,
            f"/{FUND}/Reconcile",
            pb.ReconcileResponse,
            metadata=metadata,
            timeout_s=_RECONCILE_S,
        )

    async def create_pool(self, request: pb.CreatePoolRequest) -> Pool:
        """Makes a pool with its first budget."""
        return await self._create(named(request))

    async def get_pool(self, pool_id: str) -> Pool:
        """The pool as it now stands."""
        return await self._get(pb.GetPoolRequest(pool_id=pool_id))

    async def list_pools(self, *, parent_id: str | None = None) -> AsyncIterator[Pool]:
        """The pools by id, page after page: all, the roots (""), or a parent's children."""
        request = pb.ListPoolsRequest(parent_id=parent_id)
        while True:
            page = await self._list(request)
            for pool in page.pools:
                yield pool
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def allocate(
        self, pool_id: str, amount_minor: int, *, reason: str = "", request_id: str = ""
    ) -> Pool:
        """Adds to a pool's budget, from its parent or, to a root, from outside."""
        return await self._allocate(
            pb.AllocatePoolRequest(
                request_id=request_id or fresh_request_id(),
                pool_id=pool_id,
                amount_minor=amount_minor,
                reason=reason,
            )
        )

    async def adjust(
        self,
        pool_id: str,
        *,
        expected_budget_minor: int,
        budget_minor: int,
        reason: str,
        request_id: str = "",
    ) -> Pool:
        """Sets a pool's budget, if it still is the expected one."""
        return await self._adjust(
            pb.AdjustPoolRequest(
                request_id=request_id or fresh_request_id(),
                pool_id=pool_id,
                expected_budget_minor=expected_budget_minor,
                budget_minor=budget_minor,
                reason=reason,
            )
        )

    async def update(self, request: pb.UpdatePoolRequest) -> Pool:
        """Changes a pool's name, cap or thresholds."""
        return await self._update(named(request))

    async def freeze(
        self, pool_id: str, *, reason: str, expected_revision: int = 0, request_id: str = ""
    ) -> Pool:
        """OPEN -> FROZEN: it gives nothing new."""
        return await self._freeze(_verb(pool_id, reason, expected_revision, request_id))

    async def resume(
        self, pool_id: str, *, reason: str, expected_revision: int = 0, request_id: str = ""
    ) -> Pool:
        """FROZEN -> OPEN."""
        return await self._resume(_verb(pool_id, reason, expected_revision, request_id))

    async def close(
        self, pool_id: str, *, reason: str, expected_revision: int = 0, request_id: str = ""
    ) -> Pool:
        """Closes it for good; what is left goes back up."""
        return await self._close(_verb(pool_id, reason, expected_revision, request_id))

    async def set_funding(
        self,
        activity_id: str,
        currency: str,
        shares: Sequence[FundingShare],
        *,
        version: int = 0,
        request_id: str = "",
    ) -> ActivityFunding:
        """Says who bears an activity's discounts, for what is no activity of the server's."""
        return await self._set_funding(
            pb.SetActivityFundingRequest(
                request_id=request_id or fresh_request_id(),
                activity_id=activity_id,
                version=version,
                currency=currency,
                shares=shares,
            )
        )

    async def get_funding(self, activity_id: str, *, version: int = 0) -> ActivityFunding:
        """Who bears an activity's discounts; the newest version unless another is asked for."""
        return await self._get_funding(
            pb.GetActivityFundingRequest(activity_id=activity_id, version=version)
        )

    async def reserve(
        self,
        order_id: str,
        items: Sequence[ReserveItem],
        *,
        ttl_s: int = 0,
        request_id: str = "",
    ) -> Reservation:
        """Sets aside what an order's activities give; ttl_s 0 is the server's 15 minutes."""
        return await self._reserve(
            pb.ReserveRequest(
                request_id=request_id or fresh_request_id(),
                order_id=order_id,
                ttl_s=ttl_s,
                items=items,
            )
        )

    async def spend(
        self,
        reservation_id: str,
        items: Sequence[AmountItem] = (),
        *,
        final: bool = False,
        late: bool = False,
        occurred_at: datetime | None = None,
        request_id: str = "",
    ) -> Reservation:
        """Spends what is reserved; without items all of it."""
        return await self._spend(
            pb.SpendRequest(
                request_id=request_id or fresh_request_id(),
                reservation_id=reservation_id,
                items=items,
                final=final,
                late=late,
                occurred_at=occurred_at,
            )
        )

    async def release(self, reservation_id: str, *, request_id: str = "") -> Reservation:
        """Gives up what is still reserved."""
        return await self._release(
            pb.ReleaseRequest(
                request_id=request_id or fresh_request_id(), reservation_id=reservation_id
            )
        )

    async def refund(
        self,
        reservation_id: str,
        items: Sequence[AmountItem] = (),
        *,
        occurred_at: datetime | None = None,
        request_id: str = "",
    ) -> pb.RefundResponse:
        """Gives back what was spent; without items all that is left of it."""
        return await self._refund(
            pb.RefundRequest(
                request_id=request_id or fresh_request_id(),
                reservation_id=reservation_id,
                items=items,
                occurred_at=occurred_at,
            )
        )

    async def batch_spend(
        self, items: Iterable[pb.BatchSpendRequest.Item]
    ) -> list[pb.BatchSpendResponse.Item]:
        """Reserves and spends up to 1,000 orders, each with its own outcome, in order.

        Their items are at most 2,000 in all.

        Give each a request_id of your own if you may have to send the batch again.
        """
        request = pb.BatchSpendRequest(items=[named(item) for item in items])
        return list((await self._batch_spend(request)).items)

    async def reservation(self, reservation_id: str) -> Reservation:
        """A reservation as it now stands."""
        return await self._reservation(pb.GetReservationRequest(reservation_id=reservation_id))

    async def entries(self, pool_id: str) -> AsyncIterator[FundEntry]:
        """The pool's statement, newest first, page after page as it is read."""
        request = pb.ListEntriesRequest(pool_id=pool_id)
        while True:
            page = await self._entries(request)
            for entry in page.entries:
                yield entry
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def settlement(
        self, starts_at: datetime, ends_at: datetime, *, funder: str = ""
    ) -> Settlement:
        """Who paid what from one instant to before the other, by value date; all pages of it."""
        request = pb.GetSettlementReportRequest(
            starts_at=starts_at, ends_at=ends_at, funder=funder, page_size=500
        )
        rows: list[SettlementRow] = []
        totals: list[SettlementTotal] = []
        while True:
            page = await self._report(request)
            rows += page.rows
            totals += page.totals  # which the first page alone has
            if not page.next_page_token:
                return Settlement(rows, totals)
            request.page_token = page.next_page_token

    async def reconcile(
        self, starts_at: datetime, ends_at: datetime, rows: Iterable[pb.ReconcileRequest.Row]
    ) -> pb.ReconcileResponse:
        """Holds others' books of a period against the journal; at most 200,000 rows.

        A list or tuple is sent again if the server goes away meanwhile; another iterable is not.
        """
        header = pb.ReconcileRequest.Header(starts_at=starts_at, ends_at=ends_at)

        async def messages() -> AsyncIterator[pb.ReconcileRequest]:
            yield pb.ReconcileRequest(header=header)
            for some in in_messages(rows):
                yield pb.ReconcileRequest(rows=some)

        return await self._reconcile(messages, repeatable=repeatable(rows))


def _verb(pool_id: str, reason: str, expected_revision: int, request_id: str) -> pb.PoolVerbRequest:
    return pb.PoolVerbRequest(
        request_id=request_id or fresh_request_id(),
        pool_id=pool_id,
        expected_revision=expected_revision,
        reason=reason,
    )

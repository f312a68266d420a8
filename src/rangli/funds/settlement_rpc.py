"""GetSettlementReport and Reconcile: between FundService's messages and the domain."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from rangli.core.call import KIB, CallContext, Method, Shape
from rangli.core.clock import instant
from rangli.core.money import CART_MINOR_MAX
from rangli.funds import asked_rpc as read
from rangli.funds import settlement_store
from rangli.funds.settlement import FIRST, Period, Row, RowKey, Settled, Source
from rangli.storage.audit import snapshot
from rangli.storage.stores import Stores
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from rangli.wire.convert import enum_number, micros_of
from rangli.wire.names import resource_id_of
from rangli.wire.paging import page_of

ROWS_MAX = 200_000
_PER_MESSAGE_MAX = 1_000


def methods(stores: Stores) -> tuple[Method, ...]:
    """GetSettlementReport and Reconcile."""
    rpc = _Settlement(stores)
    return (
        Method(
            "GetSettlementReport", pb.GetSettlementReportRequest, rpc.report, deadline_s_max=60.0
        ),
        Method(
            "Reconcile",
            pb.ReconcileRequest,
            rpc.reconcile,
            Shape.CLIENT_STREAM,
            limit_bytes=1024 * KIB,
            deadline_s_max=600.0,
        ),
    )


class _Settlement:
    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg

    async def report(
        self, call: CallContext, request: pb.GetSettlementReportRequest
    ) -> pb.GetSettlementReportResponse:
        period = _period(request, "")
        funder = read.name(request.funder, "funder") if request.funder else ""
        size = page_of(request.page_size, "").size
        after = _row_key(request.page_token) if request.page_token else FIRST
        async with snapshot(self._pg) as conn:
            # One more than fills the page tells that there is a next one.
            rows = await settlement_store.report(
                conn, call.tenant, period, funder=funder, after=after, size=size + 1
            )
            # They cost as much as all pages together: once is enough.
            totals = (
                await settlement_store.totals(conn, call.tenant, period, funder=funder)
                if after == FIRST
                else []
            )
        return pb.GetSettlementReportResponse(
            rows=[_row(key, settled) for key, settled in rows[:size]],
            totals=[_total(currency, settled) for currency, settled in totals],
            next_page_token=_token(rows[size - 1][0]) if len(rows) > size else "",
        )

    async def reconcile(
        self, call: CallContext, requests: AsyncIterator[pb.ReconcileRequest]
    ) -> pb.ReconcileResponse:
        # All of the stream first, the queries after it: a slow sender holds no connection.
        period, rows = await _read(requests)
        async with snapshot(self._pg) as conn:
            totals, differences = await settlement_store.reconcile(conn, call.tenant, period, rows)
        sent = Counter(row.source for row in rows)
        return pb.ReconcileResponse(
            totals=[
                fb.ReconcileTotal(
                    source=_source(total.source),
                    rows=sent[total.source],
                    source_minor=total.source_minor,
                    journal_minor=total.journal_minor,
                    missing_in_journal=total.missing_in_journal,
                    missing_in_source=total.missing_in_source,
                    amounts_different=total.amounts_different,
                )
                for total in totals
            ],
            differences=[
                fb.ReconcileDifference(
                    source=_source(difference.source),
                    kind=enum_number(fb.ReconcileDifference.Kind.DESCRIPTOR, difference.kind.name),
                    order_id=difference.order_id,
                    activity_id=difference.activity_id,
                    funder=difference.funder,
                    source_minor=difference.source_minor,
                    journal_minor=difference.journal_minor,
                )
                for difference in differences
            ],
            differences_total=sum(total.differences for total in totals),
        )


async def _read(requests: AsyncIterator[pb.ReconcileRequest]) -> tuple[Period, list[Row]]:
    period: Period | None = None
    rows: list[Row] = []
    tells_funders: dict[tuple[Source, str, str], bool] = {}
    async for request in requests:
        if request.HasField("header") == (period is not None):
            raise read.invalid("header", "goes in the first message, and only there")
        if period is None:
            period = _period(request.header, "header.")
        if len(request.rows) > _PER_MESSAGE_MAX:
            raise read.invalid("rows", f"at most {_PER_MESSAGE_MAX} a message")
        if len(rows) + len(request.rows) > ROWS_MAX:
            raise read.invalid("rows", f"at most {ROWS_MAX} in all")
        for index, said in enumerate(request.rows):
            row = _said(said, f"rows[{index}]")
            key = (row.source, row.order_id, row.activity_id)
            if tells_funders.setdefault(key, bool(row.funder)) != bool(row.funder):
                raise read.invalid(
                    f"rows[{index}].funder", "in all rows of an order and activity, or in none"
                )
            rows.append(row)
    if period is None:
        raise read.invalid("header", "is required in the first message")
    return period, rows


def _said(said: pb.ReconcileRequest.Row, path: str) -> Row:
    if said.source not in (fb.RECONCILE_SOURCE_ORDER, fb.RECONCILE_SOURCE_REDEMPTION):
        raise read.invalid(
            f"{path}.source", "must be RECONCILE_SOURCE_ORDER or RECONCILE_SOURCE_REDEMPTION"
        )
    return Row(
        Source(said.source),
        read.name(said.order_id, f"{path}.order_id"),
        resource_id_of(said.activity_id, f"{path}.activity_id"),
        read.name(said.funder, f"{path}.funder") if said.funder else "",
        read.number(said.amount_minor, f"{path}.amount_minor", -CART_MINOR_MAX, CART_MINOR_MAX),
    )


def _period(said: pb.GetSettlementReportRequest | pb.ReconcileRequest.Header, path: str) -> Period:
    def at(name: str, message: Timestamp) -> int:
        if not said.HasField(name):
            raise read.invalid(f"{path}{name}", "is required")
        return micros_of(message, f"{path}{name}")

    starts_us, ends_us = at("starts_at", said.starts_at), at("ends_at", said.ends_at)
    if starts_us >= ends_us:
        raise read.invalid(f"{path}ends_at", "must be after starts_at")
    return Period(instant(starts_us), instant(ends_us))


def _source(source: Source) -> Any:
    return enum_number(fb.ReconcileSource.DESCRIPTOR, source.name)


def _row(key: RowKey, settled: Settled) -> fb.SettlementRow:
    return fb.SettlementRow(
        funder=key.funder,
        pool_id=key.pool_id,
        activity_id=key.activity_id,
        currency=key.currency,
        reserved_minor=settled.reserved_minor,
        spent_minor=settled.spent_minor,
        refunded_minor=settled.refunded_minor,
        net_minor=settled.spent_minor - settled.refunded_minor,
        orders=settled.orders,
    )


def _total(currency: str, settled: Settled) -> fb.SettlementTotal:
    return fb.SettlementTotal(
        currency=currency,
        reserved_minor=settled.reserved_minor,
        spent_minor=settled.spent_minor,
        refunded_minor=settled.refunded_minor,
        net_minor=settled.spent_minor - settled.refunded_minor,
        orders=settled.orders,
    )


def _token(key: RowKey) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _row_key(token: str) -> RowKey:
    try:
        names = json.loads(urlsafe_b64decode(token.encode()))
        return RowKey(*(read.name(name, "page_token") if name else "" for name in names))
    except (binascii.Error, ValueError, TypeError):
        raise read.invalid("page_token", "must be a next_page_token of this report") from None

"""Price entries over the wire: import by stream, and a look at what is in force."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from rangli.activities import entry_service
from rangli.activities.entries import ENTRIES_MAX, REMOVED, BadRow, Entry, ImportReport
from rangli.activities.program import Kind
from rangli.core.call import KIB, CallContext, Method, Shape
from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import RESOURCE, printable
from rangli.core.money import BPS, LINE_MINOR_MAX
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import activity_service_pb2 as pb
from rangli.wire.convert import micros_of, set_timestamp
from rangli.wire.fingerprint import StreamPrint, fingerprint
from rangli.wire.names import request_id_of, resource_id_of

_PER_MESSAGE_MAX = 10_000
_SKUS_MAX = 100
_SHOWN_MAX = 10_000
_PER_QUANTITY_MAX = 1000
_SKU = "must be 1 to 100 printable characters"
# Rows read in some milliseconds; then other calls have their turn.
_AT_ONCE = 500


class EntryMethods:
    """The methods of ActivityService that concern price entries."""

    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg

    def methods(self) -> tuple[Method, ...]:
        """As the service lists them."""
        return (
            Method(
                "ImportPriceEntries",
                pb.ImportPriceEntriesRequest,
                self.import_entries,
                Shape.CLIENT_STREAM,
                limit_bytes=1024 * KIB,
                deadline_s_max=600.0,
            ),
            Method("GetPriceEntries", pb.GetPriceEntriesRequest, self.in_force),
        )

    async def import_entries(
        self, call: CallContext, requests: AsyncIterator[pb.ImportPriceEntriesRequest]
    ) -> pb.ImportPriceEntriesResponse:
        """Takes all of the stream first, then one transaction: see SelectionService.ImportSet."""
        stream = _Stream()
        async for request in requests:
            await stream.take(request)
        header = stream.checked_header()

        async def effect(conn: Connection) -> bytes:
            report = await entry_service.import_entries(
                conn,
                call.tenant,
                actor=call.actor,
                activity_id=header.activity_id,
                entries=stream.good,
                bad_rows=stream.bad,
                all_or_nothing=header.all_or_nothing,
            )
            return _report(report).SerializeToString()

        answer = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=header.request_id,
            fingerprint=fingerprint(header, stream.content.digest()),
            effect=effect,
        )
        return pb.ImportPriceEntriesResponse.FromString(answer)

    async def in_force(
        self, call: CallContext, request: pb.GetPriceEntriesRequest
    ) -> pb.GetPriceEntriesResponse:
        """The entries that count for some products, now or at any instant."""
        if not 1 <= len(request.skus) <= _SKUS_MAX:
            raise Invalid.fields(Violation("skus", f"1 to {_SKUS_MAX} are needed"))
        for number, sku in enumerate(request.skus):
            if not _is_sku(sku):
                raise Invalid.fields(Violation(f"skus[{number}]", _SKU))
        activity_id = resource_id_of(request.activity_id, "activity_id")
        at_us = micros_of(request.at, "at") if request.HasField("at") else None
        async with connection(self._pg) as conn:
            entries = await entry_service.in_force(
                conn, call.tenant, activity_id, request.skus, at_us, limit=_SHOWN_MAX + 1
            )
        return pb.GetPriceEntriesResponse(
            entries=[_message(entry) for entry in entries[:_SHOWN_MAX]],
            more=len(entries) > _SHOWN_MAX,
        )


class _Stream:
    """The rows of one import as they come: the good ones, and what is wrong with the others."""

    def __init__(self) -> None:
        self._header: pb.ImportPriceEntriesRequest.Header | None = None
        self._rows = 0
        self.good: list[tuple[int, Entry]] = []
        self.bad: list[BadRow] = []
        self.content = StreamPrint()

    async def take(self, request: pb.ImportPriceEntriesRequest) -> None:
        """The next message. Raises Invalid where the stream itself is at fault."""
        if request.HasField("header") == (self._header is not None):
            raise Invalid.fields(Violation("header", "goes in the first message, and only there"))
        if self._header is None:
            self._header = request.header
            self.checked_header()
        if len(request.entries) > _PER_MESSAGE_MAX:
            raise Invalid.fields(Violation("entries", f"at most {_PER_MESSAGE_MAX} a message"))
        for message in request.entries:
            self.content.add(message.SerializeToString(deterministic=True))
            try:
                self.good.append((self._rows, _entry(message)))
            except Invalid as error:
                first = error.violations[0]
                self.bad.append(BadRow(self._rows, first.field, first.description))
            self._rows += 1
            if self._rows % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if self._rows > ENTRIES_MAX:
            raise Invalid.fields(Violation("entries", f"at most {ENTRIES_MAX} a stream"))

    def checked_header(self) -> pb.ImportPriceEntriesRequest.Header:
        """The header; raises Invalid if it is missing or wrong."""
        if self._header is None:
            raise Invalid.fields(Violation("header", "is required in the first message"))
        request_id_of(self._header.request_id, "header.request_id")
        resource_id_of(self._header.activity_id, "header.activity_id")
        return self._header


def _is_sku(sku: str) -> bool:
    return 1 <= len(sku) <= 100 and printable(sku)


def _entry(message: pb.PriceEntry) -> Entry:
    if not _is_sku(message.sku):
        raise _bad("sku", _SKU)
    if message.store_set_id and not RESOURCE.fullmatch(message.store_set_id):
        raise _bad("store_set_id", "must be 1 to 100 of a-z A-Z 0-9 - _ . :")
    if not message.HasField("starts_at"):
        raise _bad("starts_at", "is required")
    if not message.HasField("ends_at"):
        raise _bad("ends_at", "is required")
    starts_us = micros_of(message.starts_at, "starts_at")
    ends_us = micros_of(message.ends_at, "ends_at")
    if ends_us <= starts_us:
        raise _bad("ends_at", "must be after starts_at")
    kind, value = _price(message)
    per_quantity = message.per_quantity or 1
    if not 1 <= per_quantity <= _PER_QUANTITY_MAX:
        raise _bad("per_quantity", f"must be 1 to {_PER_QUANTITY_MAX}")
    if message.per_quantity and kind != Kind.OFF:
        raise _bad("per_quantity", "goes with amount_off_minor only")
    return Entry(
        message.sku,
        message.store_set_id,
        starts_us,
        ends_us,
        kind,
        value,
        per_quantity,
    )


def _price(message: pb.PriceEntry) -> tuple[int, int]:
    kind = message.WhichOneof("price")
    if kind == "removed":
        if not message.removed:
            raise _bad("removed", "must be true, or another price be set")
        return REMOVED, 0
    if kind == "off_bps":
        return int(Kind.PERCENT), _bounded(kind, message.off_bps, BPS)
    if kind == "price_minor":
        return int(Kind.PRICE), _bounded(kind, message.price_minor, LINE_MINOR_MAX)
    if kind == "amount_off_minor":
        return int(Kind.OFF), _bounded(kind, message.amount_off_minor, LINE_MINOR_MAX)
    raise _bad("price", "set one of price_minor, amount_off_minor, off_bps and removed")


def _bounded(field: str, value: int, most: int) -> int:
    if not 0 <= value <= most:
        raise _bad(field, f"must be 0 to {most}")
    return value


def _bad(field: str, description: str) -> Invalid:
    return Invalid.fields(Violation(field, description))


def _report(report: ImportReport) -> pb.ImportPriceEntriesResponse:
    return pb.ImportPriceEntriesResponse(
        received=report.received,
        accepted=report.accepted,
        rejected=report.rejected,
        bad_rows=[
            pb.BadRow(row=bad.row, field=bad.field, description=bad.description)
            for bad in report.bad_rows
        ],
    )


def _message(entry: Entry) -> pb.PriceEntry:
    message = pb.PriceEntry(sku=entry.sku, store_set_id=entry.store_set_id)
    set_timestamp(message.starts_at, instant(entry.starts_us))
    set_timestamp(message.ends_at, instant(entry.ends_us))
    if entry.kind == Kind.PRICE:
        message.price_minor = entry.value
    elif entry.kind == Kind.PERCENT:
        message.off_bps = entry.value
    else:
        message.amount_off_minor = entry.value
        if entry.per_quantity > 1:
            message.per_quantity = entry.per_quantity
    return message

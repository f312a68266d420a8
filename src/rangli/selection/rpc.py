"""SelectionService: between its messages and the domain."""

from __future__ import annotations

from collections.abc import AsyncIterator

from rangli.core.call import KIB, CallContext, Method, Service, Shape
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import RESOURCE, printable
from rangli.selection import service, store
from rangli.selection.model import MEMBERS_MAX, MemberSet, SetKind
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import selection_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp
from rangli.wire.fingerprint import fingerprint, request_id_of
from rangli.wire.paging import next_token, page_of

NAME = "rangli.v1.SelectionService"
_PER_MESSAGE_MAX = 10_000


def expose(stores: Stores) -> Service:
    """The service on these stores."""
    rpc = _Selection(stores)
    return Service(
        NAME,
        (
            Method(
                "ImportSet",
                pb.ImportSetRequest,
                rpc.import_set,
                Shape.CLIENT_STREAM,
                limit_bytes=1024 * KIB,
                deadline_s_max=600.0,
            ),
            Method("GetSet", pb.GetSetRequest, rpc.get_set),
            Method("ListSets", pb.ListSetsRequest, rpc.list_sets),
        ),
    )


class _Selection:
    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg

    async def import_set(
        self, call: CallContext, requests: AsyncIterator[pb.ImportSetRequest]
    ) -> pb.ImportSetResponse:
        # All of the stream first, the transaction after it: a slow or broken sender holds no
        # connection and leaves no part of its members.
        header, members = await _read(requests)

        async def effect(conn: Connection) -> bytes:
            written = await service.import_set(
                conn,
                call.tenant,
                actor=call.actor,
                set_id=header.set_id,
                kind=SetKind(pb.SetKind.Name(header.kind).removeprefix("SET_KIND_")),
                display_name=header.display_name,
                members=members,
            )
            return pb.ImportSetResponse(set=_message(written)).SerializeToString()

        answer = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=header.request_id,
            fingerprint=fingerprint(header),
            effect=effect,
        )
        return pb.ImportSetResponse.FromString(answer)

    async def get_set(self, call: CallContext, request: pb.GetSetRequest) -> pb.Set:
        async with connection(self._pg) as conn:
            return _message(await service.get_set(conn, call.tenant, request.set_id))

    async def list_sets(
        self, call: CallContext, request: pb.ListSetsRequest
    ) -> pb.ListSetsResponse:
        page = page_of(request.page_size, request.page_token)
        async with connection(self._pg) as conn:
            found = await store.list_after(conn, call.tenant, after=page.after, size=page.size)
        return pb.ListSetsResponse(
            sets=[_message(item) for item in found],
            next_page_token=next_token(page, [item.set_id for item in found]),
        )


async def _read(
    requests: AsyncIterator[pb.ImportSetRequest],
) -> tuple[pb.ImportSetRequest.Header, dict[str, None]]:
    header: pb.ImportSetRequest.Header | None = None
    members: dict[str, None] = {}  # a set that keeps its order
    async for request in requests:
        if request.HasField("header") == (header is not None):
            raise Invalid.fields(Violation("header", "goes in the first message, and only there"))
        if header is None:
            header = _checked(request.header)
        if len(request.members) > _PER_MESSAGE_MAX:
            raise Invalid.fields(Violation("members", f"at most {_PER_MESSAGE_MAX} a message"))
        for member in request.members:
            if not 1 <= len(member) <= 100 or not printable(member):
                raise Invalid.fields(
                    Violation("members", f"{member[:100]!r} is not 1 to 100 printable characters")
                )
            members[member] = None
        if len(members) > MEMBERS_MAX:
            raise Invalid.fields(Violation("members", f"at most {MEMBERS_MAX} a set"))
    if header is None:
        raise Invalid.fields(Violation("header", "is required in the first message"))
    return header, members


def _checked(header: pb.ImportSetRequest.Header) -> pb.ImportSetRequest.Header:
    request_id_of(header.request_id, "header.request_id")
    found = []
    if not RESOURCE.fullmatch(header.set_id):
        found.append(Violation("header.set_id", "must be 1 to 100 of a-z A-Z 0-9 - _ . :"))
    if header.kind not in pb.SetKind.values() or not header.kind:
        found.append(Violation("header.kind", "must be a SET_KIND other than UNSPECIFIED"))
    if len(header.display_name) > 200:
        found.append(Violation("header.display_name", "at most 200 characters"))
    if found:
        raise Invalid.fields(*found)
    return header


def _message(item: MemberSet) -> pb.Set:
    message = pb.Set(
        set_id=item.set_id,
        kind=enum_number(pb.SetKind.DESCRIPTOR, item.kind.name),
        display_name=item.display_name,
        version=item.version,
        member_count=item.member_count,
    )
    set_timestamp(message.updated_at, item.updated_at)
    return message

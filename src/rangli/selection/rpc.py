"""SelectionService: between its messages and the domain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from rangli.core.call import KIB, CallContext, Method, Service, Shape
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import printable
from rangli.selection import service, store
from rangli.selection.model import MEMBERS_MAX, MemberSet, SetKind
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import selection_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp
from rangli.wire.fingerprint import StreamPrint, fingerprint
from rangli.wire.names import request_id_of, resource_id_of, text_of
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
        header, members, content = await _read(requests)

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
            fingerprint=fingerprint(header, content),
            effect=effect,
        )
        return pb.ImportSetResponse.FromString(answer)

    async def get_set(self, call: CallContext, request: pb.GetSetRequest) -> pb.Set:
        set_id = resource_id_of(request.set_id, "set_id")
        async with connection(self._pg) as conn:
            return _message(await service.get_set(conn, call.tenant, set_id))

    async def list_sets(
        self, call: CallContext, request: pb.ListSetsRequest
    ) -> pb.ListSetsResponse:
        page = page_of(request.page_size, request.page_token)
        async with connection(self._pg) as conn:
            # One more than fills the page tells that there is a next one.
            found = await store.list_after(conn, call.tenant, after=page.after, size=page.size + 1)
        return pb.ListSetsResponse(
            sets=[_message(item) for item in found[: page.size]],
            next_page_token=next_token(page, [item.set_id for item in found]),
        )


async def _read(
    requests: AsyncIterator[pb.ImportSetRequest],
) -> tuple[pb.ImportSetRequest.Header, dict[str, None], bytes]:
    """The header, the distinct members in their order, and the digest of all of them."""
    header: pb.ImportSetRequest.Header | None = None
    members: dict[str, None] = {}  # a set that keeps its order
    content = StreamPrint()
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
            content.add(member.encode())
        if len(members) > MEMBERS_MAX:
            raise Invalid.fields(Violation("members", f"at most {MEMBERS_MAX} a set"))
        await asyncio.sleep(0)  # other calls have their turn, though the next one may be here
    if header is None:
        raise Invalid.fields(Violation("header", "is required in the first message"))
    return header, members, content.digest()


def _checked(header: pb.ImportSetRequest.Header) -> pb.ImportSetRequest.Header:
    request_id_of(header.request_id, "header.request_id")
    resource_id_of(header.set_id, "header.set_id")
    if header.kind not in pb.SetKind.values() or not header.kind:
        raise Invalid.fields(Violation("header.kind", "must be a SET_KIND other than UNSPECIFIED"))
    text_of(header.display_name, "header.display_name", 200)
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

"""Codes over the wire: made, imported, named, voided and listed; `redeem_rpc` has their use."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from rangli.core.call import KIB, CallContext, Method, Shape
from rangli.core.errors import Invalid, Violation
from rangli.coupons import code_service, code_store, codes, redeem_rpc
from rangli.coupons.code_model import CODES_MAX, REDEMPTIONS_MAX, CodeSet
from rangli.storage import detached
from rangli.storage.batcher import Batching
from rangli.storage.idempotency import Effect, once
from rangli.storage.postgres import Connection, changing, connection
from rangli.storage.stores import Stores
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp
from rangli.wire.fingerprint import StreamPrint, fingerprint
from rangli.wire.names import request_id_of, resource_id_of, text_of
from rangli.wire.paging import next_token, page_of

_PER_MESSAGE = 1_000
# Made in one transaction: enough that its round trips cost little, few enough to hold in memory.
_PER_TRANSACTION = 10_000
_CHARS_MAX = 50
_IMPORTED_CHARS_MIN, _VANITY_CHARS_MIN = 8, 3
_VANITY = re.compile(r"(?:[^\W_]|-)+")


def methods(stores: Stores, batching: Batching) -> tuple[Method, ...]:
    """The methods of CouponService that concern codes."""
    rpc = _Codes(stores)
    return (
        *redeem_rpc.methods(stores, batching),
        Method(
            "GenerateCodes",
            pb.GenerateCodesRequest,
            rpc.generate,
            Shape.SERVER_STREAM,
            deadline_s_max=300.0,
        ),
        Method(
            "ImportCodes",
            pb.ImportCodesRequest,
            rpc.import_codes,
            Shape.CLIENT_STREAM,
            limit_bytes=1024 * KIB,
            deadline_s_max=600.0,
        ),
        Method("PutVanityCode", pb.PutVanityCodeRequest, rpc.put_vanity),
        Method("VoidCodes", pb.VoidCodesRequest, rpc.void),
        Method("ListCodeSets", pb.ListCodeSetsRequest, rpc.list_sets),
    )


class _Codes:
    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg
        self._key = stores.keys.codes

    async def generate(
        self, call: CallContext, request: pb.GenerateCodesRequest
    ) -> AsyncIterator[pb.GenerateCodesResponse]:
        """Each code is stored before it is sent, so that whoever gets one can redeem it."""
        batch_id = resource_id_of(request.batch_id, "batch_id")
        count, prefix = request.count, request.prefix
        if not 1 <= count <= CODES_MAX:
            raise _invalid("count", f"must be 1 to {CODES_MAX}")
        if not codes.PREFIX.fullmatch(prefix):
            raise _invalid("prefix", "must be at most 10 of A-Z 0-9")

        async def begin() -> CodeSet:
            async with changing(self._pg) as conn:
                return await code_service.begin_generated(
                    conn, call.tenant, actor=call.actor, batch_id=batch_id, count=count
                )

        async def add(hashes: list[bytes]) -> None:
            async with changing(self._pg) as conn:
                await code_service.add_generated(conn, code_set.key, hashes)

        code_set = await detached.finish(begin())
        first = _message(code_set)
        first.count = count  # so many there are when the last one has been sent
        yield pb.GenerateCodesResponse(code_set=first)
        for start in range(0, count, _PER_TRANSACTION):
            messages: list[list[str]] = []
            hashes: list[bytes] = []
            upto = min(start + _PER_TRANSACTION, count)
            for at in range(start, upto, _PER_MESSAGE):
                made = codes.generate(min(_PER_MESSAGE, upto - at), prefix)
                hashes += [codes.hashed(self._key, call.tenant, codes.read(code)) for code in made]
                messages.append(made)
                await asyncio.sleep(0)  # other calls have their turn: a thousand take milliseconds
            await detached.finish(add(hashes))
            for made in messages:
                yield pb.GenerateCodesResponse(codes=made)

    async def import_codes(
        self, call: CallContext, requests: AsyncIterator[pb.ImportCodesRequest]
    ) -> pb.CodeSet:
        """Takes all of the stream first, then one transaction: see SelectionService.ImportSet."""
        header: pb.ImportCodesRequest.Header | None = None
        hashes: dict[bytes, None] = {}  # a set that keeps its order
        content = StreamPrint()
        async for request in requests:
            if request.HasField("header") == (header is not None):
                raise _invalid("header", "goes in the first message, and only there")
            if header is None:
                header = _checked(request.header)
            if len(request.codes) > _PER_MESSAGE:
                raise _invalid("codes", f"at most {_PER_MESSAGE} a message")
            if len(hashes) + len(request.codes) > CODES_MAX:
                raise _invalid("codes", f"at most {CODES_MAX} a set")
            for code in request.codes:
                path = f"codes[{len(hashes)}]"
                code_hash = self._hash(call.tenant, code, path, chars_min=_IMPORTED_CHARS_MIN)
                if code_hash in hashes:
                    raise _invalid(path, "is there twice")
                hashes[code_hash] = None
                content.add(code_hash)
            await asyncio.sleep(0)  # other calls have their turn, though the next one may be here
        if header is None or not hashes:
            raise _invalid("header" if header is None else "codes", "is required")
        batch_id, imported = header.batch_id, list(hashes)

        async def effect(conn: Connection) -> bytes:
            made = await code_service.import_codes(
                conn, call.tenant, actor=call.actor, batch_id=batch_id, hashes=imported
            )
            return _message(made).SerializeToString()

        said = fingerprint(header, content.digest())
        return await self._once(call, header.request_id, said, effect)

    async def put_vanity(self, call: CallContext, request: pb.PutVanityCodeRequest) -> pb.CodeSet:
        request_id = request_id_of(request.request_id)
        batch_id = resource_id_of(request.batch_id, "batch_id")
        code_hash = self._hash(call.tenant, request.code, "code", chars_min=_VANITY_CHARS_MIN)
        if not _VANITY.fullmatch(request.code):
            raise _invalid("code", "must be letters, digits and hyphens")
        if not 1 <= request.most <= REDEMPTIONS_MAX:
            raise _invalid("most", f"must be 1 to {REDEMPTIONS_MAX}")

        async def effect(conn: Connection) -> bytes:
            put = await code_service.put_vanity(
                conn,
                call.tenant,
                actor=call.actor,
                batch_id=batch_id,
                code_hash=code_hash,
                most=request.most,
            )
            return _message(put).SerializeToString()

        said = redeem_rpc.print_of(request, code_hash)
        return await self._once(call, request_id, said, effect)

    async def void(self, call: CallContext, request: pb.VoidCodesRequest) -> pb.CodeSet:
        request_id = request_id_of(request.request_id)
        code_set_id = resource_id_of(request.code_set_id, "code_set_id")
        reason = text_of(request.reason, "reason", 500)

        async def effect(conn: Connection) -> bytes:
            ended = await code_service.void(
                conn, call.tenant, actor=call.actor, code_set_id=code_set_id, reason=reason
            )
            return _message(ended).SerializeToString()

        return await self._once(call, request_id, fingerprint(request), effect)

    async def list_sets(
        self, call: CallContext, request: pb.ListCodeSetsRequest
    ) -> pb.ListCodeSetsResponse:
        batch_id = resource_id_of(request.batch_id, "batch_id")
        page = page_of(request.page_size, request.page_token, size_default=50, size_max=200)
        async with connection(self._pg) as conn:
            found = await code_store.list_sets(
                conn, call.tenant, batch_id, after=page.after, size=page.size + 1
            )
        return pb.ListCodeSetsResponse(
            code_sets=map(_message, found[: page.size]),
            next_page_token=next_token(page, [one.code_set_id for one in found]),
        )

    async def _once(
        self, call: CallContext, request_id: str, said: bytes, effect: Effect
    ) -> pb.CodeSet:
        answer = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=request_id,
            fingerprint=said,
            effect=effect,
        )
        return pb.CodeSet.FromString(answer)

    def _hash(self, tenant: str, text: str, path: str, *, chars_min: int) -> bytes:
        """What is kept of a code that is to be known from now on. Errors never say the code."""
        try:
            code = codes.read(text)
        except codes.UnreadableError:
            raise _invalid(path, "must hold no control or invisible characters") from None
        except codes.MistypedError:
            raise _invalid(path, "looks like a generated code, but does not check") from None
        if len(code) < chars_min or len(text) > _CHARS_MAX:
            raise _invalid(path, f"must be {chars_min} to {_CHARS_MAX} letters and digits")
        return codes.hashed(self._key, tenant, code)


def _checked(header: pb.ImportCodesRequest.Header) -> pb.ImportCodesRequest.Header:
    request_id_of(header.request_id, "header.request_id")
    resource_id_of(header.batch_id, "header.batch_id")
    return header


def _message(one: CodeSet) -> pb.CodeSet:
    message = pb.CodeSet(
        code_set_id=one.code_set_id,
        batch_id=one.batch_id,
        kind=enum_number(pb.CodeSetKind.DESCRIPTOR, one.kind.name),
        count=one.count,
        redeemed=one.redeemed,
        is_void=one.is_void,
    )
    set_timestamp(message.created_at, one.created_at)
    return message


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))

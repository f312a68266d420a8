"""What operators do with codes: make, import, name and void them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rangli.core.errors import NameTaken, NotFound, Reason, Refused
from rangli.core.ids import new_id
from rangli.counters.limit_store import put_limits
from rangli.counters.model import LimitSpec, Period, Subject
from rangli.coupons import batch_store, code_store
from rangli.coupons.code_model import CodeKey, CodeSet, CodeSetKind, SetKey, cap_of, owner_of
from rangli.coupons.code_store import CodeTakenError
from rangli.coupons.model import Batch, BatchState
from rangli.storage.outbox import emit
from rangli.storage.postgres import Busy, Connection

# Looked up at once, and between two turns of other calls.
_AT_ONCE = 10_000


async def begin_generated(
    conn: Connection, tenant: str, *, actor: str, batch_id: str, count: int
) -> CodeSet:
    """A set for so many codes that are about to be made; there are none in it yet.

    Raises NotFound, Refused (WRONG_STATE).
    """
    await _open_batch(conn, tenant, batch_id)
    made = await _new_set(conn, tenant, batch_id, CodeSetKind.GENERATED, 0)
    await _emit(conn, made, actor, "codes_generated", count=count)
    return made


async def add_generated(conn: Connection, key: SetKey, hashes: Sequence[bytes]) -> None:
    """More codes of the set; raises Refused (WRONG_STATE) if it was voided."""
    await code_store.insert_codes(conn, key, hashes)
    if not await code_store.grow(conn, key, len(hashes)):
        raise Refused(
            Reason.WRONG_STATE,
            f"the code set {key.code_set_id!r} was voided while it was made",
            metadata={"code_set_id": key.code_set_id, "state": "VOID"},
        )


async def import_codes(
    conn: Connection, tenant: str, *, actor: str, batch_id: str, hashes: Sequence[bytes]
) -> CodeSet:
    """A set of these codes, which are distinct; all of them or none.

    Raises NotFound, Refused (WRONG_STATE), and NameTaken, which tells a known code's place alone.
    """
    await _open_batch(conn, tenant, batch_id)
    for start, part in _parts(hashes):
        taken = await code_store.known(conn, tenant, part)
        for place, code_hash in enumerate(part, start):
            if code_hash in taken:
                raise NameTaken("code", f"codes[{place}]")
    made = await _new_set(conn, tenant, batch_id, CodeSetKind.IMPORTED, len(hashes))
    try:
        await code_store.insert_codes(conn, made.key, hashes)
    except CodeTakenError:  # by somebody who was here at the same time
        raise NameTaken("code", "codes") from None
    await _emit(conn, made, actor, "codes_imported", count=made.count)
    return made


async def put_vanity(
    conn: Connection, tenant: str, *, actor: str, batch_id: str, code_hash: bytes, most: int
) -> CodeSet:
    """The code may be redeemed so often in all, and once by each user.

    Raises NotFound, Refused (WRONG_STATE), and NameTaken if it is another batch's, one of other
    codes, or was voided.
    """
    await _open_batch(conn, tenant, batch_id)
    key = CodeKey(tenant, code_hash)
    known = await code_store.set_of(conn, key)
    if known is None:
        put = await _new_set(conn, tenant, batch_id, CodeSetKind.VANITY, most)
        try:
            await code_store.insert_codes(conn, put.key, [code_hash])
        except CodeTakenError:
            raise Busy("postgres", "the code was put by another request; try again") from None
        await _put_cap(conn, put.key, most)
    elif (known.batch_id, known.kind, known.is_void) != (batch_id, CodeSetKind.VANITY, False):
        raise NameTaken("code", "code")
    else:
        # The limit first: as in redeeming, the set's row is the last to be locked.
        await _put_cap(conn, known.key, most)
        put = await code_store.set_cap(conn, known.key, most)
    await _emit(conn, put, actor, "vanity_code_put", most=most)
    return put


async def void(
    conn: Connection, tenant: str, *, actor: str, code_set_id: str, reason: str
) -> CodeSet:
    """Nobody redeems a code of the set any more once this is committed; raises NotFound."""
    ended = await code_store.void(conn, SetKey(tenant, code_set_id), reason)
    if ended is None:
        raise NotFound("code set", code_set_id)
    await _emit(conn, ended, actor, "codes_voided", reason=reason)
    return ended


async def _open_batch(conn: Connection, tenant: str, batch_id: str) -> Batch:
    """The batch, which gives coupons or may again."""
    batch = await batch_store.get(conn, tenant, batch_id)
    if batch is None:
        raise NotFound("coupon batch", batch_id)
    if batch.state is BatchState.CLOSED:
        raise Refused(
            Reason.WRONG_STATE,
            f"the batch {batch_id!r} is closed",
            metadata={"batch_id": batch_id, "state": batch.state, "allowed": "OPEN, PAUSED"},
        )
    return batch


async def _new_set(
    conn: Connection, tenant: str, batch_id: str, kind: CodeSetKind, count: int
) -> CodeSet:
    return await code_store.insert_set(
        conn, tenant, new_id("cds"), batch_id=batch_id, kind=kind, count=count
    )


async def _put_cap(conn: Connection, key: SetKey, most: int) -> None:
    cap = LimitSpec(cap_of(key.code_set_id), Subject.ACTIVITY, Period.LIFETIME, most)
    await put_limits(conn, key.tenant, [cap], owner=owner_of(key.code_set_id))


async def _emit(conn: Connection, of: CodeSet, actor: str, what: str, **facts: Any) -> None:
    await emit(
        conn,
        tenant=of.tenant,
        subject_kind="coupon_batch",
        subject_id=of.batch_id,
        event_type=f"coupon_batch.{what}",
        actor=actor,
        payload={"code_set_id": of.code_set_id, **facts},
    )


def _parts(hashes: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    return ((start, hashes[start : start + _AT_ONCE]) for start in range(0, len(hashes), _AT_ONCE))

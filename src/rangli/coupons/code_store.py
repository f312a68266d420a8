"""The codes' only SQL; whole batches at a time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from rangli.coupons.code_model import CodeKey, CodeSet, CodeSetKind, SetKey, VanityUse
from rangli.coupons.model import BatchKey
from rangli.storage.columns import columns
from rangli.storage.idempotency import KeyTakenError
from rangli.storage.postgres import Connection, Record
from rangli.storage.turns import in_turns

_SET = """
s.tenant, s.code_set_id, s.batch_id, s.kind, s.count, s.redeemed,
s.void_at IS NOT NULL AS is_void, s.created_at
"""
_INSERT_SET = f"""
INSERT INTO coupon_code_sets AS s (tenant, code_set_id, batch_id, kind, count)
VALUES ($1, $2, $3, $4, $5) RETURNING {_SET}
"""
_GROW = """
UPDATE coupon_code_sets SET count = count + $3
WHERE tenant = $1 AND code_set_id = $2 AND void_at IS NULL
"""
_SET_CAP = f"""
UPDATE coupon_code_sets s SET count = $3 WHERE tenant = $1 AND code_set_id = $2 RETURNING {_SET}
"""
_VOID = f"""
UPDATE coupon_code_sets s
SET void_at = coalesce(void_at, now()), void_reason = coalesce(void_reason, $3)
WHERE tenant = $1 AND code_set_id = $2 RETURNING {_SET}
"""
_GET_SET = f"SELECT {_SET} FROM coupon_code_sets s WHERE tenant = $1 AND code_set_id = $2"
_LIST_SETS = f"""
SELECT {_SET} FROM coupon_code_sets s
WHERE tenant = $1 AND batch_id = $2 AND code_set_id > $3 ORDER BY code_set_id LIMIT $4
"""
_SETS = f"""
SELECT {_SET} FROM unnest($1::text[], $2::text[]) AS k (tenant, code_set_id)
JOIN coupon_code_sets s USING (tenant, code_set_id)
"""
_LEFT = """
SELECT k.tenant, k.batch_id, s.codes
FROM unnest($1::text[], $2::text[]) AS k (tenant, batch_id),
LATERAL (
    SELECT coalesce(sum(s.count - s.redeemed), 0)::bigint AS codes FROM coupon_code_sets s
    WHERE s.tenant = k.tenant AND s.batch_id = k.batch_id
        AND s.kind <> 'VANITY' AND s.void_at IS NULL
) s
"""
# Locked one by one in the order given, which is sorted.
_LOCK_CODES = """
SELECT c.tenant, c.code_hash, c.code_set_id, c.coupon_id IS NOT NULL
FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS k (tenant, code_hash, place),
LATERAL (
    SELECT c.* FROM coupon_codes c
    WHERE c.tenant = k.tenant AND c.code_hash = k.code_hash
    FOR UPDATE
) c
"""
_KNOWN = "SELECT code_hash FROM coupon_codes WHERE tenant = $1 AND code_hash = ANY($2::bytea[])"
_SET_OF = "SELECT code_set_id FROM coupon_codes WHERE tenant = $1 AND code_hash = $2"
_USES = """
SELECT u.tenant, u.code_set_id, u.user_id
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, code_set_id, user_id)
JOIN coupon_code_users u USING (tenant, code_set_id, user_id)
"""
_REDEEM = """
UPDATE coupon_codes c SET user_id = n.user_id, coupon_id = n.coupon_id
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[])
     AS n (tenant, code_hash, user_id, coupon_id)
WHERE (c.tenant, c.code_hash) = (n.tenant, n.code_hash) AND c.coupon_id IS NULL
"""
_LOCK_SETS = """
SELECT count(*)
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (tenant, code_set_id, place),
LATERAL (
    SELECT s.void_at FROM coupon_code_sets s
    WHERE s.tenant = k.tenant AND s.code_set_id = k.code_set_id
    FOR UPDATE
) s
WHERE s.void_at IS NULL
"""
_COUNT = """
UPDATE coupon_code_sets s SET redeemed = s.redeemed + n.more
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (tenant, code_set_id, more)
WHERE (s.tenant, s.code_set_id) = (n.tenant, n.code_set_id)
"""
_SORTED_AT_ONCE = 10_000
_CODE_COLUMNS = ("tenant", "code_hash", "code_set_id")
_USE_COLUMNS = ("tenant", "code_set_id", "user_id", "coupon_id")


class Code(NamedTuple):
    """A code as stored. is_used: it was good for one coupon, which is out."""

    code_set_id: str
    is_used: bool


class CodeTakenError(Exception):
    """One of the codes is known already."""


async def insert_set(
    conn: Connection,
    tenant: str,
    code_set_id: str,
    *,
    batch_id: str,
    kind: CodeSetKind,
    count: int,
) -> CodeSet:
    """A new set."""
    return _set(await conn.fetchrow(_INSERT_SET, tenant, code_set_id, batch_id, kind.value, count))


async def grow(conn: Connection, key: SetKey, more: int) -> bool:
    """Counts so many codes more in the set; False if it was voided."""
    return bool((await conn.execute(_GROW, *key, more)).endswith(" 1"))


async def set_cap(conn: Connection, key: SetKey, most: int) -> CodeSet:
    """The vanity code may be redeemed so often."""
    return _set(await conn.fetchrow(_SET_CAP, *key, most))


async def void(conn: Connection, key: SetKey, reason: str) -> CodeSet | None:
    """Ends the set's codes, if there is such a set; what ended them first stays."""
    row = await conn.fetchrow(_VOID, *key, reason)
    return _set(row) if row else None


async def get_set(conn: Connection, key: SetKey) -> CodeSet | None:
    """The set, if there is one."""
    row = await conn.fetchrow(_GET_SET, *key)
    return _set(row) if row else None


async def list_sets(
    conn: Connection, tenant: str, batch_id: str, *, after: str, size: int
) -> list[CodeSet]:
    """The batch's next sets by id."""
    return [_set(row) for row in await conn.fetch(_LIST_SETS, tenant, batch_id, after, size)]


async def sets(conn: Connection, keys: Collection[SetKey]) -> dict[SetKey, CodeSet]:
    """Those of the sets that there are."""
    rows = await conn.fetch(_SETS, *columns(keys, 2)) if keys else []
    return {found.key: found for found in map(_set, rows)}


async def codes_left(conn: Connection, batches: Collection[BatchKey]) -> dict[BatchKey, int]:
    """How many codes of each batch were made and not redeemed or voided; vanity codes aside."""
    rows = await conn.fetch(_LEFT, *columns(set(batches), 2))
    return {(row[0], row[1]): row[2] for row in rows}


async def insert_codes(conn: Connection, key: SetKey, hashes: Sequence[bytes]) -> None:
    """Adds the codes to the set; CodeTakenError if one is known. Then nothing more can be done."""
    # In order, so that of two who bring the same codes one waits for the other; sorted in parts, as
    # a million take so long that other calls would notice.
    parts = []
    for at in range(0, len(hashes), _SORTED_AT_ONCE):
        parts.append(sorted(hashes[at : at + _SORTED_AT_ONCE]))
        await asyncio.sleep(0)
    rows = ((key.tenant, code_hash, key.code_set_id) for code_hash in heapq.merge(*parts))
    try:
        await conn.copy_records_to_table(
            "coupon_codes", columns=_CODE_COLUMNS, records=in_turns(rows)
        )
    except asyncpg.UniqueViolationError:
        raise CodeTakenError from None


async def known(conn: Connection, tenant: str, hashes: Sequence[bytes]) -> set[bytes]:
    """Those of the codes that there are already."""
    return {row[0] for row in await conn.fetch(_KNOWN, tenant, hashes)}


async def set_of(conn: Connection, key: CodeKey) -> CodeSet | None:
    """The set that has the code, if it is known."""
    code_set_id = await conn.fetchval(_SET_OF, *key)
    return None if code_set_id is None else await get_set(conn, SetKey(key.tenant, code_set_id))


async def locked_codes(conn: Connection, keys: Collection[CodeKey]) -> dict[CodeKey, Code]:
    """Those of the codes that there are, locked in order."""
    rows = await conn.fetch(_LOCK_CODES, *columns(sorted(set(keys)), 2))
    return {CodeKey(row[0], row[1]): Code(row[2], row[3]) for row in rows}


async def vanity_uses(conn: Connection, uses: Collection[VanityUse]) -> set[VanityUse]:
    """Those of the uses that have been made."""
    rows = await conn.fetch(_USES, *columns(uses, 3)) if uses else []
    return {VanityUse(*row) for row in rows}


async def write_redeemed(
    conn: Connection,
    *,
    codes: Mapping[CodeKey, tuple[str, str]],
    uses: Mapping[VanityUse, str],
    counts: Mapping[SetKey, int],
) -> None:
    """What was redeemed; the last thing to be done in its transaction.

    codes: of each locked code, for which user and coupon.  uses: the coupon of each.  counts: how
        many of each set.
    Raises KeyTakenError if a set was voided meanwhile, or a user has just redeemed the same code:
    begin anew.
    """
    if codes:
        rows = [(*key, *redeemed_for) for key, redeemed_for in codes.items()]
        status = await conn.execute(_REDEEM, *columns(rows, 4))
        if status != f"UPDATE {len(rows)}":
            raise RuntimeError(f"of {len(rows)} locked codes others were redeemed: {status}")
    if uses:
        try:
            await conn.copy_records_to_table(
                "coupon_code_users",
                columns=_USE_COLUMNS,
                records=[(*use, coupon_id) for use, coupon_id in sorted(uses.items())],
            )
        except asyncpg.UniqueViolationError:
            raise KeyTakenError from None
    if counts:
        good = await conn.fetchval(_LOCK_SETS, *columns(sorted(counts), 2))
        if good != len(counts):
            raise KeyTakenError
        await conn.execute(_COUNT, *columns(((*key, n) for key, n in counts.items()), 3))


def _set(row: Record | None) -> CodeSet:
    assert row is not None  # the statement returns one
    return CodeSet(**{**row, "kind": CodeSetKind(row["kind"])})

"""The transactional outbox: an event for every effect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rangli.storage.postgres import Connection

_EMIT = """
    INSERT INTO outbox (tenant, subject_kind, subject_id, event_type, actor, payload)
    VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING event_seq
"""
# Numbered in the order given.
_EMIT_ALL = """
    INSERT INTO outbox (tenant, subject_kind, subject_id, event_type, actor, payload)
    SELECT tenant, subject_kind, subject_id, event_type, actor, payload
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
         WITH ORDINALITY
         AS e (tenant, subject_kind, subject_id, event_type, actor, payload, place)
    ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, as `emit` takes it."""

    tenant: str
    subject_kind: str
    subject_id: str
    event_type: str
    actor: str
    payload: Mapping[str, Any]


async def emit(
    conn: Connection,
    *,
    tenant: str,
    subject_kind: str,
    subject_id: str,
    event_type: str,
    actor: str,
    payload: Mapping[str, Any],
) -> int:
    """Write an event in the transaction of `conn`: it exists if and only if the effect does.

    subject_kind, subject_id: what changed; its events keep their order, because whoever changes
        it holds its row's lock, which an earlier statement has taken.
    payload: plain JSON values.

    The event's sequence number. Numbers grow, but may have gaps and become visible out of order;
    readers go by `turn` (see migration 0016).
    """
    event_seq: int = await conn.fetchval(
        _EMIT, tenant, subject_kind, subject_id, event_type, actor, _text(payload)
    )
    return event_seq


async def emit_all(conn: Connection, events: Sequence[Event]) -> None:
    """As `emit` for each, in one statement."""
    rows = [
        (e.tenant, e.subject_kind, e.subject_id, e.event_type, e.actor, _text(e.payload))
        for e in events
    ]
    if rows:
        await conn.execute(_EMIT_ALL, *zip(*rows, strict=True))


def _text(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

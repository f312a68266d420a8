"""The transactional outbox: an event for every effect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rangli.storage.postgres import Connection

_EMIT = """
    INSERT INTO outbox (tenant, subject_kind, subject_id, event_type, actor, payload)
    VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING event_seq
"""


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
        it holds its row's lock.
    payload: plain JSON values.

    The event's sequence number. Numbers grow, but may have gaps and become visible out of order;
    readers bound themselves by `tx_id` (see the migration).
    """
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    event_seq: int = await conn.fetchval(
        _EMIT, tenant, subject_kind, subject_id, event_type, actor, text
    )
    return event_seq

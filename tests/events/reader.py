"""Writers of events, and a reader that pulls them as a transport would."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rangli.core.call import CallContext
from rangli.core.clock import now
from rangli.events import rpc
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection, transaction
from rangli.storage.stores import Stores
from rangli.v1 import event_service_pb2 as pb

TENANT = "shop"


async def write(
    conn: Connection,
    subject_id: str,
    *,
    kind: str = "order",
    tenant: str = TENANT,
    payload: Mapping[str, Any] | None = None,
) -> int:
    """An event in the open transaction; its number."""
    return await emit(
        conn,
        tenant=tenant,
        subject_kind=kind,
        subject_id=subject_id,
        event_type=f"{kind}.happened",
        actor="ada",
        payload=payload or {},
    )


async def written(stores: Stores, *subject_ids: str, **fields: Any) -> None:
    """An event for each, committed."""
    async with transaction(stores.pg) as conn:
        for subject_id in subject_ids:
            await write(conn, subject_id, **fields)


async def many(stores: Stores, count: int, *, kind: str = "order", tenant: str = TENANT) -> None:
    """So many events at once, of subjects named by their numbers."""
    async with transaction(stores.pg) as conn:
        await conn.execute(
            "INSERT INTO outbox (tenant, subject_kind, subject_id, event_type, actor, payload) "
            "SELECT $1, $2, n::text, 'order.happened', 'ada', '{}' FROM generate_series(1, $3) n",
            tenant,
            kind,
            count,
        )


class Reader:
    """Goes on where it stands. Each makes its own service, as another process would."""

    def __init__(self, stores: Stores, tenant: str = TENANT, *, cursor: str = "") -> None:
        (method,) = rpc.expose(stores).methods
        self._handler = method.handler
        self._tenant = tenant
        self.cursor = cursor

    async def pull(self, *, deadline_s: float = 60, **fields: Any) -> pb.PullResponse:
        """The next page; the cursor is moved behind it."""
        fields.setdefault("cursor", self.cursor)
        deadline = time.monotonic() + deadline_s
        call = CallContext(self._tenant, "ada", "rangli.v1.EventService/Pull", now(), deadline)
        answer: pb.PullResponse = await self._handler(call, pb.PullRequest(**fields))
        assert answer.next_cursor
        self.cursor = answer.next_cursor
        return answer

    async def subjects(self, **fields: Any) -> list[str]:
        """Whom the next page's events are about."""
        return [event.subject_id for event in (await self.pull(**fields)).events]

    async def all(self, **fields: Any) -> list[str]:
        """Whom all events there are at once are about, page after page."""
        found: list[str] = []
        more = True
        while more:
            page = await self.pull(**fields)
            found += [event.subject_id for event in page.events]
            more = page.more
        return found

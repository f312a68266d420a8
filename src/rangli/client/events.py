"""What has happened, followed by a cursor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

import grpc

from rangli.client.calls import Methods
from rangli.client.channels import EVENT, Channels
from rangli.client.errors import CallRefused
from rangli.v1 import event_service_pb2 as pb

_ANSWER_S = 5.0
_AGAIN = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)
_PAUSE_S = 0.5


class Events:
    """`rangli.v1.EventService`. Raises CallRefused.

    A consumer works off what comes and remembers how far it is:

        async for page in rangli.events.follow(cursor=cursor):
            for event in page.events:
                ...
            cursor = page.next_cursor  # kept where the work is kept, in one transaction with it

    Who cannot keep both at once sees the last page again after a crash: by `event_seq` it tells
    what it has done.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        self._pull = Methods(channels, EVENT, metadata).unary(
            "Pull", pb.PullRequest, pb.PullResponse
        )

    async def pull(self, request: pb.PullRequest) -> pb.PullResponse:
        """The events after the cursor; with wait_ms it may take that long."""
        return await self._pull(request, timeout_s=request.wait_ms / 1000 + _ANSWER_S)

    async def follow(
        self,
        *,
        cursor: str = "",
        subject_kinds: Iterable[str] = (),
        from_now: bool = False,
        size: int = 100,
        wait_ms: int = 20_000,
        patience_s: float = 60.0,
    ) -> AsyncIterator[pb.PullResponse]:
        """Page after page, for ever; one without events, after `wait_ms`, has a new cursor too.

        cursor: the last page's next_cursor. Without one: from the oldest event, or from_now.
        subject_kinds: only events of these; none for all.
        patience_s: a server that is away is asked again for so long.
        """
        request = pb.PullRequest(
            cursor=cursor,
            subject_kinds=subject_kinds,
            from_now=from_now and not cursor,
            size=size,
            wait_ms=wait_ms,
        )
        heard_at = time.monotonic()
        while True:
            try:
                page = await self.pull(request)
            except CallRefused as refusal:
                if refusal.code not in _AGAIN or time.monotonic() - heard_at > patience_s:
                    raise
                await asyncio.sleep(refusal.retry_after_s or _PAUSE_S)
                continue
            yield page
            heard_at = time.monotonic()
            request.cursor, request.from_now = page.next_cursor, False

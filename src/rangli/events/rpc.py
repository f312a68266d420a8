"""EventService: between its messages and the domain."""

from __future__ import annotations

import binascii
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from rangli.core.call import CallContext, Method, Service
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import RESOURCE
from rangli.events.model import SEQ_MAX, Page, Position, Seen
from rangli.events.service import Events
from rangli.storage.stores import Stores
from rangli.v1 import event_service_pb2 as pb
from rangli.wire.convert import set_timestamp

NAME = "rangli.v1.EventService"

_KINDS_MAX = 50
_SIZE_DEFAULT, _SIZE_MAX = 100, 1_000
_WAIT_MS_MAX = 20_000
# A page that waited to the last moment must still reach its reader.
_ANSWER_S = 0.2
_CURSOR = re.compile(r"e1:(0|[1-9][0-9]{0,18}):(0|[1-9][0-9]{0,18})")
_SAFE_MAX = 2**53 - 1  # a Struct's numbers are floating point


def expose(stores: Stores, *, events: Events | None = None) -> Service:
    """The service on these stores.

    events: which reads them, if its owner wants to end what waits.
    """
    rpc = _Events(events or Events(stores.pg))
    return Service(NAME, (Method("Pull", pb.PullRequest, rpc.pull, deadline_s_max=30.0),))


class _Events:
    def __init__(self, events: Events) -> None:
        self._events = events

    async def pull(self, call: CallContext, request: pb.PullRequest) -> pb.PullResponse:
        size = _bounded(request.size, "size", _SIZE_MAX) or _SIZE_DEFAULT
        wait_s = _bounded(request.wait_ms, "wait_ms", _WAIT_MS_MAX) / 1000
        if request.cursor and request.from_now:
            raise _invalid("from_now", "goes without a cursor")
        page = await self._events.pull(
            call.tenant,
            _position(request.cursor) if request.cursor else None,
            kinds=_kinds(request),
            size=size,
            from_now=request.from_now,
            until=min(time.monotonic() + wait_s, call.deadline - _ANSWER_S),
        )
        return _answer(page)


def _answer(page: Page) -> pb.PullResponse:
    answer = pb.PullResponse(next_cursor=_cursor(page.next), more=page.more)
    for seen in page.events:
        _fill(answer.events.add(), seen)
    return answer


def _fill(event: pb.Event, seen: Seen) -> None:
    event.event_seq = seen.position.event_seq
    event.subject_kind = seen.subject_kind
    event.subject_id = seen.subject_id
    event.event_type = seen.event_type
    event.actor = seen.actor
    event.payload.update(_plain(seen.payload))
    set_timestamp(event.occurred_at, seen.occurred_at)


def _plain(value: Any) -> Any:
    """The value as a Struct can hold it: a number too great to be exact becomes its digits."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if type(value) is int and abs(value) > _SAFE_MAX:
        return str(value)
    return value


def _kinds(request: pb.PullRequest) -> list[str]:
    if len(request.subject_kinds) > _KINDS_MAX:
        raise _invalid("subject_kinds", f"must be at most {_KINDS_MAX}")
    for index, kind in enumerate(request.subject_kinds):
        if not RESOURCE.fullmatch(kind):
            raise _invalid(f"subject_kinds[{index}]", 'must be a kind of subject, such as "order"')
    return sorted(set(request.subject_kinds))


def _bounded(number: int, field: str, most: int) -> int:
    if not 0 <= number <= most:
        raise _invalid(field, f"must be 0 to {most}")
    return number


def _cursor(position: Position) -> str:
    text = f"e1:{position.turn}:{position.event_seq}"
    return urlsafe_b64encode(text.encode()).decode()


def _position(cursor: str) -> Position:
    try:
        text = urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    said = _CURSOR.fullmatch(text)
    position = Position(*map(int, said.groups())) if said else Position(-1, -1)
    # b64decode passes over what is not base64: only what we could have written counts.
    if not 0 <= max(position) <= SEQ_MAX or _cursor(position) != cursor:
        raise _invalid("cursor", "must be a next_cursor of this service")
    return position


def _invalid(field: str, why: str) -> Invalid:
    return Invalid.fields(Violation(field, why))

"""LintActivities: what is published or in preparation, looked at as a whole."""

from __future__ import annotations

import asyncio

from rangli.activities.drafts import prepared, with_drafts
from rangli.activities.feed import CatalogueFeed
from rangli.core.call import KIB, CallContext, Method
from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid, NotFound, Violation
from rangli.core.money import BPS
from rangli.pricing.drafts_rpc import drafts_of
from rangli.pricing.lint import lint
from rangli.pricing.lint.model import OFF_BPS_MAX_DEFAULT, Finding, Look
from rangli.pricing.policy import policy_of
from rangli.storage.postgres import connection
from rangli.storage.stores import Stores
from rangli.v1 import lint_pb2 as pb
from rangli.wire.convert import enum_number, micros_of, set_timestamp
from rangli.wire.names import resource_id_of

_IDS_MAX = 1_000
_CHANNEL_CHARS_MAX = 50


def methods(feed: CatalogueFeed, stores: Stores) -> tuple[Method, ...]:
    """LintActivities."""
    return (
        Method(
            "LintActivities",
            pb.LintActivitiesRequest,
            _Lints(feed, stores).lint,
            limit_bytes=1024 * KIB,
            deadline_s_max=60.0,
        ),
    )


class _Lints:
    def __init__(self, feed: CatalogueFeed, stores: Stores) -> None:
        self._feed = feed
        self._pg = stores.pg
        # One look at a time is as quick as several at once, and leaves more to other calls.
        self._turn = asyncio.Semaphore(1)

    async def lint(
        self, call: CallContext, request: pb.LintActivitiesRequest
    ) -> pb.LintActivitiesResponse:
        wanted = _wanted(request)
        drafts = drafts_of(request.drafts, "drafts")
        at_us = micros_of(request.at, "at") if request.HasField("at") else micros(call.received_at)
        newest = self._feed.catalogue(call.tenant)
        async with connection(self._pg) as conn:
            catalogue = await prepared(conn, newest)
            catalogue = await with_drafts(
                conn, catalogue, drafts, now=call.received_at, path="drafts"
            )
        for activity_id in wanted:
            if activity_id not in catalogue.activities:
                raise NotFound("activity", activity_id)
        spec = catalogue.policy_for(request.channel)
        assert spec is not None  # none was named
        look = Look.at(
            catalogue,
            policy_of(spec),
            at_us,
            wanted=wanted,
            off_bps_max=request.off_bps_max or OFF_BPS_MAX_DEFAULT,
        )
        async with self._turn:
            findings, truncated = await asyncio.to_thread(lint, look)
        return pb.LintActivitiesResponse(
            findings=[_message(finding) for finding in findings],
            catalogue_version=newest.version,
            truncated=truncated,
        )


def _wanted(request: pb.LintActivitiesRequest) -> list[str]:
    if len(request.activity_ids) > _IDS_MAX:
        raise Invalid.fields(Violation("activity_ids", f"at most {_IDS_MAX}"))
    if not 0 <= request.off_bps_max <= BPS:
        raise Invalid.fields(Violation("off_bps_max", f"must be 0 to {BPS}"))
    if len(request.channel) > _CHANNEL_CHARS_MAX:
        raise Invalid.fields(Violation("channel", f"at most {_CHANNEL_CHARS_MAX} characters"))
    return [
        resource_id_of(activity_id, f"activity_ids[{number}]")
        for number, activity_id in enumerate(request.activity_ids)
    ]


def _message(finding: Finding) -> pb.Finding:
    message = pb.Finding(
        kind=enum_number(pb.FindingKind.DESCRIPTOR, finding.kind.name),
        severity=enum_number(pb.Severity.DESCRIPTOR, finding.severity.name),
        activity_ids=finding.activity_ids,
        message=finding.message,
        off_bps=finding.off_bps,
        sku=finding.sku,
    )
    if finding.from_us is not None:
        set_timestamp(message.from_at, instant(finding.from_us))
    if finding.until_us is not None:
        set_timestamp(message.until_at, instant(finding.until_us))
    return message

"""What is wrong, or may go wrong, with activities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rangli.client.calls import Unary
from rangli.client.channels import PRICING, Channels
from rangli.v1.lint_pb2 import Draft, LintActivitiesRequest, LintActivitiesResponse


class Lint:
    """`rangli.v1.PricingService/LintActivities`. Nothing here has an effect."""

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        self._lint: Unary[LintActivitiesRequest, LintActivitiesResponse] = Unary(
            channels,
            f"/{PRICING}/LintActivities",
            LintActivitiesResponse,
            metadata=metadata,
            timeout_s=60.0,
        )

    async def activities(
        self,
        *activity_ids: str,
        drafts: Iterable[Draft] = (),
        at: datetime | None = None,
        off_bps_max: int = 0,
        channel: str = "",
    ) -> LintActivitiesResponse:
        """Findings about these activities, or about all. Raises CallRefused.

        drafts: activities as they would be. at: as of this instant and after; default now.
        off_bps_max: the share of a price that stacks may give away; 0 is the server's default.
        """
        request = LintActivitiesRequest(
            activity_ids=activity_ids, drafts=drafts, off_bps_max=off_bps_max, channel=channel
        )
        if at is not None:
            request.at.FromDatetime(at)
        return await self._lint(request)

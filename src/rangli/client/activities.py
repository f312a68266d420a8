"""Activities: set up, carried through their life, and the entries of their price books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.client.calls import ClientStream, Unary, fresh_request_id, in_messages, repeatable
from rangli.client.channels import ACTIVITY, Channels
from rangli.v1.activity_pb2 import Activity, ActivitySpec, ActivityState
from rangli.v1.activity_service_pb2 import (
    ActivityVerbRequest,
    CreateActivityRequest,
    GetActivityRequest,
    GetPriceEntriesRequest,
    GetPriceEntriesResponse,
    ImportPriceEntriesRequest,
    ImportPriceEntriesResponse,
    ListActivitiesRequest,
    ListActivitiesResponse,
    ListTemplatesRequest,
    ListTemplatesResponse,
    PriceEntry,
    UpdateActivityRequest,
)

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_CALL_S = 10.0
_IMPORT_S = 600.0


class Activities:
    """`rangli.v1.ActivityService`.

    Every change takes an optional `request_id`; without one it gets a fresh one, which makes the
    retries inside that call safe. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        def unary(
            name: str, _request: type[Request], answer: type[Answer]
        ) -> Unary[Request, Answer]:
            return Unary(
                channels, f"/{ACTIVITY}/{name}", answer, metadata=metadata, timeout_s=_CALL_S
            )

        self._templates = unary("ListTemplates", ListTemplatesRequest, ListTemplatesResponse)
        self._create = unary("CreateActivity", CreateActivityRequest, Activity)
        self._update = unary("UpdateActivity", UpdateActivityRequest, Activity)
        self._get = unary("GetActivity", GetActivityRequest, Activity)
        self._list = unary("ListActivities", ListActivitiesRequest, ListActivitiesResponse)
        self._entries = unary("GetPriceEntries", GetPriceEntriesRequest, GetPriceEntriesResponse)
        self._verbs = {
            name: unary(f"{name}Activity", ActivityVerbRequest, Activity)
            for name in (
                "Submit", "Approve", "Reject", "Publish", "Pause", "Resume", "Cancel", "Archive",
            )
        }  # fmt: skip
        self._import: ClientStream[ImportPriceEntriesRequest, ImportPriceEntriesResponse] = (
            ClientStream(
                channels,
                f"/{ACTIVITY}/ImportPriceEntries",
                ImportPriceEntriesResponse,
                metadata=metadata,
                timeout_s=_IMPORT_S,
            )
        )

    async def templates(self) -> ListTemplatesResponse:
        """All that a console needs to draw the forms."""
        return await self._templates(ListTemplatesRequest())

    async def create(
        self, spec: ActivitySpec, *, activity_id: str = "", request_id: str = ""
    ) -> Activity:
        """A new DRAFT; without `activity_id` its name is generated."""
        return await self._create(
            CreateActivityRequest(
                request_id=request_id or fresh_request_id(), activity_id=activity_id, spec=spec
            )
        )

    async def update(
        self,
        activity_id: str,
        spec: ActivitySpec,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """The activity with its spec replaced in the version in preparation."""
        return await self._update(
            UpdateActivityRequest(
                request_id=request_id or fresh_request_id(),
                activity_id=activity_id,
                spec=spec,
                expected_revision=expected_revision,
                reason=reason,
            )
        )

    async def launch(self, spec: ActivitySpec, *, activity_id: str = "") -> Activity:
        """Create, submit, approve and publish in one go: for tests, demos and small teams.

        Not atomic: if a step is refused, the activity stays where it got to.
        """
        activity = await self.create(spec, activity_id=activity_id)
        await self.submit(activity.activity_id)
        await self.approve(activity.activity_id)
        return await self.publish(activity.activity_id)

    async def submit(
        self,
        activity_id: str,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """DRAFT to REVIEWING."""
        return await self._verb("Submit", activity_id, expected_revision, reason, request_id)

    async def approve(
        self,
        activity_id: str,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """REVIEWING to APPROVED."""
        return await self._verb("Approve", activity_id, expected_revision, reason, request_id)

    async def reject(
        self, activity_id: str, *, reason: str, expected_revision: int = 0, request_id: str = ""
    ) -> Activity:
        """REVIEWING or APPROVED to REJECTED."""
        return await self._verb("Reject", activity_id, expected_revision, reason, request_id)

    async def publish(
        self,
        activity_id: str,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """The APPROVED version goes live."""
        return await self._verb("Publish", activity_id, expected_revision, reason, request_id)

    async def pause(
        self,
        activity_id: str,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """SCHEDULED or RUNNING to PAUSED."""
        return await self._verb("Pause", activity_id, expected_revision, reason, request_id)

    async def resume(
        self,
        activity_id: str,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """PAUSED back to SCHEDULED or RUNNING."""
        return await self._verb("Resume", activity_id, expected_revision, reason, request_id)

    async def cancel(
        self, activity_id: str, *, reason: str, expected_revision: int = 0, request_id: str = ""
    ) -> Activity:
        """Anything to CANCELLED, for good."""
        return await self._verb("Cancel", activity_id, expected_revision, reason, request_id)

    async def archive(
        self,
        activity_id: str,
        *,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str = "",
    ) -> Activity:
        """ENDED or CANCELLED to ARCHIVED."""
        return await self._verb("Archive", activity_id, expected_revision, reason, request_id)

    async def get(self, activity_id: str, *, version: int = 0) -> Activity:
        """One activity, with this version's spec or the newest."""
        return await self._get(GetActivityRequest(activity_id=activity_id, version=version))

    async def list(self, *, states: Iterable[ActivityState] = ()) -> AsyncIterator[Activity]:
        """The tenant's activities by id, page after page; by default all but archived ones."""
        request = ListActivitiesRequest(states=states)
        while True:
            page = await self._list(request)
            for activity in page.activities:
                yield activity
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    async def import_price_entries(
        self,
        activity_id: str,
        entries: Iterable[PriceEntry],
        *,
        all_or_nothing: bool = False,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> ImportPriceEntriesResponse:
        """Append entries to a price book; what was taken and which rows are bad.

        A list or tuple is sent again if the server goes away meanwhile; another iterable is not.
        """
        header = ImportPriceEntriesRequest.Header(
            request_id=request_id or fresh_request_id(),
            activity_id=activity_id,
            all_or_nothing=all_or_nothing,
        )

        async def messages() -> AsyncIterator[ImportPriceEntriesRequest]:
            yield ImportPriceEntriesRequest(header=header)
            for chunk in in_messages(entries):
                yield ImportPriceEntriesRequest(entries=chunk)

        return await self._import(messages, repeatable=repeatable(entries), timeout_s=timeout_s)

    async def price_entries(
        self, activity_id: str, skus: Iterable[str], *, at: datetime | None = None
    ) -> GetPriceEntriesResponse:
        """The entries for up to 100 products; with `at`, only those in force then.

        At most the first 10,000 by sku, stores and start; `more` tells whether there are others.
        """
        request = GetPriceEntriesRequest(activity_id=activity_id, skus=skus)
        if at is not None:
            instant = Timestamp()
            instant.FromDatetime(at)
            request.at.CopyFrom(instant)
        return await self._entries(request)

    async def _verb(
        self, name: str, activity_id: str, expected_revision: int, reason: str, request_id: str
    ) -> Activity:
        return await self._verbs[name](
            ActivityVerbRequest(
                request_id=request_id or fresh_request_id(),
                activity_id=activity_id,
                expected_revision=expected_revision,
                reason=reason,
            )
        )

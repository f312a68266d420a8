"""Sets of shoppers, stores and products."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from rangli.client.calls import ClientStream, Unary, fresh_request_id, in_messages, repeatable
from rangli.client.channels import SELECTION, Channels
from rangli.v1.selection_service_pb2 import (
    GetSetRequest,
    ImportSetRequest,
    ImportSetResponse,
    ListSetsRequest,
    ListSetsResponse,
    Set,
    SetKind,
)


class Selection:
    """`rangli.v1.SelectionService`."""

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        self._import_set: ClientStream[ImportSetRequest, ImportSetResponse] = ClientStream(
            channels, f"/{SELECTION}/ImportSet", ImportSetResponse, metadata=metadata, timeout_s=300
        )
        self._get_set: Unary[GetSetRequest, Set] = Unary(
            channels, f"/{SELECTION}/GetSet", Set, metadata=metadata, timeout_s=5
        )
        self._list_sets: Unary[ListSetsRequest, ListSetsResponse] = Unary(
            channels, f"/{SELECTION}/ListSets", ListSetsResponse, metadata=metadata, timeout_s=5
        )

    async def import_set(
        self,
        set_id: str,
        kind: SetKind,
        members: Iterable[str],
        *,
        display_name: str = "",
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> Set:
        """Make `members` the set's next version; the set as it then is.

        A list or tuple is sent again if the server goes away meanwhile; another iterable is not.
        """
        header = ImportSetRequest.Header(
            request_id=request_id or fresh_request_id(),
            set_id=set_id,
            kind=kind,
            display_name=display_name,
        )

        async def messages() -> AsyncIterator[ImportSetRequest]:
            yield ImportSetRequest(header=header)
            for chunk in in_messages(members):
                yield ImportSetRequest(members=chunk)

        answer = await self._import_set(
            messages, repeatable=repeatable(members), timeout_s=timeout_s
        )
        return answer.set

    async def get_set(self, set_id: str) -> Set:
        """The set, without its members."""
        return await self._get_set(GetSetRequest(set_id=set_id))

    async def list_sets(self, *, timeout_s: float | None = None) -> AsyncIterator[Set]:
        """The tenant's sets by id, page after page; timeout_s: of each page."""
        page_token = ""
        while True:
            page = await self._list_sets(ListSetsRequest(page_token=page_token), timeout_s)
            for item in page.sets:
                yield item
            page_token = page.next_page_token
            if not page_token:
                return

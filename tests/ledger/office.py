"""Processes that post, and accounts to post to."""

from __future__ import annotations

import time
from typing import Any

from rangli.core.errors import RangliError
from rangli.ledger import service
from rangli.ledger.service import METHOD, Posting, Transfer
from rangli.storage.batcher import Asked, Batching, Counts
from rangli.storage.stores import Stores
from tests.ledger.desk import Desk


class Office:
    """A process's ledger; not short: it knows the long way only."""

    def __init__(self, stores: Stores, *, short: bool = True) -> None:
        self.batching = Batching(stores.pg)
        self.batcher = self.batching.batcher(
            METHOD,
            service.post_all,
            at_once=service.post_at_once if short else None,
            wait_s=0.02,
        )

    @property
    def counts(self) -> Counts:
        return self.batcher.counts

    async def post(self, key: str, *transfers: Transfer, tenant: str = "t", **facts: Any) -> str:
        """The answer, or the reason of a refusal."""
        posting = Posting(transfers, **facts)
        asked = Asked(tenant, key, repr(posting).encode(), "olga", posting)
        try:
            return (await self.batcher.submit(asked, deadline=time.monotonic() + 60)).decode()
        except RangliError as refusal:
            return refusal.reason


def transfer(desk: Desk, source: str, target: str, amount_minor: int) -> Transfer:
    return Transfer(desk.ids[source], desk.ids[target], amount_minor)

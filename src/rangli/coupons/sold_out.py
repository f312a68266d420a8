"""Batches that have nothing left: one claim asks, the others who come with it are told what it was.

Redis and PostgreSQL have both said that a stock is gone. That is believed for some milliseconds;
then the next claim asks both anew, and whoever comes meanwhile waits for what it learns. What a
claim was answered before is looked up nevertheless, after that.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from rangli.core.errors import Refused
from rangli.counters.filter import Filter
from rangli.counters.model import Want
from rangli.coupons.batch_store import Offer
from rangli.coupons.counting import owner_of
from rangli.coupons.known import KnownBatches
from rangli.coupons.model import BatchKey, Giving
from rangli.coupons.spec import BatchSpec

# So long PostgreSQL's word is believed; and so long before its end somebody asks anew, so that the
# others need not wait.
BELIEVED_S, _EARLY_S = 0.02, 0.008
_KEPT_MAX = 1_000


@dataclass(slots=True)
class _Gone:
    """What was learned of a batch, until when that holds, and who is asking anew."""

    offer: Offer
    stock: Want
    owner: str
    refusal: Refused
    until: float
    asking: asyncio.Event | None = None


class SoldOut:
    """What one process knows of it. A claim that `asks` is followed by `learn` or `forget`."""

    def __init__(self, batches: KnownBatches, filter_: Filter) -> None:
        self._batches = batches
        self._filter = filter_
        self._gone: dict[BatchKey, _Gone] = {}

    async def told(self, one: Giving) -> Refused | None:
        """What the claim is told, unless it was answered before; None: it has to ask."""
        gone = self._gone.get(one.batch)
        if gone is None:
            return None
        if not self._holds(gone):
            if gone.asking is None:
                return None
            await gone.asking.wait()
            learned = self._gone.get(one.batch)
            if learned is None or learned is gone:
                return None
            gone = learned
        elif gone.asking is None and gone.until - time.monotonic() < _EARLY_S:
            return None
        self._filter.counts.sold_out += 1
        return gone.refusal

    def asks(self, one: Giving) -> bool:
        """Whether this claim asks for those who come meanwhile too, whatever was learned before."""
        gone = self._gone.get(one.batch)
        if gone is None or gone.asking is not None:
            return False
        gone.asking = asyncio.Event()
        return True

    def learn(self, one: Giving, stock: Want, refusal: Refused, until: float) -> None:
        """It is gone, which is believed until then, by `time.monotonic()`."""
        self.forget(one)
        offer = self._batches.kept(one.batch)
        if offer is None or not _are_alike(offer.batch.spec):
            return
        if len(self._gone) >= _KEPT_MAX:
            for batch in [key for key, gone in self._gone.items() if gone.asking is None]:
                del self._gone[batch]
        self._gone[one.batch] = _Gone(offer, stock, owner_of(one.batch_id), refusal, until)

    def forget(self, one: Giving) -> None:
        """It may be otherwise: everybody asks for himself."""
        gone = self._gone.pop(one.batch, None)
        if gone is not None and gone.asking is not None:
            gone.asking.set()

    def _holds(self, gone: _Gone) -> bool:
        key = gone.offer.batch.key
        return (
            time.monotonic() < gone.until
            and self._batches.kept(key) is gone.offer
            and self._filter.is_empty(key[0], gone.owner, gone.stock)
        )


def _are_alike(spec: BatchSpec) -> bool:
    """Whether the batch is as open to anybody's claim as to another's."""
    return not (
        spec.channels
        or spec.audience_set_ids
        or spec.needs_admission
        or spec.per_device_max
        or spec.per_phone_max
    )

"""Batches as this process has read them: good for a guess, and read anew before a no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from rangli.coupons import batch_store
from rangli.coupons.batch_store import Offer
from rangli.coupons.gathering import Gatherer
from rangli.coupons.model import BatchKey
from rangli.storage.postgres import Pool, connection

_KEPT_S = 1.0
_KEPT_MAX = 10_000


class _Read(NamedTuple):
    offer: Offer
    read_at: float


class KnownBatches:
    """What one process knows of batches."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: dict[BatchKey, _Read] = {}
        self._reading = Gatherer(self._read)

    async def recent(self, key: BatchKey) -> Offer | None:
        """The batch as it was within the last second; None if there is none."""
        kept = self._kept.get(key)
        if kept is not None and monotonic() - kept.read_at < _KEPT_S:
            return kept.offer
        return await self.fresh(key)

    async def fresh(self, key: BatchKey) -> Offer | None:
        """The batch as it is now, read after this was asked."""
        return await self._reading.ask(key)

    def now(self, offer: Offer) -> datetime:
        """PostgreSQL's clock, by what it was when the offer was read."""
        kept = self._kept.get(offer.batch.key)
        if kept is None or kept.offer is not offer:
            return offer.now
        return offer.now + timedelta(seconds=monotonic() - kept.read_at)

    async def _read(self, keys: Sequence[BatchKey]) -> Mapping[BatchKey, Offer]:
        # Before the answer: what is added to PostgreSQL's clock is rather too much than too little.
        read_at = monotonic()
        async with connection(self._pool) as conn:
            found = await batch_store.offers(conn, keys)
        if len(self._kept) > _KEPT_MAX:
            self._kept.clear()
        for key in keys:
            self._kept.pop(key, None)
        self._kept |= {key: _Read(offer, read_at) for key, offer in found.items()}
        return found

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
    """An offer, read after `asked_at` and before `read_at`, by `time.monotonic()`."""

    offer: Offer
    asked_at: float
    read_at: float


class KnownBatches:
    """What one process knows of batches."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: dict[BatchKey, _Read] = {}
        self._reading = Gatherer(self._read)

    def kept(self, key: BatchKey) -> Offer | None:
        """The batch as it was within the last second; None if it was not read then."""
        kept = self._kept.get(key)
        recent = kept is not None and monotonic() - kept.asked_at < _KEPT_S
        return kept.offer if kept is not None and recent else None

    async def recent(self, key: BatchKey) -> Offer | None:
        """The batch as it was within the last second; None if there is none."""
        return self.kept(key) or await self.fresh(key)

    async def fresh(self, key: BatchKey) -> Offer | None:
        """The batch as it is now, read after this was asked."""
        return await self._reading.ask(key)

    def now(self, offer: Offer) -> datetime:
        """PostgreSQL's clock, or a little later, by what it was when the offer was read."""
        kept = self._kept.get(offer.batch.key)
        if kept is None or kept.offer is not offer:
            return offer.now
        return offer.now + timedelta(seconds=monotonic() - kept.asked_at)

    def past(self, offer: Offer) -> datetime:
        """PostgreSQL's clock, or a little earlier."""
        kept = self._kept.get(offer.batch.key)
        if kept is None or kept.offer is not offer:
            return offer.now
        return offer.now + timedelta(seconds=monotonic() - kept.read_at)

    async def _read(self, keys: Sequence[BatchKey]) -> Mapping[BatchKey, Offer]:
        async with connection(self._pool) as conn:
            asked_at = monotonic()
            found = await batch_store.offers(conn, keys)
        read_at = monotonic()
        if len(self._kept) > _KEPT_MAX:
            self._kept.clear()
        for key in keys:
            self._kept.pop(key, None)
        self._kept |= {key: _Read(offer, asked_at, read_at) for key, offer in found.items()}
        return found

"""What the pools that pay for activities leave to them: nothing changes, fewer shoppers, nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from rangli.activities.live import NEVER_US, LiveActivity
from rangli.activities.spec import ActivitySpec
from rangli.core.clock import micros
from rangli.core.money import BPS
from rangli.funds.model import Level, PoolLevel

# After every instant a cart can be priced at.
_NO_END_US = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Funding:
    """How an activity stands with the pools that pay for it.

    level: the worst of its pools'.
    from_us: paused before that instant; NEVER_US: not paused.
    slowed: from then on only a part of the shoppers has it.
    """

    level: Level
    from_us: int = NEVER_US
    slowed: bool = False

    @property
    def paused_until_us(self) -> int | None:
        """When a pause ends by itself; None: there is none, or it does not."""
        return self.from_us if NEVER_US < self.from_us < _NO_END_US else None


UNLIMITED = Funding(Level.OK)


def funding_of(spec: ActivitySpec, levels: Mapping[str, PoolLevel]) -> Funding:
    """How a spec's shares stand. levels: of pools by id; what is not in it is OK."""
    found = [levels[pool_id] for pool_id in _pools(spec) if pool_id in levels]
    return Funding(
        level=max((pool.level for pool in found), default=Level.OK),
        from_us=max((_from_us(pool) for pool in found), default=NEVER_US),
        slowed=any(pool.level is Level.SLOW for pool in found),
    )


def _pools(spec: ActivitySpec) -> list[str]:
    return [share.pool_id for share in spec.funding if share.pool_id is not None]


def _from_us(pool: PoolLevel) -> int:
    if pool.level is not Level.PAUSED:
        return NEVER_US
    return _NO_END_US if pool.paused_until is None else micros(pool.paused_until)


def limited(
    activities: Iterable[LiveActivity], levels: Mapping[str, PoolLevel]
) -> dict[str, Funding]:
    """The activities that their pools do not leave alone, by id."""
    low = {pool_id: pool for pool_id, pool in levels.items() if pool.level is not Level.OK}
    if not low:
        return {}
    return {
        activity.activity_id: funding_of(activity.spec, low)
        for activity in activities
        if any(pool_id in low for pool_id in _pools(activity.spec))
    }


def has_it_slowed(activity: LiveActivity, user_id: str, line_ids: Iterable[str]) -> bool:
    """Whether the shopper is of the part that has the activity while its funding is SLOW.

    The first 64 bits of the BLAKE2b digest of the activity and the shopper, modulo 10,000, must be
    below its `slow_share_bps`. So it is always the same shoppers, others for another activity, and
    a larger share leaves nobody out who had it. A cart without user_id is told by its line_ids.
    """
    # No id holds a line feed.
    who = ["user", user_id] if user_id else ["cart", *sorted(line_ids)]
    digest = blake2b("\n".join([activity.activity_id, *who]).encode(), digest_size=8).digest()
    return int.from_bytes(digest) % BPS < activity.spec.slow_share_bps

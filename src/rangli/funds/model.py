"""Budget pools, their levels, and how an amount is shared out among funders: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum

from rangli.core.clock import zone
from rangli.core.money import BPS, apportion_largest_remainder

DEPTH_MAX = 8
WARN_BPS_DEFAULT, SLOW_BPS_DEFAULT = 8_000, 9_500
WARN_BPS_MIN = 1_000
# On the way down a level holds until use is this much below its threshold, so that a pool around
# it does not flicker.
HYSTERESIS_BPS = 100
FUNDERS_MAX = 10


class PoolState(StrEnum):
    """FROZEN: nothing new goes out.  CLOSED: for good; what was left went back up."""

    OPEN = "OPEN"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


class Level(IntEnum):
    """How a pool stands: rising as the money goes."""

    OK = 1
    WARN = 2  # tell somebody
    SLOW = 3  # give less
    PAUSED = 4  # give nothing


@dataclass(frozen=True, slots=True)
class PoolLevel:
    """A pool's level. paused_until: of PAUSED, when it goes on by itself; None: not."""

    level: Level
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balances:
    """A pool's money, minor units.

    budget: what it got and did not pass on to its children.  reserved, spent: of it.
    """

    budget_minor: int = 0
    reserved_minor: int = 0
    spent_minor: int = 0

    @property
    def used_minor(self) -> int:
        """Reserved and spent."""
        return self.reserved_minor + self.spent_minor

    @property
    def available_minor(self) -> int:
        """What may still be reserved, or passed on."""
        return self.budget_minor - self.used_minor


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool's row.

    parent_id: None for a root.  depth: of a root 1.
    time_zone: of the business days that `daily_cap_minor` (0: none) is for.
    budget_level: by what is used of the budget.  paused_until: the day's cap is used up until then.
    """

    tenant: str
    pool_id: str
    parent_id: str | None
    depth: int
    display_name: str
    funder: str
    currency: str
    time_zone: str
    warn_bps: int
    slow_bps: int
    daily_cap_minor: int
    state: PoolState
    revision: int
    budget_level: Level
    paused_until: datetime | None
    budget_account_id: int
    spent_account_id: int
    created_at: datetime

    @property
    def standing(self) -> PoolLevel:
        """As it was last announced."""
        is_open = self.state is PoolState.OPEN
        if is_open and self.paused_until is None:
            return PoolLevel(self.budget_level)
        # What the budget or an operator has stopped does not go on with the next day.
        by_itself = is_open and self.budget_level < Level.PAUSED
        return PoolLevel(Level.PAUSED, self.paused_until if by_itself else None)

    @property
    def level(self) -> Level:
        """Of its standing."""
        return self.standing.level

    @property
    def is_paused(self) -> bool:
        """Whether it gives nothing at the moment."""
        return self.level is Level.PAUSED

    def day_of(self, at: datetime) -> date:
        """The pool's business day at that instant."""
        return at.astimezone(zone(self.time_zone)).date()

    def day_after(self, day: date) -> datetime:
        """When the business day after that one begins, UTC."""
        midnight = datetime.combine(day + timedelta(days=1), time(), zone(self.time_zone))
        return midnight.astimezone(UTC)

    def judged(self, balances: Balances, *, today_minor: int, now: datetime) -> Pool:
        """The pool with the levels that these balances, and today's use, give it."""
        resting = 0 < self.daily_cap_minor <= today_minor
        return replace(
            self,
            budget_level=self._budget_level(balances),
            paused_until=self.day_after(self.day_of(now)) if resting else None,
        )

    def _budget_level(self, balances: Balances) -> Level:
        reached = self._reached(balances, 0)
        # From above a level is left only with some distance.
        return max(reached, min(self.budget_level, self._reached(balances, HYSTERESIS_BPS)))

    def _reached(self, balances: Balances, below_bps: int) -> Level:
        used, budget = balances.used_minor * BPS, balances.budget_minor
        for level, bps in (
            (Level.PAUSED, BPS),
            (Level.SLOW, self.slow_bps),
            (Level.WARN, self.warn_bps),
        ):
            if used >= budget * (bps - below_bps):
                return level
        return Level.OK


@dataclass(frozen=True, slots=True)
class Share:
    """What a funder bears of an activity. pool_id: None, it pays without a budget."""

    funder: str
    pool_id: str | None
    share_bps: int


@dataclass(frozen=True, slots=True)
class FundedShare(Share):
    """A share with its accounts: from a budget to what is spent."""

    source_id: int
    target_id: int


@dataclass(frozen=True, slots=True)
class Funding:
    """Who bears an activity's discounts.

    remainder_funder: gets what rounding leaves over; None: the largest remainders do.
    allow_partial: where a budget has too little, less may be given; else nothing is.
    """

    activity_id: str
    version: int
    currency: str
    remainder_funder: str | None
    shares: tuple[FundedShare, ...]
    allow_partial: bool = True

    def split(self, amount_minor: int) -> list[int]:
        """The amount by shares, which sum exactly to it.

        Each funder's share is rounded down; what is left over goes to the one declared, else to
        the largest remainders, ties to the earlier share.
        """
        weights = [share.share_bps for share in self.shares]
        if self.remainder_funder is None:
            return apportion_largest_remainder(amount_minor, weights)
        parts = [amount_minor * weight // BPS for weight in weights]
        parts[self._taker] += amount_minor - sum(parts)
        return parts

    @property
    def _taker(self) -> int:
        return [share.funder for share in self.shares].index(self.remainder_funder or "")

    def largest(self, amount_minor: int, room: Sequence[int | None]) -> int:
        """The largest amount, at most that, of which every share fits its room (None: any).

        Rounding makes shares jump by a unit, so what fits is not simply all below some amount: it
        is searched downwards from the least bound, some ten thousand steps at the very worst.
        """
        for share, most in zip(self.shares, room, strict=True):
            if most is not None:
                # No share is ever less than its exact one rounded down.
                amount_minor = min(amount_minor, ((most + 1) * BPS - 1) // share.share_bps)
        while amount_minor > 0:
            over = max(
                (
                    part - most
                    for part, most in zip(self.split(amount_minor), room, strict=True)
                    if most is not None
                ),
                default=0,
            )
            if over <= 0:
                return amount_minor
            # So many units less lower no share by more than one unit more than that.
            amount_minor -= max(1, over - 1)
        return 0


def next_parts(amount_minor: int, whole: Sequence[int], done: Sequence[int]) -> list[int]:
    """How the next amount of several is shared out, so that all of them together follow `whole`.

    whole: each one's part of everything.  done: of it, what earlier amounts took.
    Parts sum to the amount and never exceed what is left of each; once everything is taken, each
    has taken just its whole. The amount must be at most what is left of all.
    """
    target = apportion_largest_remainder(sum(done) + amount_minor, whole)
    # Largest remainders may give somebody less of more; nothing is taken back for that.
    wanted = [max(0, aim - taken) for aim, taken in zip(target, done, strict=True)]
    return apportion_largest_remainder(amount_minor, wanted)

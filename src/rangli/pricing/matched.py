"""What matching finds: activities that are to act on a cart, and why others are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rangli.activities.live import LiveActivity
from rangli.activities.pricebook import Offered

NO_END = 2**63 - 1
# Where what needs neither credential nor code stands in the request: before everything that does.
NO_PLACE = -1


class WhyNot(StrEnum):
    """Why an activity gave nothing; of several reasons the first in this order is given."""

    UNKNOWN_ACTIVITY = "UNKNOWN_ACTIVITY"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    NO_CREDENTIAL_NEEDED = "NO_CREDENTIAL_NEEDED"
    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    NOT_LIVE = "NOT_LIVE"
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    OTHER_PRICE_BASIS = "OTHER_PRICE_BASIS"
    OTHER_CHANNEL = "OTHER_CHANNEL"
    NOT_IN_AUDIENCE = "NOT_IN_AUDIENCE"
    FUNDS_PAUSED = "FUNDS_PAUSED"
    FUNDS_SLOWED = "FUNDS_SLOWED"
    OTHER_STORE = "OTHER_STORE"
    NO_ELIGIBLE_LINE = "NO_ELIGIBLE_LINE"
    NO_CREDENTIAL = "NO_CREDENTIAL"
    NO_GROUP = "NO_GROUP"
    EXCLUDED = "EXCLUDED"
    CONDITION_NOT_MET = "CONDITION_NOT_MET"
    LIMIT_REACHED = "LIMIT_REACHED"
    CLAMPED = "CLAMPED"
    NO_EFFECT = "NO_EFFECT"
    NOT_CHOSEN = "NOT_CHOSEN"
    BEATEN = "BEATEN"


@dataclass(slots=True)
class Shown:
    """What a shopper presents for an activity: a credential or a public code; or nothing.

    expires_us: until when it is good; NO_END if that is not known.
    place: where it stands in the request, credentials before codes; NO_PLACE of nothing.
    """

    credential_id: str = ""
    code: str = ""
    expires_us: int = NO_END
    place: int = NO_PLACE


NOTHING = Shown()


@dataclass(slots=True)
class Candidate:
    """An activity that is to act on a cart. Numbers are of rows: lines, then deliveries.

    lines: eligible ones, rising.
    lists: for each of the activity's own lists, its lines.
    facts: for each fact that its conditions read: 0 no, 1 unknown, 2 yes.
    offered: price books only: each eligible line's entry.
    """

    activity: LiveActivity
    shown: Shown
    lines: list[int]
    lists: list[list[int]] = field(default_factory=list)
    facts: list[int] = field(default_factory=list)
    offered: list[Offered] | None = None


@dataclass(slots=True)
class NotMatched:
    """An activity that touches the cart, or was presented, and is not to act.

    activity: None if there is none of that name.
    """

    activity_id: str
    shown: Shown
    why: WhyNot
    activity: LiveActivity | None = None

"""What is priced, as the domain sees it. Everything in it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """One product in the cart. None is unknown.

    list_minor: list price of one unit.
    store_id: the line's own or the cart's; "" is unknown.
    floor_minor: what one unit must cost at least.
    outside_minor: taken off the whole line elsewhere.
    other_list_minor: list price of one unit in the other price basis.
    """

    line_id: str
    sku: str
    quantity: int
    list_minor: int
    category_path: str | None
    brand: str | None
    tags: tuple[str, ...]
    store_id: str
    position: int
    floor_minor: int = 0
    outside_minor: int = 0
    other_list_minor: int | None = None


@dataclass(slots=True)
class Delivery:
    """A part of the order that is delivered together. method: "" is unknown.

    other_fee_minor: the fee in the other price basis; None is unknown.
    """

    delivery_id: str
    fee_minor: int
    method: str
    other_fee_minor: int | None = None


@dataclass(slots=True)
class Credential:
    """Proof that the shopper may use an activity, good until `expires_us` if that is given."""

    credential_id: str
    activity_id: str
    expires_us: int | None


@dataclass(slots=True)
class LimitLeft:
    """What limits leave of an activity. None: no such limit.

    closed: lines by id that it may not act on, since limits of products or stores leave nothing.
    """

    amount_minor: int | None
    units: int | None
    uses: int | None
    closed: frozenset[str] = frozenset()


@dataclass(slots=True)
class Cart:
    """A cart to be priced at an instant.

    user_id, store_id, channel: "" is unknown.
    at_us: the instant, in microseconds since 1970.
    explain: tell of everything that touches the cart and gave nothing, and of conditions.
    codes: public codes as typed, each once whatever its letter case.
    facts: by name; what is missing is unknown.
    limits_left: by activity.
    outside_minor: taken off the whole cart elsewhere.
    price_basis: "GROSS", "NET"; "" is unknown.
    policy_id: "": the channel's.
    node_limit: 0: the policy's.
    hints: how many at most.
    snapshot: give what a later refund needs.
    """

    currency: str
    lines: list[Line]
    user_id: str
    user_groups: tuple[str, ...]
    store_id: str
    channel: str
    credentials: list[Credential]
    at_us: int
    explain: bool
    codes: tuple[str, ...] = ()
    all_codes_or_none: bool = False
    deliveries: list[Delivery] = field(default_factory=list)
    facts: Mapping[str, int | str] = field(default_factory=dict)
    limits_left: Mapping[str, LimitLeft] = field(default_factory=dict)
    outside_minor: int = 0
    price_basis: str = ""
    policy_id: str = ""
    node_limit: int = 0
    hints: int = 0
    snapshot: bool = False

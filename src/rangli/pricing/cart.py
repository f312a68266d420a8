"""What is priced, as the domain sees it. Everything in it has been checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Line:
    """One product in the cart. None is unknown.

    list_minor: list price of one unit.
    store_id: the line's own or the cart's; "" is unknown.
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


@dataclass(slots=True)
class Credential:
    """Proof that the shopper may use an activity, good until `expires_us` if that is given."""

    credential_id: str
    activity_id: str
    expires_us: int | None


@dataclass(slots=True)
class Cart:
    """A cart to be priced at an instant.

    user_id, store_id, channel: "" is unknown.
    at_us: the instant, in microseconds since 1970.
    explain: tell of everything that touches the cart and gave nothing.
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

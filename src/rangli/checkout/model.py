"""Orders: what is asked of them, what is kept of them, and where they are in their lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from rangli.core.errors import Invalid, Reason, Refused, Violation
from rangli.counters.model import Counted, Want
from rangli.funds.wanted import ReserveItem
from rangli.wallet.model import AskedTender

TTL_S_DEFAULT = 900
TTL_S_MAX = 7 * 86_400
TENDERS_MAX = 5
SHIPMENTS_MAX = 200
REFUNDS_MAX = 1_000


class OrderState(StrEnum):
    """Where an order is in its life; what is RESERVED past its time is shown as EXPIRED."""

    RESERVED = "RESERVED"
    PARTLY_COMMITTED = "PARTLY_COMMITTED"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    REFUNDED = "REFUNDED"


class OrderKey(NamedTuple):
    """One order; in the order in which they are locked."""

    tenant: str
    order_id: str


@dataclass(frozen=True, slots=True)
class Units:
    """Some units of an order.

    lines: units by line_id.  gifts: units by sku.  delivery_ids: delivery groups, sorted.
    Nothing is there with 0 units.
    """

    lines: Mapping[str, int] = field(default_factory=dict)
    gifts: Mapping[str, int] = field(default_factory=dict)
    delivery_ids: tuple[str, ...] = ()

    def check_among(self, left: Units, path: str) -> None:
        """Raises Invalid if these are not among those that are left. path: of the message."""
        found = [
            (f"{path}lines", name, asked, where.get(name, 0))
            for units, where in ((self.lines, left.lines), (self.gifts, left.gifts))
            for name, asked in units.items()
        ] + [
            (f"{path}delivery_ids", name, 1, int(name in left.delivery_ids))
            for name in self.delivery_ids
        ]
        wrong = [
            Violation(field, f"of {name!r} {there} is left, not {asked}")
            for field, name, asked, there in found
            if asked > there
        ]
        if wrong:
            raise Invalid.fields(*wrong)

    def __bool__(self) -> bool:
        return bool(self.lines or self.gifts or self.delivery_ids)

    def __add__(self, other: Units) -> Units:
        return Units(
            _sum(self.lines, other.lines, 1),
            _sum(self.gifts, other.gifts, 1),
            tuple(sorted({*self.delivery_ids, *other.delivery_ids})),
        )

    def __sub__(self, other: Units) -> Units:
        """What is left without the others, which must be among these."""
        return Units(
            _sum(self.lines, other.lines, -1),
            _sum(self.gifts, other.gifts, -1),
            tuple(sorted({*self.delivery_ids} - {*other.delivery_ids})),
        )


@dataclass(frozen=True, slots=True)
class Shipment:
    """What was committed at once.  shipment_id: the request_id of its commit."""

    shipment_id: str
    units: Units
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """What was refunded at once.  refund_id: the request_id."""

    refund_id: str
    units: Units
    refund_minor: int
    refunded_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """An order as stored, without its snapshot.

    is_tombstone: it was released before it was ever reserved.
    units: all that it is for.
    coupon_ids: that it has locked, or used; once it has ended: had.
    wants: what it counts.  counted: what it counts at the moment, and in which periods.
    fund_reservation_id, wallet_reservation_id: None: nothing is borne by budgets, paid by a wallet.
    external_paid_minor: what was paid elsewhere for what is committed.
    rest_released: what was not committed never will be.
    """

    tenant: str
    order_id: str
    user_id: str
    state: OrderState
    currency: str
    list_minor: int
    discount_minor: int
    payable_minor: int
    catalogue_version: int
    units: Units
    coupon_ids: tuple[str, ...]
    wants: tuple[Want, ...]
    counted: tuple[Counted, ...]
    fund_reservation_id: str | None
    wallet_reservation_id: str | None
    tenders: tuple[AskedTender, ...]
    expires_at: datetime
    created_at: datetime
    is_tombstone: bool = False
    refunded_minor: int = 0
    external_paid_minor: int = 0
    external_refunded_minor: int = 0
    rest_released: bool = False
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[OrderRefund, ...] = ()
    revision: int = 1

    @property
    def key(self) -> OrderKey:
        """Which it is."""
        return OrderKey(self.tenant, self.order_id)

    @property
    def external_minor(self) -> int:
        """What of it is paid elsewhere than from the wallet."""
        return self.payable_minor - sum(tender.pays_minor for tender in self.tenders)

    @property
    def committed(self) -> Units:
        """All units that were committed."""
        return sum((one.units for one in self.shipments), Units())

    @property
    def returned(self) -> Units:
        """All units that came back."""
        return sum((one.units for one in self.refunds), Units())

    def state_at(self, now: datetime) -> OrderState:
        """What others are told: EXPIRED once its time has passed, whether it was swept or not."""
        if self.state is OrderState.RESERVED and self.expires_at <= now:
            return OrderState.EXPIRED
        return self.state

    def refuse_state(self, now: datetime, *allowed: OrderState) -> Refused:
        """ORDER_STATE, as it is at that instant."""
        state = self.state_at(now)
        return Refused(
            Reason.ORDER_STATE,
            f"the order {self.order_id!r} is {state}",
            metadata={
                "order_id": self.order_id,
                "state": state,
                "allowed": ",".join(allowed),
            },
        )


@dataclass(frozen=True, slots=True)
class Priced:
    """A cart that was evaluated, as far as a transaction needs it.

    coupon_ids: that it uses.  wants: what is counted, sorted.  items: what budgets bear.
    snapshot: a serialised QuoteSnapshot.
    """

    user_id: str
    currency: str
    list_minor: int
    discount_minor: int
    payable_minor: int
    catalogue_version: int
    units: Units
    coupon_ids: tuple[str, ...]
    wants: tuple[Want, ...]
    items: tuple[ReserveItem, ...]
    snapshot: bytes


@dataclass(frozen=True, slots=True)
class ReserveOrder:
    """To set aside all that a priced cart needs.  tenders: fitted to its price."""

    order_id: str
    priced: Priced
    tenders: tuple[AskedTender, ...]
    ttl_s: int


@dataclass(frozen=True, slots=True)
class AmendOrder(ReserveOrder):
    """To exchange what an order has set aside.  expected_revision: 0: any."""

    expected_revision: int = 0


@dataclass(frozen=True, slots=True)
class CommitOrder:
    """It is paid.

    units: of a shipment; None: all that is left.
    final: the rest is given back.  late: also if it has expired.  occurred_at: the value date;
    None: now.
    """

    order_id: str
    units: Units | None
    final: bool
    late: bool
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """To give back what was not committed."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Units that came back.

    units: None: all that is not returned yet.  expected_minor: None: any amount.
    extend_s: None: what goes back to an expired lot expires again.
    """

    order_id: str
    units: Units | None
    expected_minor: int | None
    reason: str
    extend_s: int | None = None


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order at one moment."""

    order: Order
    now: datetime


def _sum(one: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    sums = dict(one)
    for name, units in other.items():
        sums[name] = sums.get(name, 0) + sign * units
    return {name: units for name, units in sums.items() if units}

"""Paid orders: all of one or a shipment, in time or late. A batch, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from rangli.checkout import books as desk
from rangli.checkout import shares
from rangli.checkout.books import Books, coupons_of
from rangli.checkout.model import (
    SHIPMENTS_MAX,
    CommitOrder,
    Order,
    OrderKey,
    OrderSeen,
    OrderState,
    Shipment,
)
from rangli.checkout.orders import cause_of, decided, known, release_rest
from rangli.checkout.snapshots import Snapshots
from rangli.core.errors import Invalid, RangliError, Reason, Refused, Violation
from rangli.counters.model import Counted, Want
from rangli.coupons.model import CouponKey, CouponState
from rangli.funds.wanted import AmountItem, Spend
from rangli.ledger.model import Cause
from rangli.pricing.refunds.model import Order as Paid
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.wallet.model import Capture, TenderAmount

_OPEN = (OrderState.RESERVED, OrderState.PARTLY_COMMITTED)


async def commit(
    conn: Connection, asked: Sequence[Asked[CommitOrder]], *, snapshots: Snapshots
) -> list[OrderSeen | RangliError]:
    """Takes for good what each order, or a shipment of it, has set aside.

    What comes late and was given back is taken anew: the coupons whatever their time, the counts in
    the periods that run now, budget and tender out of what is there now.
    """
    keys = {OrderKey(one.tenant, one.body.order_id) for one in asked}
    late = {OrderKey(one.tenant, one.body.order_id) for one in asked if one.body.late}
    books = await desk.lock(conn, orders=keys, late=late)
    parts = {OrderKey(one.tenant, one.body.order_id) for one in asked if one.body.units}
    paid = await snapshots.paid(conn, parts)

    def decide(one: Asked[CommitOrder]) -> OrderSeen:
        was = known(books, one.tenant, one.body.order_id)
        _check_state(books, was, one.body)
        order = books.attempt(was, lambda: _committed(books, was, one, paid))
        books.put(order, was)
        books.tell(order, "committed", one.actor, shipment_id=one.request_id)
        return OrderSeen(order, books.now)

    return await decided(conn, books, decide, asked)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is committed at once.

    items: what budgets spend, None: all that is left; amounts: what the wallet pays, likewise.
    """

    shipment: Shipment
    items: tuple[AmountItem, ...] | None
    amounts: tuple[TenderAmount, ...] | None
    external_minor: int
    is_last: bool


def _check_state(books: Books, was: Order, body: CommitOrder) -> None:
    late = (OrderState.EXPIRED,) if body.late else ()
    if was.state_at(books.now) not in (*_OPEN, *late):
        raise was.refuse_state(books.now, *_OPEN, *late)
    # Of one that is partly committed, budget and tender have lapsed by themselves.
    if was.expires_at <= books.now and not body.late:
        expired = replace(was, state=OrderState.EXPIRED)
        raise expired.refuse_state(books.now, *_OPEN)
    if body.units is not None and len(was.shipments) >= SHIPMENTS_MAX:
        words = f"at most {SHIPMENTS_MAX} shipments before the one with all that is left"
        raise Invalid.fields(Violation("lines", words))


def _committed(
    books: Books, was: Order, one: Asked[CommitOrder], paid: Mapping[OrderKey, Paid]
) -> Order:
    """The order after this; each domain that refuses something late is named."""
    body, tenant = one.body, one.tenant
    part = _part(books, was, one, paid.get(was.key))
    gone: list[str] = []

    def take(what: str, taking: Callable[[], None]) -> None:
        try:
            taking()
        except RangliError:
            if not body.late:
                raise
            gone.append(what)

    counted: list[Counted] = list(was.counted)
    if was.state is not OrderState.PARTLY_COMMITTED:
        for key in coupons_of(was):
            take(f"coupon/{key.coupon_id}", partial(_use, books, was, key))
        if was.state is OrderState.EXPIRED:
            for want in was.wants:
                take(f"limit/{want.limit_id}", partial(_count, books, tenant, want, counted))
    final = body.final or part.is_last
    take("tender", lambda: _pay(books, was, part, one, final=final))
    take("budget", lambda: _spend(books, was, part, one, final=final))
    if gone:
        raise Refused(
            Reason.ORDER_GONE,
            f"the order had expired, and of what it held is gone: {', '.join(gone)}",
            metadata={"order_id": was.order_id, "gone": ",".join(gone)},
        )
    if final:
        release_rest(books, was, one, "CommitOrder", reason="final")
    return replace(
        was,
        state=OrderState.COMMITTED if final else OrderState.PARTLY_COMMITTED,
        counted=tuple(counted),
        external_paid_minor=was.external_paid_minor + part.external_minor,
        rest_released=final and not part.is_last,
        shipments=(*was.shipments, part.shipment),
        revision=was.revision + 1,
    )


def _part(books: Books, was: Order, one: Asked[CommitOrder], paid: Paid | None) -> _Part:
    """What the request commits. Raises Invalid."""
    left = was.units - was.committed
    units = one.body.units
    if units is None or paid is None:
        return _Part(
            Shipment(one.request_id, left, books.now),
            items=None,
            amounts=None,
            external_minor=was.external_minor - was.external_paid_minor,
            is_last=True,
        )
    units.check_among(left, "")
    shipment = Shipment(one.request_id, units, books.now)
    before = shares.borne(paid, was.committed)
    after = shares.borne(paid, was.committed + units)
    discounts = {
        name: minor - before.discounts.get(name, 0) for name, minor in after.discounts.items()
    }
    captured: Sequence[int] = ()
    if was.wallet_reservation_id is not None:
        reservation, _ = books.tender.known(was.tenant, was.wallet_reservation_id)
        captured = [tender.captured for tender in books.tender.now(reservation).tenders]
    amounts, external = shares.next_tender(
        was.tenders,
        captured,
        external_minor=was.external_minor,
        external_paid_minor=was.external_paid_minor,
        due_minor=after.payable_minor,
        payable_minor=was.payable_minor,
    )
    return _Part(
        shipment,
        tuple(AmountItem("", name, minor) for name, minor in discounts.items() if minor),
        tuple(
            TenderAmount(tender.kind, tender.unit, amount)
            for tender, amount in zip(was.tenders, amounts, strict=True)
            if amount
        ),
        external,
        is_last=not left - units,
    )


def _count(books: Books, tenant: str, want: Want, counted: list[Counted]) -> None:
    counted += books.count(tenant, [want])


def _use(books: Books, was: Order, key: CouponKey) -> None:
    """Uses a coupon that the order has, or takes again, whatever its time, what it had let go."""
    if books.coupons.get(key).state is not CouponState.LOCKED:
        books.coupons.lock(key, was.order_id, late=True)
    books.coupons.use(key, was.order_id)


def _pay(books: Books, was: Order, part: _Part, one: Asked[CommitOrder], *, final: bool) -> None:
    """Takes the tender of a part, if there is any."""
    if was.wallet_reservation_id is None or part.amounts == ():
        return
    _, hold = books.tender.known(was.tenant, was.wallet_reservation_id)
    if part.amounts is None and not any(leg.held_minor - leg.captured_minor for leg in hold.legs):
        return  # all of it was taken with the first units
    wanted = Capture(was.wallet_reservation_id, part.amounts or (), final, one.body.late)
    cause = _cause(books, one, "tender")
    books.tender.capture(was.tenant, wanted, cause, actor=one.actor)


def _spend(books: Books, was: Order, part: _Part, one: Asked[CommitOrder], *, final: bool) -> None:
    """Spends the budget of a part, if it bears any."""
    if was.fund_reservation_id is None or part.items == ():
        return
    hold = books.funds.ledger.holds[was.tenant, was.fund_reservation_id]
    if part.items is None and not any(leg.held_minor - leg.captured_minor for leg in hold.legs):
        return
    wanted = Spend(
        was.fund_reservation_id,
        part.items or (),
        final=final,
        late=one.body.late,
        occurred_at=one.body.occurred_at,
    )
    books.funds.spend(was.tenant, wanted, _cause(books, one, "budget"), actor=one.actor)


def _cause(books: Books, one: Asked[CommitOrder], what: str) -> Cause:
    cause = cause_of(one, f"CommitOrder/{what}")
    return cause._replace(occurred_at=one.body.occurred_at or books.now)

"""Units that came back: what is paid back, and to whom. A batch, in one transaction.

What is refunded is what was paid less what was refunded before and less what is due for what the
shopper keeps, by the snapshot: so it does not matter in which returns the units came, refunds never
exceed what was paid, and all of them together are just that. What will never be committed is kept
by nobody; what is still to come counts as kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rangli.checkout import books as desk
from rangli.checkout import shares, store
from rangli.checkout.books import Books
from rangli.checkout.model import (
    REFUNDS_MAX,
    Order,
    OrderKey,
    OrderRefund,
    OrderSeen,
    OrderState,
    RefundOrder,
    Units,
)
from rangli.checkout.orders import cause_of, known
from rangli.checkout.snapshots import Snapshots
from rangli.core.errors import Invalid, RangliError, Reason, Refused, Violation
from rangli.coupons.model import CouponKey
from rangli.funds.wanted import AmountItem, FunderPart
from rangli.funds.wanted import Refund as RefundFunds
from rangli.pricing.refunds.model import Order as Paid
from rangli.pricing.refunds.settlement import Refund, refunds, takes_long
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.wallet import extending
from rangli.wallet.extending import Onward
from rangli.wallet.model import Refund as RefundTender
from rangli.wallet.model import TenderBack
from rangli.wallet.refunds import give_back
from rangli.wallet.tender import worth_minor

_REFUNDABLE = (OrderState.PARTLY_COMMITTED, OrderState.COMMITTED)


@dataclass(frozen=True, slots=True)
class OrderRefunded:
    """What a refund did.

    paid, refund: what was paid, and what the return changes of it, before what was paid bounds it.
    owed_minor: what the shopper would owe; kept_payable_minor: what is then paid for what is kept.
    tenders: what went back to the wallet.  external_minor: to be paid back outside.
    returned_coupon_ids: that can be used again.
    """

    seen: OrderSeen
    paid: Paid
    refund: Refund
    refund_minor: int
    kept_payable_minor: int
    owed_minor: int
    tenders: tuple[TenderBack, ...]
    external_minor: int
    returned_coupon_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Due:
    """What a return comes to. payable_minor: what is paid in the end, without refunds."""

    units: Units
    refund: Refund
    refund_minor: int
    payable_minor: int


async def refund(
    conn: Connection, asked: Sequence[Asked[RefundOrder]], *, snapshots: Snapshots
) -> list[OrderRefunded | RangliError]:
    """Pays back what each return comes to, and gives back what nothing is left of."""
    verdicts, books = await _decided(conn, asked, snapshots)
    await desk.write(conn, books)
    return verdicts


async def preview(
    conn: Connection, asked: Asked[RefundOrder], *, snapshots: Snapshots
) -> OrderRefunded:
    """What `refund` would do; the transaction should be rolled back. Raises what it refuses."""
    (verdict,), _ = await _decided(conn, [asked], snapshots)
    if isinstance(verdict, RangliError):
        raise verdict
    return verdict


async def _decided(
    conn: Connection, asked: Sequence[Asked[RefundOrder]], snapshots: Snapshots
) -> tuple[list[OrderRefunded | RangliError], Books]:
    keys = {OrderKey(one.tenant, one.body.order_id) for one in asked}
    extended = await _extended(conn, asked)
    books = await desk.lock(conn, orders=keys, accounts=extending.accounts_of(extended))
    paid = await snapshots.paid(conn, keys)
    verdicts: list[OrderRefunded | RangliError] = []
    for one, onward in zip(asked, extended, strict=True):
        try:
            verdicts.append(await _refunded(books, one, paid, snapshots, onward))
        except RangliError as refusal:
            verdicts.append(refusal)
    return verdicts, books


async def _extended(conn: Connection, asked: Sequence[Asked[RefundOrder]]) -> list[Onward]:
    """For each refund the lots into which what has expired moves on."""
    keys = [OrderKey(one.tenant, one.body.order_id) for one in asked]
    keeping = {key for key, one in zip(keys, asked, strict=True) if one.body.extend_s is not None}
    wallets = await store.wallets(conn, keeping) if keeping else {}
    return await extending.opened(
        conn,
        [
            ((key.tenant, wallets.get(key, "")), one.body.extend_s if key in wallets else None)
            for key, one in zip(keys, asked, strict=True)
        ],
    )


async def _refunded(
    books: Books,
    one: Asked[RefundOrder],
    paid_orders: Mapping[OrderKey, Paid],
    snapshots: Snapshots,
    onward: Onward,
) -> OrderRefunded:
    was = known(books, one.tenant, one.body.order_id)
    if was.state not in _REFUNDABLE:
        raise was.refuse_state(books.now, *_REFUNDABLE)
    paid = paid_orders[was.key]
    due = await _due(books, was, one.body, paid, snapshots)
    if one.body.expected_minor not in (None, due.refund_minor):
        raise Refused(
            Reason.PRICE_CHANGED,
            f"{due.refund_minor} is due, not {one.body.expected_minor}",
            metadata={
                "payable_minor": due.refund_minor,
                "expected_payable_minor": one.body.expected_minor,
            },
        )
    done = books.attempt(was, lambda: _paid_back(books, was, one, paid, due=due, onward=onward))
    order = books.put(done.seen.order, was)
    books.tell(
        order,
        "refunded",
        one.actor,
        refund_id=one.request_id,
        refund_minor=due.refund_minor,
        refunded_minor=order.refunded_minor,
        returned_coupon_ids=list(done.returned_coupon_ids),
        reason=one.body.reason,
    )
    return done


async def _due(
    books: Books, was: Order, body: RefundOrder, paid: Paid, snapshots: Snapshots
) -> _Due:
    """What the return comes to. Raises Invalid."""
    left = was.committed - was.returned
    units = left if body.units is None else body.units
    # Where all came back before the rest was given up, what was due for the rest still is.
    settles = body.units is None and was.state is OrderState.COMMITTED
    if not (units or settles):
        raise Invalid.fields(Violation("returned", "nothing of what was committed is left"))
    units.check_among(left, "returned.")
    if body.units is not None and len(was.refunds) >= REFUNDS_MAX:
        words = f"at most {REFUNDS_MAX} refunds of an order before the one of all that is left"
        raise Invalid.fields(Violation("returned", words))
    in_all = was.units if was.state is OrderState.PARTLY_COMMITTED else was.committed
    before = was.units - (in_all - was.returned)
    returns = [shares.returned(paid, each) for each in (before, units) if each]
    if takes_long(paid, returns):
        *_, last = await snapshots.threads.run(lambda: list(refunds(paid, returns)))
    else:
        *_, last = refunds(paid, returns)
    captured = _captured_minor(books, was)
    payable = was.payable_minor if was.state is OrderState.PARTLY_COMMITTED else captured
    open_minor = payable - was.refunded_minor - last.after.due_minor
    return _Due(units, last, max(0, min(open_minor, captured - was.refunded_minor)), payable)


def _captured_minor(books: Books, was: Order) -> int:
    """What was paid so far: by the wallet and elsewhere."""
    sums = was.external_paid_minor
    if was.wallet_reservation_id is not None:
        reservation, _ = books.tender.known(was.tenant, was.wallet_reservation_id)
        for seen in books.tender.now(reservation).tenders:
            sums += worth_minor(
                seen.captured, amount=seen.tender.amount, pays_minor=seen.tender.pays_minor
            )
    return sums


def _paid_back(
    books: Books, was: Order, one: Asked[RefundOrder], paid: Paid, *, due: _Due, onward: Onward
) -> OrderRefunded:
    cause = cause_of(one, "RefundOrder/tender")
    _refund_budgets(books, was, one, shares.borne_by_funder(paid, due.refund))
    tenders: tuple[TenderBack, ...] = ()
    external_minor = due.refund_minor
    if was.wallet_reservation_id is not None and due.refund_minor:
        wanted = RefundTender(
            was.wallet_reservation_id, due.refund_minor, (), 0, one.body.extend_s, one.body.reason
        )
        back = give_back(
            books.tender,
            was.tenant,
            wanted,
            cause,
            actor=one.actor,
            onward=onward,
            external_paid_minor=was.external_paid_minor,
        )
        tenders, external_minor = back.tenders, back.external_minor
    ended, coupon_ids = shares.ended(paid, due.refund)
    returned_coupons = [
        coupon_id
        for coupon_id in was.coupon_ids
        if coupon_id in coupon_ids and _return_coupon(books, was, coupon_id)
    ]
    back_counted = [one for one in was.counted if _activity_of(one.limit_id) in ended]
    books.give_back(was.tenant, back_counted)
    refunded = OrderRefund(one.request_id, due.units, due.refund_minor, books.now)
    order = replace(
        was,
        counted=tuple(each for each in was.counted if each not in back_counted),
        refunded_minor=was.refunded_minor + due.refund_minor,
        external_refunded_minor=was.external_refunded_minor + external_minor,
        refunds=(*was.refunds, refunded),
        revision=was.revision + 1,
    )
    if order.state is OrderState.COMMITTED and not order.committed - order.returned:
        order = replace(order, state=OrderState.REFUNDED)
    kept_minor = due.payable_minor - order.refunded_minor
    return OrderRefunded(
        OrderSeen(order, books.now),
        paid,
        due.refund,
        due.refund_minor,
        kept_minor,
        max(0, due.refund.after.due_minor - kept_minor),
        tenders,
        external_minor,
        tuple(returned_coupons),
    )


def _refund_budgets(
    books: Books,
    was: Order,
    one: Asked[RefundOrder],
    borne: Mapping[str, Mapping[str, int]],
) -> None:
    """Gives each funder back what it bears no more. borne: what it bears of what is kept."""
    if was.fund_reservation_id is None:
        return
    reservation = books.funds.reservations[was.tenant, was.fund_reservation_id]
    hold = books.funds.ledger.holds[was.tenant, was.fund_reservation_id]
    is_open = was.state is OrderState.PARTLY_COMMITTED
    parts: dict[str, list[FunderPart]] = {}
    for part, leg in zip(reservation.parts, hold.legs, strict=True):
        # What is still to be shipped will be spent.
        in_all = leg.held_minor if is_open else leg.captured_minor
        kept = borne.get(part.activity_id, {}).get(part.funder, 0)
        spent = leg.captured_minor - leg.returned_minor
        minor = max(0, min(in_all - leg.returned_minor - kept, spent))
        if minor:
            parts.setdefault(part.activity_id, []).append(FunderPart("", part.funder, minor))
    if parts:
        items = tuple(
            AmountItem("", name, sum(each.amount_minor for each in of), tuple(of))
            for name, of in parts.items()
        )
        wanted = RefundFunds(was.fund_reservation_id, items)
        cause = cause_of(one, "RefundOrder/budget")._replace(occurred_at=books.now)
        books.funds.refund(was.tenant, wanted, cause, actor=one.actor)


def _return_coupon(books: Books, was: Order, coupon_id: str) -> bool:
    """Whether the coupon can be used again; one that came back before is no longer the order's."""
    key = CouponKey(was.tenant, was.user_id, coupon_id)
    coupon = books.coupons.coupons.get(key)
    if coupon is None or coupon.order_id != was.order_id:
        return False
    return books.coupons.give_back(key, was.order_id)


def _activity_of(limit_id: str) -> str:
    """Of a limit "activity/<activity_id>/<name>"."""
    return limit_id.split("/")[1]

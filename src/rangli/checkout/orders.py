"""What orders set aside and give back: reserved, amended, released. Batches, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from rangli.checkout import books as desk
from rangli.checkout.books import Books, coupons_of, tender_of
from rangli.checkout.model import (
    AmendOrder,
    Order,
    OrderKey,
    OrderSeen,
    OrderState,
    ReleaseOrder,
    ReserveOrder,
    Units,
)
from rangli.core.clock import EPOCH
from rangli.core.errors import (
    Conflict,
    Invalid,
    NameTaken,
    NotFound,
    RangliError,
    Reason,
    Violation,
)
from rangli.coupons.model import CouponKey
from rangli.funds.wanted import Release as ReleaseFunds
from rangli.funds.wanted import Reserve as ReserveFunds
from rangli.ledger.model import Cause
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.wallet.model import Release as ReleaseTender

METHOD = "rangli.v1.CheckoutService/"

Done = TypeVar("Done")


async def reserve(
    conn: Connection, asked: Sequence[Asked[ReserveOrder]]
) -> list[OrderSeen | RangliError]:
    """Takes all that each cart needs, or nothing of it."""
    books = await desk.lock(conn, reserves=[(one.tenant, one.body) for one in asked])

    def decide(one: Asked[ReserveOrder]) -> OrderSeen:
        order_id = one.body.order_id
        was = books.orders.get(OrderKey(one.tenant, order_id))
        if was is not None and was.is_tombstone:
            raise was.refuse_state(books.now)
        if was is not None:
            raise NameTaken("order", order_id)
        order = books.attempt(None, lambda: _taken(books, one, one.body, "ReserveOrder"))
        books.add(order, one.body.priced.snapshot)
        _tell_reserved(books, order, "reserved", one.actor)
        return OrderSeen(order, books.now)

    return await decided(conn, books, decide, asked)


async def amend(
    conn: Connection, asked: Sequence[Asked[AmendOrder]]
) -> list[OrderSeen | RangliError]:
    """Exchanges what each order has, all or nothing; its own may be taken again."""
    books = await desk.lock(conn, reserves=[(one.tenant, one.body) for one in asked])

    def decide(one: Asked[AmendOrder]) -> OrderSeen:
        was = known(books, one.tenant, one.body.order_id)
        _check_amendable(books, was, one.body)
        order = books.attempt(was, lambda: _exchanged(books, was, one))
        books.put(order, was, snapshot=one.body.priced.snapshot)
        _tell_reserved(books, order, "amended", one.actor)
        return OrderSeen(order, books.now)

    return await decided(conn, books, decide, asked)


async def release(
    conn: Connection, asked: Sequence[Asked[ReleaseOrder]]
) -> list[OrderSeen | RangliError]:
    """Gives back what was not committed, once; what never came is remembered."""
    books = await desk.lock(conn, orders=[OrderKey(one.tenant, one.body.order_id) for one in asked])

    def decide(one: Asked[ReleaseOrder]) -> OrderSeen:
        was = books.orders.get(OrderKey(one.tenant, one.body.order_id))
        if was is None:
            tombstone = _tombstone(books, one)
            books.tell(tombstone, "released", one.actor, reason=one.body.reason)
            return OrderSeen(books.add(tombstone, b""), books.now)
        if was.state in (OrderState.RELEASED, OrderState.EXPIRED):
            return OrderSeen(was, books.now)
        if was.state is OrderState.RESERVED:
            order = books.attempt(was, lambda: _given_up(books, was, one))
        elif was.state is OrderState.PARTLY_COMMITTED:
            order = books.attempt(was, lambda: _rest_given_up(books, was, one))
        else:
            raise was.refuse_state(books.now, OrderState.RESERVED, OrderState.PARTLY_COMMITTED)
        books.put(order, was)
        books.tell(order, "released", one.actor, reason=one.body.reason)
        return OrderSeen(order, books.now)

    return await decided(conn, books, decide, asked)


async def decided(
    conn: Connection,
    books: Books,
    decide: Callable[[Asked[Any]], Done],
    asked: Sequence[Asked[Any]],
) -> list[Done | RangliError]:
    """A verdict for each, in order; what was decided is written."""
    verdicts: list[Done | RangliError] = []
    for one in asked:
        try:
            verdicts.append(decide(one))
        except RangliError as refusal:
            verdicts.append(refusal)
    await desk.write(conn, books)
    return verdicts


def known(books: Books, tenant: str, order_id: str) -> Order:
    """The order; raises NotFound, and Refused (ORDER_STATE) if it never came to be one."""
    order = books.orders.get(OrderKey(tenant, order_id))
    if order is None:
        raise NotFound("order", order_id)
    if order.is_tombstone:
        raise order.refuse_state(books.now)
    return order


def cause_of(one: Asked[Any], what: str) -> Cause:
    """Why value moves. what: the method, and which of its moves: each makes one transaction."""
    return Cause(METHOD + what, one.request_id, one.body.order_id)


def release_rest(books: Books, order: Order, one: Asked[Any], verb: str, *, reason: str) -> None:
    """Gives up what budgets and the wallet still have set aside, if anything."""
    actor = one.actor
    if order.wallet_reservation_id is not None:
        _, hold = books.tender.known(order.tenant, order.wallet_reservation_id)
        if any(leg.left_minor for leg in hold.legs):
            body = ReleaseTender(order.wallet_reservation_id, reason)
            cause = cause_of(one, f"{verb}/release-tender")
            books.tender.release(order.tenant, body, cause, actor=actor)
    if order.fund_reservation_id is not None:
        hold = books.funds.ledger.holds[order.tenant, order.fund_reservation_id]
        if any(leg.left_minor for leg in hold.legs):
            wanted = ReleaseFunds(order.fund_reservation_id)
            cause = cause_of(one, f"{verb}/release-budget")._replace(occurred_at=books.now)
            books.funds.release(order.tenant, wanted, cause, actor=actor)


def let_go(books: Books, order: Order, keeping: Sequence[CouponKey] = ()) -> None:
    """Gives back the coupons, but those that are kept, and what was counted."""
    for key in coupons_of(order):
        if key not in keeping:
            books.coupons.unlock(key, order.order_id)
    books.give_back(order.tenant, order.counted)


def _taken(
    books: Books, one: Asked[Any], body: ReserveOrder, verb: str, was: Order | None = None
) -> Order:
    """All that the cart needs. Raises whatever the first domain refuses that has too little."""
    tenant, priced = one.tenant, body.priced
    for coupon_id in priced.coupon_ids:
        books.coupons.lock(CouponKey(tenant, priced.user_id, coupon_id), body.order_id)
    counted = books.count(tenant, priced.wants)
    wallet_id = fund_id = None
    if body.tenders:
        cause = cause_of(one, f"{verb}/tender")
        kept = books.tender.reserve(tenant, tender_of(body), cause, actor=one.actor)
        wallet_id = kept.reservation.reservation_id
    if priced.items:
        wanted = ReserveFunds(body.order_id, priced.items, body.ttl_s)
        cause = cause_of(one, f"{verb}/budget")
        fund_id = books.funds.reserve(tenant, wanted, cause, actor=one.actor).reservation_id
    return Order(
        tenant,
        body.order_id,
        priced.user_id,
        OrderState.RESERVED,
        priced.currency,
        priced.list_minor,
        priced.discount_minor,
        priced.payable_minor,
        priced.catalogue_version,
        priced.units,
        priced.coupon_ids,
        priced.wants,
        counted,
        fund_id,
        wallet_id,
        body.tenders,
        expires_at=books.now + timedelta(seconds=body.ttl_s),  # as the holds do
        created_at=was.created_at if was else books.now,
        revision=was.revision + 1 if was else 1,
    )


def _exchanged(books: Books, was: Order, one: Asked[AmendOrder]) -> Order:
    """The order with what the other cart needs."""
    body = one.body
    keeping = [CouponKey(was.tenant, was.user_id, each) for each in body.priced.coupon_ids]
    let_go(books, was, keeping)
    release_rest(books, was, one, "AmendOrder", reason="amended")
    return _taken(books, one, body, "AmendOrder", was)


def _check_amendable(books: Books, was: Order, body: AmendOrder) -> None:
    if was.state_at(books.now) is not OrderState.RESERVED:
        raise was.refuse_state(books.now, OrderState.RESERVED)
    if body.expected_revision not in (0, was.revision):
        raise Conflict(
            Reason.REVISION_MISMATCH,
            f"the order is at revision {was.revision}, not {body.expected_revision}",
            metadata={
                "expected_revision": body.expected_revision,
                "actual_revision": was.revision,
            },
        )
    if body.priced.user_id != was.user_id:
        raise Invalid.fields(Violation("checkout.cart.user_id", "must be the order's user"))


def _given_up(books: Books, was: Order, one: Asked[ReleaseOrder]) -> Order:
    let_go(books, was)
    release_rest(books, was, one, "ReleaseOrder", reason=one.body.reason)
    return replace(was, state=OrderState.RELEASED, counted=(), revision=was.revision + 1)


def _rest_given_up(books: Books, was: Order, one: Asked[ReleaseOrder]) -> Order:
    """Of one whose coupons are used and whose counts are final."""
    release_rest(books, was, one, "ReleaseOrder", reason=one.body.reason)
    return replace(was, state=OrderState.COMMITTED, rest_released=True, revision=was.revision + 1)


def _tombstone(books: Books, one: Asked[ReleaseOrder]) -> Order:
    return Order(
        one.tenant,
        one.body.order_id,
        user_id="",
        state=OrderState.RELEASED,
        currency="",
        list_minor=0,
        discount_minor=0,
        payable_minor=0,
        catalogue_version=0,
        units=Units(),
        coupon_ids=(),
        wants=(),
        counted=(),
        fund_reservation_id=None,
        wallet_reservation_id=None,
        tenders=(),
        expires_at=EPOCH,
        created_at=books.now,
        is_tombstone=True,
    )


def _tell_reserved(books: Books, order: Order, verb: str, actor: str) -> None:
    books.tell(
        order,
        verb,
        actor,
        discount_minor=order.discount_minor,
        coupon_ids=list(order.coupon_ids),
        expires_at=order.expires_at.isoformat(),
    )

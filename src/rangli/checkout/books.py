"""All that orders take and give back in one transaction: the books of every domain, side by side.

    books = await lock(conn, reserves=..., orders=...)    # rows locked in the order of all domains
    books.attempt(order, lambda: ...)                     # one request: all of it or nothing
    await write(conn, books)

Each request sees what those before it did, so a batch is decided in its order as if each had a
transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from rangli.checkout import store
from rangli.checkout.model import Order, OrderKey, ReserveOrder
from rangli.core.errors import RangliError
from rangli.counters import store as counter_store
from rangli.counters.book import CounterBook, Use, UseKey
from rangli.counters.model import Counted, Want
from rangli.coupons import store as coupon_store
from rangli.coupons.book import Change, CouponBook
from rangli.coupons.model import CouponKey
from rangli.funds import marks as fund_marks
from rangli.funds import spending_store
from rangli.funds import store as fund_store
from rangli.funds.book import FundBook
from rangli.ledger import marks as ledger_marks
from rangli.ledger import store as ledger_store
from rangli.ledger.book import AccountId
from rangli.ledger.model import AccountKey
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection
from rangli.wallet import tender_store
from rangli.wallet.model import Reserve as ReserveTender
from rangli.wallet.tender_book import TenderBook

T = TypeVar("T")


class _Counting(NamedTuple):
    """What a count, or what came back, has changed of a row of uses."""

    use: Use
    used: int
    most: int


class Books:
    """The orders that this transaction has locked, and the books of what they take.

    made: new orders and their snapshots.  amended: snapshots of orders that were exchanged.
    changed: the revisions that others had.
    """

    def __init__(
        self,
        *,
        orders: Mapping[OrderKey, Order],
        coupons: CouponBook,
        counters: CounterBook,
        tender: TenderBook,
        funds: FundBook,
    ) -> None:
        self.orders = dict(orders)
        self.coupons = coupons
        self.counters = counters
        self.tender = tender
        self.funds = funds
        self.made: dict[OrderKey, bytes] = {}
        self.amended: dict[OrderKey, bytes] = {}
        self.changed: dict[OrderKey, int] = {}
        self.events: list[Event] = []
        self.actors: dict[OrderKey, str] = {}
        self._countings: list[_Counting] = []

    @property
    def now(self) -> datetime:
        """PostgreSQL's clock once all is locked: orders are judged by it."""
        return self.funds.ledger.now

    def attempt(self, order: Order | None, decide: Callable[[], T]) -> T:
        """What `decide` says; if it refuses, the books are as they were.

        order: the one that it may change; None: a new one.
        """
        reservations = _reservations(order)
        ledger = self.funds.ledger
        coupons = dict(self.coupons.coupons)
        in_ledger = ledger_marks.mark(ledger, reservations)
        in_funds = fund_marks.mark(self.funds, reservations)
        in_tender = self.tender.mark()
        countings = len(self._countings)
        try:
            return decide()
        except RangliError:
            ledger_marks.undo(ledger, in_ledger)
            fund_marks.undo(self.funds, in_funds)
            self.tender.undo(in_tender)
            for key, before in coupons.items():
                if self.coupons.coupons[key] is not before:
                    self.coupons.put_back(key, before)
            for counting in reversed(self._countings[countings:]):
                counting.use.used -= counting.used
                if counting.use.most is not None:
                    counting.use.most -= counting.most
            del self._countings[countings:]
            raise

    def count(self, tenant: str, wants: Sequence[Want]) -> tuple[Counted, ...]:
        """Counts all or none. Raises as `CounterBook.count`."""
        counted = self.counters.count(tenant, wants)
        for one in counted:
            self._countings.append(_Counting(self._use(tenant, one), one.quantity, 0))
        return tuple(counted)

    def give_back(self, tenant: str, counted: Iterable[Counted]) -> None:
        """Gives back to the very periods that were counted."""
        for one in counted:
            use = self._use(tenant, one)
            used, most = use.used, use.most
            self.counters.give_back(tenant, [one])
            self._countings.append(
                _Counting(use, use.used - used, (use.most or 0) - (most or 0)),
            )

    def put(self, order: Order, was: Order, *, snapshot: bytes | None = None) -> Order:
        """What has become of a locked order, with the next revision.

        snapshot: it was exchanged, with all that goes by its price.
        """
        self.changed.setdefault(order.key, was.revision)
        self.orders[order.key] = order
        if snapshot is not None:
            self.amended[order.key] = snapshot
        return order

    def add(self, order: Order, snapshot: bytes) -> Order:
        """A new order."""
        self.orders[order.key] = order
        self.made[order.key] = snapshot
        return order

    def tell(self, order: Order, verb: str, actor: str, **facts: Any) -> None:
        """Notes what has happened to an order; its row's lock keeps its events in order."""
        self.actors[order.key] = actor
        payload = {
            "user_id": order.user_id,
            "state": order.state.value,
            "revision": order.revision,
            "currency": order.currency,
            "payable_minor": order.payable_minor,
            **facts,
        }
        event = Event(order.tenant, "order", order.order_id, f"order.{verb}", actor, payload)
        self.events.append(event)

    def _use(self, tenant: str, counted: Counted) -> Use:
        return self.counters.uses[UseKey(tenant, *counted[:4])]


async def lock(
    conn: Connection,
    *,
    reserves: Sequence[tuple[str, ReserveOrder]] = (),
    orders: Iterable[OrderKey] = (),
    late: Iterable[OrderKey] = (),
    accounts: Iterable[AccountId] = (),
) -> Books:
    """Locks the orders, all that they have, and all that is to be reserved, by tenant each.

    late: orders that may have expired and shall have all they had again.
    accounts: of the ledger, to be locked besides.
    """
    wanted = [(tenant, tender_of(body)) for tenant, body in reserves if body.tenders]
    houses = await tender_store.opened(conn, wanted)
    found = await store.locked(conn, [*orders, *(OrderKey(t, b.order_id) for t, b in reserves)])
    return await lock_for(
        conn,
        found,
        reserves=reserves,
        wanted=wanted,
        houses=houses,
        late=set(late),
        accounts=accounts,
    )


async def lock_for(
    conn: Connection,
    found: Mapping[OrderKey, Order],
    *,
    reserves: Sequence[tuple[str, ReserveOrder]] = (),
    wanted: tender_store.Reserves = (),
    houses: Mapping[AccountKey, int] | None = None,
    late: set[OrderKey] | None = None,
    accounts: Iterable[AccountId] = (),
    only_counts: bool = False,
) -> Books:
    """As `lock`, of orders that are locked already. only_counts: holds are left alone."""
    late = late or set()
    theirs = [key for order in found.values() for key in coupons_of(order)]
    coupons = await coupon_store.locked(conn, [*theirs, *_asked_coupons(reserves)])
    counters = await counter_store.locked(
        conn,
        wants=[*_late_wants(found, late), *((t, w) for t, b in reserves for w in b.priced.wants)],
        counted=[(key.tenant, one) for key, order in found.items() for one in order.counted],
    )
    held = [] if only_counts else [*found.values()]
    ready = await tender_store.ready(
        conn,
        houses=houses,
        reserves=wanted,
        reservations=_ids(held, "wallet"),
        late=_ids([order for order in held if order.key in late], "wallet"),
    )
    fundings = await _fundings(conn, reserves)
    fund_ids = _ids(held, "fund")
    ledger = await ledger_store.locked(
        conn,
        accounts=[*accounts, *ready.accounts, *spending_store.accounts_of(fundings)],
        holds=[*ready.holds, *fund_ids],
    )
    funds = await spending_store.on_ledger(conn, ledger, fundings=fundings, reservations=fund_ids)
    if funds.pools:
        await spending_store.fill_days(conn, funds)
    return Books(
        orders=found,
        coupons=coupons,
        counters=counters,
        tender=TenderBook(ledger, ready),
        funds=funds,
    )


async def write(conn: Connection, books: Books) -> None:
    """Writes everything the books did, and tells of it. KeyTakenError: see `store.insert`."""

    def actor_of(change: Change) -> str:
        order_id = change.facts.get("order_id", "")
        return books.actors[OrderKey(change.key.tenant, order_id)]

    await store.insert(conn, [(books.orders[key], made) for key, made in books.made.items()])
    await store.amend(conn, [(books.orders[key], made) for key, made in books.amended.items()])
    await store.update(conn, [(books.orders[key], was) for key, was in books.changed.items()])
    await coupon_store.write(conn, books.coupons, actor_of=actor_of)
    await counter_store.write(conn, books.counters)
    await tender_store.write(conn, books.tender)
    await emit_all(conn, books.events)
    # Last: if a pool's level has changed, it holds the tenant's head.
    await spending_store.write(conn, books.funds)


def coupons_of(order: Order) -> list[CouponKey]:
    """The coupons that it has."""
    return [CouponKey(order.tenant, order.user_id, one) for one in order.coupon_ids]


def tender_of(body: ReserveOrder) -> ReserveTender:
    """What an order takes of the user's wallet."""
    priced = body.priced
    paid = sum(tender.pays_minor for tender in body.tenders)
    return ReserveTender(
        user_id=priced.user_id,
        order_id=body.order_id,
        ttl_s=body.ttl_s,
        tenders=body.tenders,
        currency=priced.currency,
        external_minor=priced.payable_minor - paid,
    )


def _asked_coupons(reserves: Sequence[tuple[str, ReserveOrder]]) -> list[CouponKey]:
    return [
        CouponKey(tenant, body.priced.user_id, coupon_id)
        for tenant, body in reserves
        for coupon_id in body.priced.coupon_ids
    ]


def _late_wants(found: Mapping[OrderKey, Order], late: set[OrderKey]) -> list[tuple[str, Want]]:
    return [(key.tenant, want) for key in late if key in found for want in found[key].wants]


async def _fundings(
    conn: Connection, reserves: Sequence[tuple[str, ReserveOrder]]
) -> spending_store.Fundings:
    wanted = {
        (tenant, item.activity_id, item.version)
        for tenant, body in reserves
        for item in body.priced.items
    }
    return await fund_store.fundings(conn, wanted) if wanted else {}


def _reservations(order: Order | None) -> list[tuple[str, str]]:
    return [] if order is None else [*_ids([order], "fund"), *_ids([order], "wallet")]


def _ids(orders: Iterable[Order], whose: str) -> list[tuple[str, str]]:
    """The reservations that the orders have: of budgets ("fund") or of a wallet ("wallet")."""
    found = []
    for order in orders:
        one = order.fund_reservation_id if whose == "fund" else order.wallet_reservation_id
        if one is not None:
            found.append((order.tenant, one))
    return found

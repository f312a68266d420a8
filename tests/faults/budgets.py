"""Orders that reserve, spend and return marketing money; and what the pools must then show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from google.protobuf.message import Message

from rangli.v1.activity_pb2 import FundingShare
from rangli.v1.fund_pb2 import AmountItem, FunderPart, Pool, Reservation, ReserveItem
from rangli.v1.fund_service_pb2 import (
    BatchSpendRequest,
    CreatePoolRequest,
    GetPoolRequest,
    GetReservationRequest,
    GetSettlementReportRequest,
    RefundRequest,
    ReleaseRequest,
    ReserveRequest,
    SetActivityFundingRequest,
    SpendRequest,
)
from tests.faults.calling import BATCH_SPEND, Caller
from tests.faults.history import Change, History, Outcome, answer_of

RESERVE, SPEND, RELEASE, REFUND = (
    f"FundService/{name}" for name in ("Reserve", "Spend", "Release", "Refund")
)
# Budgets that do not last for a long run, so that it meets refusals too; one with a cap.
HOT = {"shop": 150_000, "brand": 60_000, "capped": 1_000_000}
CAP_MINOR = 20_000
COLD = {f"cold-{number}": 50_000 for number in range(10)}
BUDGETS = HOT | COLD
_FUNDERS = {"brand": "brand"}
SHARES = {
    "both": [("shop", 7_000), ("brand", 3_000)],
    "capped": [("capped", 10_000)],
    **{pool_id: [(pool_id, 10_000)] for pool_id in COLD},
}
_TTL_S = 3600


async def prepare(caller: Caller, history: History) -> None:
    """Pools and who bears what, before anything is killed."""
    asked: list[tuple[str, Message]] = [
        (
            "FundService/CreatePool",
            CreatePoolRequest(
                request_id=f"pool-{pool_id}",
                pool_id=pool_id,
                funder=_FUNDERS.get(pool_id, "shop"),
                currency="USD",
                budget_minor=budget_minor,
                daily_cap_minor=CAP_MINOR if pool_id == "capped" else 0,
            ),
        )
        for pool_id, budget_minor in BUDGETS.items()
    ]
    asked += [
        (
            "FundService/SetActivityFunding",
            SetActivityFundingRequest(
                request_id=f"funding-{activity_id}",
                activity_id=activity_id,
                currency="USD",
                shares=[
                    FundingShare(
                        funder=_FUNDERS.get(pool_id, "shop"), share_bps=bps, pool_id=pool_id
                    )
                    for pool_id, bps in shares
                ],
            ),
        )
        for activity_id, shares in SHARES.items()
    ]
    for method, request in asked:
        change = history.change(method, request)
        await caller.send(change)
        assert change.outcome is Outcome.OK, change


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a part of a reservation."""

    activity_id: str
    funder: str
    pool_id: str


def bearer(part: Reservation.Part) -> Bearer:
    return Bearer(part.activity_id, part.funder, part.pool_id)


@dataclass(slots=True)
class _Given:
    """A reservation as the order that has it knows it: what is left, and what is spent."""

    reservation_id: str
    left: Counter[Bearer]
    spent: Counter[Bearer] = field(default_factory=Counter)


class Plan:
    """What one channel asks for, order after order; the same for the same chance and answers.

    Every part is named in the requests, so that what each has done follows from it alone.
    """

    def __init__(self, name: str, chance: Random) -> None:
        self._name = name
        self._chance = chance
        self._asked = 0
        self._given: list[_Given] = []

    def next(self) -> Sequence[tuple[str, Message]]:
        roll = self._chance.random()
        if self._given and roll < 0.55:
            return [self._go_on(self._chance.choice(self._given))]
        if roll < 0.75:
            orders = [self._order() for _ in range(self._chance.randint(1, 8))]
            return [
                (BATCH_SPEND, BatchSpendRequest.Item(request_id=key, order_id=key, items=items))
                for key, items in orders
            ]
        key, items = self._order()
        return [(RESERVE, ReserveRequest(request_id=key, order_id=key, ttl_s=_TTL_S, items=items))]

    def _order(self) -> tuple[str, list[ReserveItem]]:
        activities = ["both"] if self._chance.random() < 0.6 else []
        activities += self._chance.sample(list(SHARES)[1:], k=self._chance.randint(0, 2))
        items = [
            ReserveItem(
                activity_id=activity_id,
                amount_minor=self._chance.randint(1, 999),
                allow_partial=self._chance.random() < 0.2,
            )
            for activity_id in activities or ["both"]
        ]
        return self._request_id(), items

    def _request_id(self) -> str:
        self._asked += 1
        return f"{self._name}-{self._asked}"

    def _go_on(self, given: _Given) -> tuple[str, Message]:
        key, reservation_id = self._request_id(), given.reservation_id
        roll = self._chance.random()
        if given.spent.total() and (roll < 0.5 or not given.left.total()):
            items = self._some(given.spent)
            return REFUND, RefundRequest(request_id=key, reservation_id=reservation_id, items=items)
        if roll < 0.8:
            return SPEND, SpendRequest(
                request_id=key,
                reservation_id=reservation_id,
                items=self._some(given.left),
                final=self._chance.random() < 0.3,
            )
        return RELEASE, ReleaseRequest(request_id=key, reservation_id=reservation_id)

    def _some(self, amounts: Counter[Bearer]) -> list[AmountItem]:
        """A part of one activity's, from each of its bearers something."""
        present = [who for who, amount in amounts.items() if amount]
        activity_id = self._chance.choice(present).activity_id
        parts = [
            FunderPart(funder=who.funder, amount_minor=self._chance.randint(1, amounts[who]))
            for who in present
            if who.activity_id == activity_id
        ]
        total = sum(part.amount_minor for part in parts)
        return [AmountItem(activity_id=activity_id, amount_minor=total, parts=parts)]

    def learn(self, request: Any, answer: Any) -> None:
        """The answer, None if there is none: then this reservation is left alone."""
        if isinstance(request, BatchSpendRequest.Item):
            if answer is not None:
                spent = Counter({bearer(p): p.spent_minor for p in answer.parts})
                self._given.append(_Given(answer.reservation_id, Counter(), spent))
            return
        if isinstance(request, ReserveRequest):
            if answer is not None:
                left = Counter({bearer(p): p.reserved_minor for p in answer.parts})
                self._given.append(_Given(answer.reservation_id, left))
            return
        (given,) = (g for g in self._given if g.reservation_id == request.reservation_id)
        if isinstance(request, SpendRequest) and answer is not None:
            given.spent.update(taken(request, given.left))
            given.left.subtract(taken(request, given.left))
            if request.final:
                given.left.clear()
        elif isinstance(request, RefundRequest) and answer is not None:
            given.spent.subtract(taken(request, given.spent))
        else:
            given.left.clear()
            given.spent.clear()
        if not given.left.total() and not given.spent.total():
            self._given.remove(given)


def taken(request: SpendRequest | RefundRequest, bearers: Iterable[Bearer]) -> Counter[Bearer]:
    """What the request names, by who bears it."""
    known = {(who.activity_id, who.funder): who for who in bearers}
    return Counter(
        {
            known[item.activity_id, part.funder]: part.amount_minor
            for item in request.items
            for part in item.parts
        }
    )


@dataclass(slots=True)
class Given:
    """What a reservation must be, by the changes that succeeded, in whatever order they came."""

    granted: Counter[Bearer]
    spent: Counter[Bearer]
    refunded: Counter[Bearer] = field(default_factory=Counter)
    ended: bool = False

    @property
    def left(self) -> Counter[Bearer]:
        return Counter() if self.ended else self.granted - self.spent


def expected(history: History) -> dict[str, Given]:
    """The reservations by their id."""
    given = {}
    done = history.of(Outcome.OK)
    for change in done:
        if change.method in (RESERVE, BATCH_SPEND):
            answer = answer_of(change, Reservation)
            granted = Counter({bearer(p): p.reserved_minor for p in answer.parts})
            spent = Counter(granted) if change.method == BATCH_SPEND else Counter()
            given[answer.reservation_id] = Given(granted, spent)
    for change in done:
        request = change.request
        if change.method == SPEND:
            model = given[request.reservation_id]
            model.spent.update(taken(request, model.granted))
            model.ended |= request.final
        elif change.method == REFUND:
            model = given[request.reservation_id]
            model.refunded.update(taken(request, model.granted))
        elif change.method == RELEASE:
            given[request.reservation_id].ended = True
    return given


def moved(change: Change, given: dict[str, Given]) -> Iterable[tuple[str, int]]:
    """What the change, if it succeeded, has added to what pools have spent, or taken back."""
    request = change.request
    if change.method == BATCH_SPEND:
        answer = answer_of(change, Reservation)
        for part in answer.parts:
            yield part.pool_id, part.reserved_minor
    elif change.method in (SPEND, REFUND):
        sign = 1 if change.method == SPEND else -1
        for who, amount in taken(request, given[request.reservation_id].granted).items():
            yield who.pool_id, sign * amount


async def check(caller: Caller, history: History) -> None:
    """Every pool, every reservation and the settlement are what was acknowledged."""
    given = expected(history)
    reserved: Counter[str] = Counter()
    spent: Counter[Bearer] = Counter()
    refunded: Counter[Bearer] = Counter()
    for model in given.values():
        spent.update(model.spent)
        refunded.update(model.refunded)
        for who, amount in model.left.items():
            reserved[who.pool_id] += amount
    net: Counter[str] = Counter()
    for who in spent:
        net[who.pool_id] += spent[who] - refunded[who]
    for pool_id in BUDGETS:
        pool = await caller.read("FundService/GetPool", GetPoolRequest(pool_id=pool_id))
        assert_within_budget(pool)
        assert (pool.reserved_minor, pool.spent_minor) == (reserved[pool_id], net[pool_id]), pool
    await _check_settlement(caller, spent, refunded)
    for reservation_id, model in given.items():
        answer = await caller.read(
            "FundService/GetReservation", GetReservationRequest(reservation_id=reservation_id)
        )
        for part in answer.parts:
            who = bearer(part)
            assert part.spent_minor == model.spent[who] <= model.granted[who], (model, answer)
            assert part.refunded_minor == model.refunded[who], (model, answer)
            left = part.reserved_minor - part.spent_minor - part.released_minor
            assert left == model.left[who], (model, answer)


async def _check_settlement(
    caller: Caller, spent: Counter[Bearer], refunded: Counter[Bearer]
) -> None:
    now = datetime.now(UTC)
    request = GetSettlementReportRequest(
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1), page_size=500
    )
    report = await caller.read("FundService/GetSettlementReport", request)
    found = {
        Bearer(row.activity_id, row.funder, row.pool_id): (row.spent_minor, row.refunded_minor)
        for row in report.rows
        if row.pool_id in BUDGETS and (row.spent_minor or row.refunded_minor)
    }
    want = {who: (spent[who], refunded[who]) for who in spent if spent[who]}
    assert found == want, f"{found}, not {want}"


def assert_within_budget(pool: Pool) -> None:
    """Of any answer, at any time."""
    assert pool.budget_minor == BUDGETS[pool.pool_id], pool
    assert pool.available_minor + pool.reserved_minor + pool.spent_minor == pool.budget_minor, pool
    assert min(pool.available_minor, pool.reserved_minor, pool.spent_minor) >= 0, pool
    assert not pool.daily_cap_minor or pool.today_minor <= pool.daily_cap_minor, pool

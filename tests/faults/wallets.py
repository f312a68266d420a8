"""Shoppers who earn, reserve, pay and send back; and what their wallets must then hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from google.protobuf.message import Message

from rangli.v1.wallet_service_pb2 import (
    WALLET_KIND_BALANCE,
    WALLET_KIND_POINTS,
    CaptureTenderRequest,
    CreditRequest,
    DebitRequest,
    GetWalletRequest,
    GetWalletReservationRequest,
    RefundTenderRequest,
    ReleaseTenderRequest,
    ReserveTenderRequest,
    TenderAmount,
    Wallet,
    WalletReservation,
)
from tests.faults.calling import CREDIT, Caller
from tests.faults.history import Change, History, Outcome, answer_of

DEBIT, RESERVE, CAPTURE, RELEASE, REFUND = (
    f"WalletService/{name}" for name in ("Debit", "Reserve", "Capture", "Release", "Refund")
)
HOT = [f"hot-{number}" for number in range(3)]
COLD = [f"cold-{number}" for number in range(30)]
UNITS = {"USD": WALLET_KIND_BALANCE, "stars": WALLET_KIND_POINTS}
# Lots that outlive every test, and one that never expires.
_EXPIRIES = [None, *(datetime(2100 + year, 1, 1, tzinfo=UTC) for year in range(3))]
_TTL_S = 3600

Pocket = tuple[str, str]  # user, unit


@dataclass(slots=True)
class _Paid:
    """A reservation as the shopper who made it knows it."""

    reservation_id: str
    unit: str
    left: int
    captured: int = 0


class Plan:
    """What one shopper asks for, request after request; the same for the same chance and answers.

    Amounts are named in every request, so that what each has done follows from it alone.
    """

    def __init__(self, name: str, chance: Random) -> None:
        self._name = name
        self._chance = chance
        self._asked = 0
        self._paid: list[_Paid] = []

    def next(self) -> Sequence[tuple[str, Message]]:
        roll = self._chance.random()
        if self._paid and roll < 0.5:
            return [self._go_on(self._chance.choice(self._paid))]
        if roll < 0.75:
            return [(RESERVE, self._reserve())]
        if roll < 0.8:
            return [(DEBIT, self._debit())]
        together = self._chance.randint(2, 8) if self._chance.random() < 0.2 else 1
        return [(CREDIT, self._credit()) for _ in range(together)]

    def _request_id(self) -> str:
        self._asked += 1
        return f"{self._name}-{self._asked}"

    def _user_id(self) -> str:
        return self._chance.choice(HOT if self._chance.random() < 0.4 else COLD)

    def _unit(self) -> str:
        return self._chance.choice(list(UNITS))

    def _reserve(self) -> ReserveTenderRequest:
        key = self._request_id()
        tender = _tender(self._unit(), self._chance.randint(1, 1500))
        return ReserveTenderRequest(
            request_id=key,
            user_id=self._user_id(),
            order_id=key,
            ttl_s=_TTL_S,
            currency="USD",
            tenders=[tender],
        )

    def _debit(self) -> DebitRequest:
        unit = self._unit()
        return DebitRequest(
            request_id=self._request_id(),
            user_id=self._user_id(),
            kind=UNITS[unit],
            unit=unit,
            amount=self._chance.randint(1, 300),
            reason="a correction",
        )

    def _credit(self) -> CreditRequest:
        unit = self._unit()
        return CreditRequest(
            request_id=self._request_id(),
            user_id=self._user_id(),
            kind=UNITS[unit],
            unit=unit,
            amount=self._chance.randint(100, 2000),
            expires_at=self._chance.choice(_EXPIRIES),
        )

    def _go_on(self, paid: _Paid) -> tuple[str, Message]:
        request_id = self._request_id()
        roll = self._chance.random()
        if paid.captured and (roll < 0.5 or not paid.left):
            amount = self._chance.randint(1, paid.captured)
            return REFUND, RefundTenderRequest(
                request_id=request_id,
                reservation_id=paid.reservation_id,
                tenders=[_amount(paid.unit, amount)],
            )
        if roll < 0.7:
            return CAPTURE, CaptureTenderRequest(
                request_id=request_id,
                reservation_id=paid.reservation_id,
                tenders=[_amount(paid.unit, self._chance.randint(1, paid.left))],
                final=self._chance.random() < 0.3,
            )
        return RELEASE, ReleaseTenderRequest(
            request_id=request_id, reservation_id=paid.reservation_id
        )

    def learn(self, request: Any, answer: Any) -> None:
        """The answer, None if there is none: then this reservation is left alone."""
        if isinstance(request, ReserveTenderRequest):
            if answer is not None:
                (tender,) = request.tenders
                self._paid.append(_Paid(answer.reservation_id, tender.unit, tender.amount))
        elif hasattr(request, "reservation_id"):
            (paid,) = (p for p in self._paid if p.reservation_id == request.reservation_id)
            if answer is None:
                self._paid.remove(paid)
            elif isinstance(request, CaptureTenderRequest):
                amount = request.tenders[0].amount
                paid.captured += amount
                paid.left = 0 if request.final else paid.left - amount
            elif isinstance(request, RefundTenderRequest):
                paid.captured -= request.tenders[0].amount
            else:
                paid.left = 0
            if paid in self._paid and not (paid.left or paid.captured):
                self._paid.remove(paid)


def _tender(unit: str, amount: int) -> ReserveTenderRequest.Tender:
    return ReserveTenderRequest.Tender(
        kind=UNITS[unit], unit=unit, amount=amount, pays_minor=amount
    )


def _amount(unit: str, amount: int) -> TenderAmount:
    return TenderAmount(kind=UNITS[unit], unit=unit, amount=amount)


@dataclass(slots=True)
class Reserved:
    """What a reservation must be, by the changes that succeeded, in whatever order they came."""

    pocket: Pocket
    amount: int
    captured: int = 0
    returned: int = 0
    ended: bool = False

    @property
    def left(self) -> int:
        return 0 if self.ended else self.amount - self.captured


@dataclass(slots=True)
class Expected:
    """What the wallets must hold: posted balances, and reservations by their id."""

    balances: Counter[Pocket]
    reservations: dict[str, Reserved]

    @property
    def reserved(self) -> Counter[Pocket]:
        found: Counter[Pocket] = Counter()
        for each in self.reservations.values():
            found[each.pocket] += each.left
        return found


def expected(history: History) -> Expected:
    reservations = {}
    for change in history.of(Outcome.OK):
        if change.method == RESERVE:
            answer = answer_of(change, WalletReservation)
            (tender,) = change.request.tenders
            pocket = (change.request.user_id, tender.unit)
            reservations[answer.reservation_id] = Reserved(pocket, tender.amount)
    balances: Counter[Pocket] = Counter()
    for change in history.of(Outcome.OK):
        for pocket, amount in moved(change, reservations):
            balances[pocket] += amount
        _carry_out(change, reservations)
    return Expected(balances, reservations)


def _carry_out(change: Change, reservations: dict[str, Reserved]) -> None:
    request = change.request
    if change.method == CAPTURE:
        reserved = reservations[request.reservation_id]
        reserved.captured += request.tenders[0].amount
        reserved.ended |= request.final
    elif change.method == RELEASE:
        reservations[request.reservation_id].ended = True
    elif change.method == REFUND:
        reservations[request.reservation_id].returned += request.tenders[0].amount


def moved(change: Change, reservations: dict[str, Reserved]) -> Iterable[tuple[Pocket, int]]:
    """What the change, if it succeeded, has put into posted balances or taken out of them."""
    request = change.request
    if change.method == CREDIT:
        yield (request.user_id, request.unit), request.amount
    elif change.method == DEBIT:
        yield (request.user_id, request.unit), -request.amount
    elif change.method == CAPTURE:
        yield reservations[request.reservation_id].pocket, -request.tenders[0].amount
    elif change.method == REFUND:
        yield reservations[request.reservation_id].pocket, request.tenders[0].amount


async def check(caller: Caller, history: History) -> None:
    """Every wallet and every reservation is what the acknowledged changes have made of it."""
    want = expected(history)
    reserved = want.reserved
    for user_id in HOT + COLD:
        wallet = await caller.read("WalletService/GetWallet", GetWalletRequest(user_id=user_id))
        found = {pocket.unit: pocket for pocket in wallet.pockets}
        for unit in UNITS:
            pocket = found.get(unit, Wallet.Pocket())
            pair = (user_id, unit)
            told = f"{pair}: available {pocket.available}, reserved {pocket.reserved}"
            assert pocket.available + pocket.reserved == want.balances[pair], told
            assert pocket.reserved == reserved[pair], told
    for reservation_id, model in want.reservations.items():
        answer = await caller.read(
            "WalletService/GetReservation",
            GetWalletReservationRequest(reservation_id=reservation_id),
        )
        (tender,) = answer.tenders
        assert tender.captured == model.captured, (model, answer)
        assert tender.returned == model.returned, (model, answer)
        assert tender.amount - tender.captured - tender.released == model.left, (model, answer)
        assert 0 <= model.returned <= model.captured <= model.amount


def assert_nothing_below_zero(wallet: Wallet) -> None:
    """Of any answer, at any time."""
    for pocket in wallet.pockets:
        amounts = [pocket.available, pocket.reserved]
        amounts += [value for lot in pocket.lots for value in (lot.available, lot.reserved)]
        assert min(amounts) >= 0, wallet

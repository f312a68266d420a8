"""Decisions on locked accounts and holds: pure, all or nothing each, written together afterwards.

    book = await store.locked(conn, accounts=..., holds=...)   # rows locked, in order
    hold = book.hold(tenant, legs, cause, ttl_s=900)           # judged on the balances so far
    await store.write(conn, book)                              # entries, balances, holds

Each call sees what the calls before it did, so a batch of requests is decided in its order as if
each had a transaction of its own. A refused call leaves the book as it was. What one call brings
to an account cannot go out of it in the same call, so the order of its legs is of no account.
A posting is corrected by another with source and target exchanged, a capture by `give_back`.

What may happen to a hold:

    state               capture      capture late   void      expire   give_back
    PENDING             takes        takes          VOIDED    -        what was captured
    PENDING, time past  refused      takes          VOIDED    EXPIRED  what was captured
    POSTED              refused      refused        refused   -        what was captured
    VOIDED              refused      refused        -         -        what was captured
    EXPIRED             refused      takes again    -         -        what was captured
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from rangli.core.errors import NotFound
from rangli.core.ids import new_id
from rangli.ledger.checks import Move, check_legs, check_moves, check_returnable, ended, wanted
from rangli.ledger.model import (
    AMOUNT_MINOR_MAX,
    HOLD_TTL_S_MAX,
    Account,
    Cause,
    Hold,
    HoldLeg,
    HoldState,
    Kind,
    Leg,
    Phase,
)

AccountId = tuple[str, int]  # tenant, account_id
HoldId = tuple[str, str]  # tenant, hold_id


class Entry(NamedTuple):
    """One line of the journal, as it will be written."""

    tenant: str
    account_id: int
    entry_no: int
    transaction_id: str
    phase: Phase
    amount_minor: int
    balance_minor: int


class Transaction(NamedTuple):
    """A transaction's head, as it will be written."""

    tenant: str
    transaction_id: str
    kind: Kind
    hold_id: str | None
    method: str
    request_id: str
    reference: str
    occurred_at: datetime
    posted_at: datetime


# A named tuple's own constructor takes four times as long, and there are two entries to a posting.
_entry: Callable[[tuple[str, int, int, str, Phase, int, int]], Entry]
_entry = partial(tuple.__new__, Entry)


class Book:
    """Accounts and holds that this transaction has locked, and what it does with them.

    now: PostgreSQL's clock once all is locked: all expiry is judged by it, and all that is done is
        posted at it. So an account's entries are in the order of their instants.
    """

    def __init__(
        self, now: datetime, accounts: Iterable[Account] = (), holds: Iterable[Hold] = ()
    ) -> None:
        self.now = now
        self.accounts = {(a.key.tenant, a.account_id): a for a in accounts}
        self.holds = {(h.tenant, h.hold_id): h for h in holds}
        self.transactions: list[Transaction] = []
        self.entries: list[Entry] = []
        # With how many entries the account was locked.
        self.touched: dict[AccountId, int] = {}
        self.new_holds: dict[HoldId, None] = {}
        self.changed_holds: dict[HoldId, None] = {}

    def forget(self) -> None:
        """All of it is written: from here on only what comes next."""
        self.transactions.clear()
        self.entries.clear()
        self.touched.clear()
        self.new_holds.clear()
        self.changed_holds.clear()

    def account(self, tenant: str, account_id: int) -> Account:
        """A locked account; KeyError if it was not locked, which is a fault of the caller."""
        return self.accounts[tenant, account_id]

    def post(
        self, tenant: str, legs: Sequence[Leg], cause: Cause, *, settling: bool = False
    ) -> str:
        """Moves the legs at once; the transaction's id. Raises Refused as `check_moves`.

        settling: what was promised before moves out of frozen accounts and expired lots as well.
        """
        check_legs(self.accounts, tenant, legs)
        self._check(tenant, legs, settling=settling)
        transaction_id = self._begin(tenant, Kind.POST, None, cause)
        for leg in legs:
            self._move(tenant, transaction_id, *leg)
        return transaction_id

    def hold(self, tenant: str, legs: Sequence[Leg], cause: Cause, *, ttl_s: float) -> Hold:
        """Sets the legs aside until captured, voided or `ttl_s` have passed.

        Raises Refused as `check_moves`.
        """
        check_legs(self.accounts, tenant, legs)
        if not 0 < ttl_s <= HOLD_TTL_S_MAX:
            raise ValueError(f"ttl_s must be above 0 and at most {HOLD_TTL_S_MAX}")
        self._check(tenant, legs)
        hold_id = new_id("hold")
        self._begin(tenant, Kind.HOLD, hold_id, cause, transaction_id=hold_id)
        for leg in legs:
            self._pend(tenant, hold_id, *leg)
        hold = Hold(
            tenant,
            hold_id,
            HoldState.PENDING,
            self.now + timedelta(seconds=ttl_s),
            tuple(HoldLeg(*leg) for leg in legs),
        )
        self.holds[tenant, hold_id] = hold
        self.new_holds[tenant, hold_id] = None
        return hold

    def capture(
        self,
        tenant: str,
        hold_id: str,
        cause: Cause,
        *,
        amounts_minor: Sequence[int] | None = None,
        final: bool = True,
        late: bool = False,
    ) -> str:
        """Moves what is held, or of each leg the amount named; the transaction's id.

        final: what then is still held is released and the hold is POSTED; else it stays PENDING
            until nothing is left.
        late: a hold whose time has passed takes what it still holds; one that has EXPIRED takes
            again, from what is available now, of what its expiry released, and stays EXPIRED.

        What was set aside in time is taken from frozen accounts and expired lots as well.
        Raises NotFound; Refused: RESERVATION_ENDED (also if more is asked than is left), and with
        `late` as `check_moves`.
        """
        hold = self._hold(tenant, hold_id)
        if hold.state is HoldState.PENDING:
            if hold.expires_at <= self.now and not late:
                raise ended(hold, self.now, "its time has passed")
            limits = [leg.left_minor for leg in hold.legs]
            asked = wanted(hold, self.now, amounts_minor, limits)
            return self._capture_pending(hold, asked, cause, final=final)
        if hold.state is HoldState.EXPIRED and late:
            limits = [leg.released_minor for leg in hold.legs]
            asked = wanted(hold, self.now, amounts_minor, limits)
            return self._capture_again(hold, asked, cause)
        raise ended(hold, self.now, f"it is {hold.state}")

    def void(self, tenant: str, hold_id: str, cause: Cause) -> str | None:
        """Gives up what is still held; the transaction's id.

        None, and nothing is done, if the hold is VOIDED or EXPIRED already. Raises NotFound, and
        Refused (RESERVATION_ENDED) if it was captured.
        """
        hold = self._hold(tenant, hold_id)
        if hold.state in (HoldState.VOIDED, HoldState.EXPIRED):
            return None
        if hold.state is HoldState.POSTED:
            raise ended(hold, self.now, "it is POSTED")
        return self._release(hold, Kind.VOID, HoldState.VOIDED, cause)

    def expire(self, tenant: str, hold_id: str, cause: Cause) -> str | None:
        """Ends a hold whose time has passed; None if it has not, or the hold has ended."""
        hold = self._hold(tenant, hold_id)
        if hold.state is not HoldState.PENDING or hold.expires_at > self.now:
            return None
        return self._release(hold, Kind.EXPIRE, HoldState.EXPIRED, cause)

    def give_back(
        self, tenant: str, hold_id: str, amounts_minor: Sequence[int], cause: Cause
    ) -> str:
        """Moves back, leg by leg, what was captured: a counter-entry to each entry's part.

        Frozen and expired accounts take their own back. Raises NotFound, and Refused:
        RETURN_EXCEEDS_CAPTURED if a leg has not captured that much more than it has returned;
        INSUFFICIENT_FUNDS if who took it has less available.
        """
        hold = self._hold(tenant, hold_id)
        check_returnable(hold, amounts_minor)
        back = [
            (leg.target_id, leg.source_id, amount)
            for leg, amount in zip(hold.legs, amounts_minor, strict=True)
        ]
        self._check(tenant, back, settling=True)
        transaction_id = self._begin(tenant, Kind.RETURN, hold_id, cause)
        for leg, amount in zip(hold.legs, amounts_minor, strict=True):
            if amount:
                self._move(tenant, transaction_id, leg.target_id, leg.source_id, amount)
                leg.returned_minor += amount
        self._change(hold)
        return transaction_id

    def lapse(self, tenant: str, account_id: int, target_id: int, cause: Cause) -> str | None:
        """Moves what is available of an expired lot; None if it has not expired or has nothing.

        At most `AMOUNT_MINOR_MAX` at a time. What holds have set aside stays until they end.
        """
        lot = self.account(tenant, account_id)
        amount = min(lot.posted_minor - lot.pending_out_minor, lot.available_minor)
        if not lot.expired(self.now) or amount <= 0:
            return None
        moved = [(account_id, target_id, min(amount, AMOUNT_MINOR_MAX))]
        self._check(tenant, moved, settling=True)
        transaction_id = self._begin(tenant, Kind.POST, None, cause)
        self._move(tenant, transaction_id, *moved[0])
        return transaction_id

    # What the verbs are made of.

    def _hold(self, tenant: str, hold_id: str) -> Hold:
        hold = self.holds.get((tenant, hold_id))
        if hold is None:
            raise NotFound("hold", hold_id)
        return hold

    def _capture_pending(
        self, hold: Hold, wanted: Sequence[int], cause: Cause, *, final: bool
    ) -> str:
        tenant = hold.tenant
        transaction_id = self._begin(tenant, Kind.CAPTURE, hold.hold_id, cause)
        for leg, amount in zip(hold.legs, wanted, strict=True):
            freed = leg.left_minor if final else amount
            if freed:
                self._pend(tenant, transaction_id, leg.source_id, leg.target_id, -freed)
            if amount:
                self._move(tenant, transaction_id, leg.source_id, leg.target_id, amount)
            leg.captured_minor += amount
            leg.released_minor += freed - amount
        if not any(leg.left_minor for leg in hold.legs):
            hold.state = HoldState.POSTED
        self._change(hold)
        return transaction_id

    def _capture_again(self, hold: Hold, wanted: Sequence[int], cause: Cause) -> str:
        """What expiry released is taken once more; the released part of the hold shrinks by it."""
        again = [
            (leg.source_id, leg.target_id, amount)
            for leg, amount in zip(hold.legs, wanted, strict=True)
        ]
        self._check(hold.tenant, again, settling=True)
        transaction_id = self._begin(hold.tenant, Kind.CAPTURE, hold.hold_id, cause)
        for leg, amount in zip(hold.legs, wanted, strict=True):
            if amount:
                self._move(hold.tenant, transaction_id, leg.source_id, leg.target_id, amount)
                leg.released_minor -= amount
                leg.captured_minor += amount
        self._change(hold)
        return transaction_id

    def _release(self, hold: Hold, kind: Kind, state: HoldState, cause: Cause) -> str:
        transaction_id = self._begin(hold.tenant, kind, hold.hold_id, cause)
        for leg in hold.legs:
            left = leg.left_minor
            if left:
                self._pend(hold.tenant, transaction_id, leg.source_id, leg.target_id, -left)
                leg.released_minor += left
        hold.state = state
        self._change(hold)
        return transaction_id

    def _check(self, tenant: str, moves: Sequence[Move], *, settling: bool = False) -> None:
        check_moves(self.accounts, tenant, moves, now=self.now, settling=settling)

    def _begin(
        self,
        tenant: str,
        kind: Kind,
        hold_id: str | None,
        cause: Cause,
        *,
        transaction_id: str | None = None,
    ) -> str:
        transaction_id = transaction_id or new_id("txn")
        self.transactions.append(
            Transaction(
                tenant,
                transaction_id,
                kind,
                hold_id,
                cause.method,
                cause.request_id,
                cause.reference,
                cause.occurred_at or self.now,
                self.now,
            )
        )
        return transaction_id

    def _move(
        self, tenant: str, transaction_id: str, source_id: int, target_id: int, amount: int
    ) -> None:
        source, target = self.accounts[tenant, source_id], self.accounts[tenant, target_id]
        source.posted_minor -= amount
        self._enter(source, transaction_id, Phase.POSTED, -amount, source.posted_minor)
        target.posted_minor += amount
        self._enter(target, transaction_id, Phase.POSTED, amount, target.posted_minor)

    def _pend(
        self, tenant: str, transaction_id: str, source_id: int, target_id: int, amount: int
    ) -> None:
        # Kept as what is set aside: the sum of its entries is its negative.
        source = self.accounts[tenant, source_id]
        source.pending_out_minor += amount
        self._enter(source, transaction_id, Phase.PENDING_OUT, -amount, -source.pending_out_minor)
        target = self.accounts[tenant, target_id]
        target.pending_in_minor += amount
        self._enter(target, transaction_id, Phase.PENDING_IN, amount, target.pending_in_minor)

    def _enter(
        self, account: Account, transaction_id: str, phase: Phase, amount: int, balance: int
    ) -> None:
        tenant, account_id, number = account.key.tenant, account.account_id, account.entry_count + 1
        self.touched.setdefault((tenant, account_id), account.entry_count)
        account.entry_count = number
        self.entries.append(
            _entry((tenant, account_id, number, transaction_id, phase, amount, balance))
        )

    def _change(self, hold: Hold) -> None:
        if (hold.tenant, hold.hold_id) not in self.new_holds:
            self.changed_holds[hold.tenant, hold.hold_id] = None

"""What a book refuses, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from rangli.core.errors import Reason, Refused
from rangli.ledger.model import AMOUNT_MINOR_MAX, LEGS_MAX, Account, Hold, Leg

Accounts: TypeAlias = Mapping[tuple[str, int], Account]  # by tenant, account_id
Move: TypeAlias = tuple[int, int, int]  # source, target, amount; a `Leg` is one


def check_legs(accounts: Accounts, tenant: str, legs: Sequence[Leg]) -> None:
    """Bounds that every caller has checked in its own words; here they are the last wall."""
    if not 1 <= len(legs) <= LEGS_MAX:
        raise ValueError(f"1 to {LEGS_MAX} legs")
    for source_id, target_id, amount in legs:
        if not 0 < amount <= AMOUNT_MINOR_MAX:
            raise ValueError(f"amounts are 1 to {AMOUNT_MINOR_MAX}")
        if source_id == target_id:
            raise ValueError("a leg joins two accounts")
        if accounts[tenant, source_id].key.unit != accounts[tenant, target_id].key.unit:
            raise ValueError("a leg joins two accounts of one unit")


def check_moves(
    accounts: Accounts, tenant: str, moves: Sequence[Move], *, now: datetime, settling: bool
) -> None:
    """Refuses what a source cannot give or a target has no room for, all moves together.

    FUNDS_FROZEN, LOT_EXPIRED, INSUFFICIENT_FUNDS, in this order for each source.
    settling: it was promised before, so frozen accounts and expired lots give it too.
    """
    outgoing: Iterable[tuple[int, int]]
    incoming: Iterable[tuple[int, int]]
    if len(moves) == 1:  # as most are: there is nothing to sum
        source_id, target_id, amount = moves[0]
        outgoing, incoming = ((source_id, amount),), ((target_id, amount),)
    else:
        outgoing = _sums((source_id, amount) for source_id, _, amount in moves)
        incoming = _sums((target_id, amount) for _, target_id, amount in moves)
    for account_id, amount in outgoing:
        account = accounts[tenant, account_id]
        if account.frozen and not settling:
            raise _refused(Reason.FUNDS_FROZEN, "the account is frozen", account)
        if not settling and account.expired(now):
            raise _refused(Reason.LOT_EXPIRED, "the lot has expired", account)
        if amount > account.available_minor:
            raise _short(account, "less is available", account.available_minor, amount)
    for account_id, amount in incoming:
        account = accounts[tenant, account_id]
        if amount > account.room_minor:
            raise _short(account, "it has less room", account.room_minor, amount)


def wanted(
    hold: Hold, now: datetime, amounts_minor: Sequence[int] | None, limits_minor: Sequence[int]
) -> Sequence[int]:
    """Of each leg what is asked, or all; RESERVATION_ENDED if that is above its limit."""
    if amounts_minor is None:
        amounts_minor = limits_minor
    else:
        _check_amounts(hold, amounts_minor)
    if not any(amounts_minor):
        raise ended(hold, now, "nothing is left of it")
    if any(amount > limit for amount, limit in zip(amounts_minor, limits_minor, strict=True)):
        raise ended(hold, now, "less than that is left of it")
    return amounts_minor


def check_returnable(hold: Hold, amounts_minor: Sequence[int]) -> None:
    """Refuses (RETURN_EXCEEDS_CAPTURED) what a leg has not captured or has returned already."""
    _check_amounts(hold, amounts_minor)
    for number, (leg, amount) in enumerate(zip(hold.legs, amounts_minor, strict=True)):
        returnable = leg.captured_minor - leg.returned_minor
        if amount > returnable:
            raise Refused(
                Reason.RETURN_EXCEEDS_CAPTURED,
                "more would be returned than was taken",
                metadata={
                    "hold_id": hold.hold_id,
                    "leg": number,
                    "returnable_minor": returnable,
                    "wanted_minor": amount,
                },
            )


def ended(hold: Hold, now: datetime, why: str) -> Refused:
    """RESERVATION_ENDED."""
    return Refused(
        Reason.RESERVATION_ENDED,
        f"the reservation cannot be used: {why}",
        metadata={"hold_id": hold.hold_id, "state": hold.state_at(now)},
    )


def _sums(parts: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Each account once, with the sum of its amounts."""
    sums: dict[int, int] = {}
    for account_id, amount in parts:
        sums[account_id] = sums.get(account_id, 0) + amount
    return sums.items()


def _check_amounts(hold: Hold, amounts_minor: Sequence[int]) -> None:
    if len(amounts_minor) != len(hold.legs) or min(amounts_minor) < 0 or not any(amounts_minor):
        raise ValueError("one amount, 0 or more, for each leg, and one above 0")


def _refused(reason: Reason, why: str, account: Account, **facts: int) -> Refused:
    key = account.key
    return Refused(
        reason,
        f"{key.owner} {key.kind} {key.unit}: {why}",
        metadata={"owner": key.owner, "kind": key.kind, "unit": key.unit, **facts},
    )


def _short(account: Account, why: str, available_minor: int, wanted_minor: int) -> Refused:
    return _refused(
        Reason.INSUFFICIENT_FUNDS,
        f"{why} than that",
        account,
        available_minor=available_minor,
        wanted_minor=wanted_minor,
    )

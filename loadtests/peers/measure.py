"""Rounds of ours and a peer in turn, on the same carts; each answer is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from loadtests.peers.peer import Discounts, Peer
from loadtests.peers.problems import Cart, Problem, discounts_cents

ROUNDS, WARM_UPS = 7, 2
# Carts are priced again and again, so that a round takes at least a tenth of a second or so.
REPEATS_OURS = {5: 50, 20: 20, 100: 5, 1_000: 1}
REPEATS = {5: 50, 20: 15, 100: 5, 1_000: 1}
# oscar is asked fewer carts the longer it takes, and none where one would take many minutes.
OSCAR_CARTS = {5: 8, 20: 4, 100: 1}

Price = Callable[[Sequence[Cart], int], tuple[float, Discounts]]


class DisagreeError(Exception):
    """An engine prices a cart otherwise than the formula does."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Ours against a peer, on the first so many carts of a problem."""

    peer: Peer
    carts: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Medians over the rounds; `over_ours` is the median of each round's own ratio."""

    ours_s: float
    theirs_s: float
    over_ours: float


def contests(promotions: int, peers: Sequence[Peer], carts: int) -> list[Contest]:
    """Which engines are asked how many carts of so many promotions, and how often."""
    found = []
    for peer in peers:
        if peer.name != "oscar":
            found.append(Contest(peer, carts, REPEATS[promotions]))
        elif promotions in OSCAR_CARTS:
            found.append(Contest(peer, min(carts, OSCAR_CARTS[promotions]), 1))
    return found


def compare(given: Problem, ours: Price, contest: Contest) -> Discounts:
    """What the lines of the contest's carts lose, on which both engines and the formula agree.
    Raises DisagreeError."""
    carts = given.carts[: contest.carts]
    expected = [discounts_cents(given, cart) for cart in carts]
    _checked("rangli", ours(carts, 1), expected)
    _checked(contest.peer.name, contest.peer.price(carts, 1), expected)
    return expected


def race(given: Problem, ours: Price, contest: Contest) -> Outcome:
    """Ours and theirs in turn; the first rounds only warm them up. Raises DisagreeError."""
    carts = given.carts[: contest.carts]
    expected = [discounts_cents(given, cart) for cart in carts]
    rounds = [
        (
            _checked("rangli", ours(carts, REPEATS_OURS[len(given.promotions)]), expected),
            _checked(contest.peer.name, contest.peer.price(carts, contest.repeats), expected),
        )
        for _ in range(WARM_UPS + ROUNDS)
    ][WARM_UPS:]
    return Outcome(
        ours_s=median(ours_s for ours_s, _ in rounds),
        theirs_s=median(theirs_s for _, theirs_s in rounds),
        over_ours=median(theirs_s / ours_s for ours_s, theirs_s in rounds),
    )


def _checked(name: str, priced: tuple[float, Discounts], expected: Discounts) -> float:
    seconds, discounts = priced
    if discounts != expected:
        raise DisagreeError(f"{name} answered {discounts}, not {expected}")
    return seconds

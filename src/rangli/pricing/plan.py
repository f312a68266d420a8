"""What the price kernel reads and answers: integers only, no names of promotions.

`Programs` says what each activity does; it belongs to the catalogue and all quotes share it.
`Tree` says how a policy lets them share the work; it belongs to the policy. `Plan` says which
programs act on which lines of one cart, in which order. `Outcome` is the answer. Amounts are minor
units, rates basis points. Arrays are `array('q')` (int64); an array of rows holds the fields of its
row class, row after row, in the order of the class.

Whatever breaks the bounds below is refused with ValueError by both kernels; `bounds.py` is their
readable form. Programs that no step uses are not looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import TypeVar

from rangli.activities.program import Base, Leftover, Rounding, RoundingOf, StopScope, Weight
from rangli.core.money import CART_MINOR_MAX

# No amount, threshold, cap or limit in a program is larger.
VALUE_MAX = CART_MINOR_MAX
NO_LIMIT = -1

Row = TypeVar("Row")


class Mode(IntEnum):
    """How the members of a group (its steps, or its child groups) share the work."""

    ALL = 1  # each in order
    FIRST = 2  # the first that gives anything
    LARGEST = 3  # the `most` that give most, each judged by itself at group start
    SMALLEST = 4  # the `most` that give least, but something
    BEST = 5  # any, at most `most`, so that the whole cart ends up cheapest: open to the search


class Scope(IntEnum):
    """What has winners of its own in a group that is not ALL; an ALL group does not read it."""

    CART = 1
    LINE = 2
    UNIT = 3


class Status(IntEnum):
    """What became of a step."""

    APPLIED = 1
    CONDITION_NOT_MET = 2  # a condition, a tier, a multiplier or a pattern
    BEATEN = 3  # others of its group won
    NO_EFFECT = 4  # nothing is left to take, or the price is lower already
    EXCLUDED = 5  # by exclusion, compatibility, exclusiveness or a stop of an applied step
    LIMIT_REACHED = 6  # of what its limits leave there is nothing, or less than wanted (no cut)
    NOT_CHOSEN = 7  # the search found a cheaper cart without it
    CLAMPED = 8  # floors or the most that may be given away left nothing to take


@dataclass(slots=True)
class Group:
    """A node of a policy's tree, in preorder.

    parent: number of its parent, -1 for the root groups; roots act in order as members of ALL do.
    mode, scope: see above. A group with child groups has scope CART. A BEST group stands under
        ALL groups only, has no child groups, and scope CART or LINE. With scope UNIT only effects
        at UNIT without a pattern, and ENTRY, give anything.
    base: what its members' discounts are computed on, a `Base` up to ORIGINAL. In a group that is
        not ALL, members are judged at group start, and winners act in order.
    most: how many members may give something (per line, per unit with those scopes); 0: as many
        as like with ALL and BEST, one with the others. BEST with scope LINE: one, whatever it says.
    limit_minor: most that its members take in a cart; 0: no limit. They take in turn. Members of
        its child groups count.
    any_order: with BEST and CART: 1: the search may also choose the order in which they act.
    resets: 1: at its start no unit counts as used.
    zero_counts: 1: a step that is met but takes nothing counts as applied: it wins FIRST, stops,
        excludes. Met is what ends as NO_EFFECT or CLAMPED, which it stays in the answer. Where all
        are judged at group start, it wins nothing, but is in force once the winners have acted;
        likewise `stop_matched`.
    """

    parent: int = -1
    mode: int = Mode.ALL
    scope: int = Scope.CART
    base: int = Base.RUNNING
    most: int = 0
    limit_minor: int = 0
    any_order: int = 0
    resets: int = 0
    zero_counts: int = 0


@dataclass(slots=True)
class Money:
    """Roundings that an effect leaves to the policy. See `program.py`.

    share_again: 1: what a floored or capped line cannot take is shared among the others by the
        same rule, as long as they can take it; 0: it is lost.
    """

    rounding: int = Rounding.HALF_UP
    rounding_of: int = RoundingOf.DISCOUNT
    weight: int = Weight.RUNNING
    share_rounding: int = Rounding.DOWN
    leftover: int = Leftover.LARGEST_ERROR
    share_again: int = 1


@dataclass(slots=True)
class CartRow:
    """A line of the cart, or a delivery group; in the order that decides ties.

    unit_minor: list price of one unit, 0 or more; times quantity at most 10^12.
    quantity: 1 to 10^6; of delivery 1.
    outside_minor: discounts granted outside, 0 up to the list amount.
    floor_minor: what the line must cost at least, 0 up to the list amount less outside_minor.
    other_minor: the list price of a unit in the other price basis, bounded as unit_minor; -1 if it
        is not known (then a condition that reads it is unknown, actual 0).
    product: lines with the same number are the same product.
    delivery: 1: a delivery group: no product.
    """

    unit_minor: int
    quantity: int = 1
    outside_minor: int = 0
    floor_minor: int = 0
    other_minor: int = -1
    product: int = 0
    delivery: int = 0


@dataclass(slots=True)
class StepRow:
    """An activity at work on some lines.

    group: number of a group without child groups; never falls over the steps. Within a group
        steps stand in acting order, which also decides ties.
    program: number in `Programs`.
    lines: how many lines it may act on; they stand in `Plan.lines`, one step's after the other's.
    lists: how many lists of lines of its own it has, numbered from 1; see `Plan.list_ends`.
    facts: how many facts it has; see `Plan.facts`.
    entries: 1: `Plan.entries` has a row for each of its lines.
    credential: 1: it takes a credential, of which the search prefers to use fewer.
    exclusion: steps with the same number above 0 exclude each other: the first that applies
        stays alone.
    exclusive: 1: applies only if nothing has, and nothing applies after it.
    stop: a `StopScope`. LINE closes the lines it took something off, or all it was judged on if
        it took nothing.
    stop_matched: 1: it stops when its conditions are met, even if it takes nothing.
    labels, allows: bits. Two steps may both apply only if each allows a label of the other;
        allows = -1 allows everybody, also those without a label.
    amount_left, units_left, uses_left: what limits leave of its discount, units and applications
        (multiples, sets); NO_LIMIT: no such limit. Units are those that effects at UNIT take
        something off, rewarded units of patterns and units of gifts.
    cut: 1: where a limit leaves less than wanted, less is given; 0: then nothing.
    """

    group: int
    program: int
    lines: int
    lists: int = 0
    facts: int = 0
    entries: int = 0
    credential: int = 0
    exclusion: int = 0
    exclusive: int = 0
    stop: int = StopScope.NONE
    stop_matched: int = 0
    labels: int = 0
    allows: int = -1
    amount_left: int = NO_LIMIT
    units_left: int = NO_LIMIT
    uses_left: int = NO_LIMIT
    cut: int = 1


@dataclass(slots=True)
class EntryRow:
    """What a price entry does to a line: kind is PRICE, OFF (both per unit) or PERCENT."""

    kind: int
    value: int
    per: int = 1


@dataclass(frozen=True, slots=True)
class Tree:
    """A policy as the kernel reads it.

    groups: rows of `Group`, at most 64. money: one row of `Money`.
    node_limit: most nodes the search visits, 1 to 10^6. 1: only the first descent, in which a
        BEST group is decided as a LARGEST one.
    """

    groups: array[int]
    money: array[int]
    node_limit: int = 1


@dataclass(slots=True)
class Plan:
    """One cart of N lines and S steps. Not frozen, since one is made per quote.

    cart: rows of `CartRow`; at most 500 lines and 100 delivery groups, list amounts at most 10^13
        together.
    steps: rows of `StepRow`.
    lines: each step's lines, rising.
    entries: rows of `EntryRow`, for the steps that have them.
    list_ends: for each list of each step, where in list_lines it ends; it begins where the one
        before it (of whichever step) ends.
    list_lines: numbers of lines, rising within a list.
    facts: each step's facts: 0 false, 1 unknown, 2 true.
    off_max_minor: most that all steps together may take; NO_LIMIT.
    node_limit: as in `Tree`, if above 0 in its place.
    trace: 1: say of every leaf of every condition what it was (`Outcome.leaves`).
    """

    cart: array[int]
    steps: array[int]
    lines: array[int]
    entries: array[int]
    list_ends: array[int]
    list_lines: array[int]
    facts: array[int]
    off_max_minor: int = NO_LIMIT
    node_limit: int = 0
    trace: int = 0


@dataclass(slots=True)
class TakeRow:
    """What an effect takes off some units of a line; above 0.

    effect: number of the effect in its program. application: number of the set, from 0, of an
        effect with a pattern; else 0. unit_first, units: which units of the line, from 0; together
        they cost `off_minor` less, split over them cumulatively: the first k of n units bear
        off_minor * k // n. Rows stand by step, effect, application, then line and unit.
    """

    step: int
    effect: int
    application: int
    line: int
    unit_first: int
    units: int
    off_minor: int


@dataclass(slots=True)
class GrantRow:
    """What a GIFT adds to the cart, or an EARN gives. amount: units, or what is earned."""

    step: int
    effect: int
    amount: int


@dataclass(slots=True)
class ResultRow:
    """What became of a step.

    status: a `Status`. Of a step that did not apply off, worth, tier and times are 0; of one
        BEATEN, NOT_CHOSEN or EXCLUDED all is 0 but base_minor and beaten_by, beaten_minor.
    base_minor: what was left on its lines when it was judged; 0 if it was not, or EXCLUDED.
    off_minor: sum of its takes; worth_minor: that and the worth of what it gives, which is what
        members of a group compete with.
    tier: 1 for the first tier, and so on, of its first effect that reached one; 0 if none, and if
        that effect's only tier has minimum 0.
    times: how often it was given: sets, of its first effect that formed any; else the multiplier;
        1 without; 0 if not.
    cond: with CONDITION_NOT_MET the number of the first leaf that failed, in its program; -1 if
        it was a tier, a multiplier or a pattern.
    measure, required, actual: of what failed. A pattern tells QUANTITY and the units of its first
        component that could not be filled.
    beaten_by, beaten_minor: with BEATEN, NOT_CHOSEN and EXCLUDED the step that won or excluded it,
        and by how much more it gave (BEATEN; at least 0); else -1 and 0.
    clamped_minor: what floors and guards kept back of what it wanted. Effects tried before the one
        that first_only chose count, but not where scope LINE or UNIT lets the step act on what it
        won: there the one chosen acts alone.
    cut_minor: what limits of money kept back of what it wanted; all of it where they leave less
        than wanted and cut is 0.
    """

    status: int
    base_minor: int = 0
    off_minor: int = 0
    worth_minor: int = 0
    tier: int = 0
    times: int = 0
    cond: int = -1
    measure: int = 0
    required: int = 0
    actual: int = 0
    beaten_by: int = -1
    beaten_minor: int = 0
    clamped_minor: int = 0
    cut_minor: int = 0


@dataclass(slots=True)
class LeafRow:
    """A leaf of a condition as it was judged. truth: 0 false, 1 unknown, 2 true."""

    step: int
    cond: int
    actual: int
    truth: int


@dataclass(slots=True)
class Outcome:
    """What a plan comes to. No amount is negative.

    payable: N; list amount less outside_minor less the line's takes, exactly.
    results: S rows of `ResultRow`.
    takes: rows of `TakeRow`.
    shares: for each take its funders' amounts in turn, as many as its program has; they sum to
        the take.
    grants: rows of `GrantRow`. leaves: rows of `LeafRow`, if the plan asks for a trace.
    nodes: how many nodes the search visited; 1 if there was nothing to choose.
    proven: 1: no choice that the policy leaves open makes the cart cheaper.
    gap_minor: by how much the cart could at most be cheaper; 0 if proven.
    order: the steps that applied, as they acted, if the tree has a group of any order; else empty:
        they acted as they stand.
    """

    payable: array[int]
    results: array[int]
    takes: array[int]
    shares: array[int]
    grants: array[int]
    leaves: array[int]
    nodes: int = 1
    proven: int = 1
    gap_minor: int = 0
    order: array[int] = field(default_factory=lambda: array("q"))


_WIDTHS: dict[type, int] = {}  # to ask for a class's fields makes them anew each time


def width(row: type) -> int:
    """How many integers a row of the class takes."""
    known = _WIDTHS.get(row)
    if known is None:
        known = _WIDTHS[row] = len(fields(row))
    return known


def rows(numbers: Sequence[int], row: type[Row]) -> list[Row]:
    """The rows of a class that an array holds."""
    step = width(row)
    return [row(*numbers[at : at + step]) for at in range(0, len(numbers), step)]

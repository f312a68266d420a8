"""What an activity asks of the price kernel: conditions, effects and funders, as plain integers.

A program is what an activity's spec compiles to. The kernel knows nothing else of an activity, so
a new effect that these few primitives can express changes no kernel.

Every row class below holds integers only. `assemble` lays its rows out flat, field after field in
the order of the class; the compiled kernel lays C structs with the same fields over them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from operator import attrgetter
from typing import Any

# Which lines something reads or acts on: the step's own eligible lines; 1, 2, ... are the lists
# of lines that the plan names for the step; negative: of the whole cart.
ELIGIBLE = 0
ALL_PRODUCTS = -1
ALL_WITH_DELIVERY = -2

# Whether a condition holds. What the cart does not say is unknown, and unknown is not met.
FALSE, UNKNOWN, TRUE = 0, 1, 2


class Base(IntEnum):
    """Which amount of a line is read."""

    RUNNING = 1  # what is left to pay at this moment
    GROUP_START = 2  # what was left when the step's group began
    LIST = 3  # the list amount
    ORIGINAL = 4  # the list amount less discounts granted outside
    OTHER = 5  # the list amount in the other price basis (net for gross); not of discounts


class Measure(IntEnum):
    """What a condition, a tier or a multiplier reads over some lines.

    Delivery groups count with AMOUNT only. Nothing to read makes 0.
    """

    AMOUNT = 1  # minor units, on a `Base`
    QUANTITY = 2  # units
    LINE_QUANTITY = 3  # the largest quantity on one line
    DISTINCT = 4  # different products
    FACT = 5  # a fact of the request: FALSE, UNKNOWN or TRUE; conditions only


class Compare(IntEnum):
    """How a measure is compared with the required value."""

    AT_LEAST = 1
    ABOVE = 2
    EQUAL = 3
    AT_MOST = 4
    BELOW = 5


class Node(IntEnum):
    """What a row of a condition is."""

    LEAF = 1
    ALL = 2
    ANY = 3
    NOT = 4


class Kind(IntEnum):
    """What an effect does. No effect raises a price or takes more than is left."""

    PRICE = 1  # what it acts on costs `value`
    OFF = 2  # `value` off
    PERCENT = 3  # `value` bps off
    ENTRY = 4  # per line the kind (one of the first three), value and per of a price entry
    GIFT = 5  # `value` units are given, each worth `per`
    EARN = 6  # `value` is earned on completion
    EARN_RATE = 7  # `value` bps of the amount are earned on completion


class Place(IntEnum):
    """What an effect acts on one by one: each is priced and rounded on its own."""

    UNIT = 1
    LINE = 2
    POOL = 3  # all together; with a pattern, each set of rewarded units


class Pick(IntEnum):
    """Which units come first. By what is left on one unit; ties to the earlier line and unit."""

    POSITION = 1
    DEAREST = 2
    CHEAPEST = 3
    LAST = 4  # the reverse of POSITION


class Role(IntEnum):
    """What a unit does in a pattern."""

    TRIGGER = 1
    REWARD = 2


class Used(IntFlag):
    """What a unit has been used as, by effects that mark their units."""

    TRIGGER = 1
    REWARD = 2


class Scale(IntFlag):
    """What the multiplier multiplies."""

    VALUE = 1
    UNIT_LIMIT = 2


class OtherPrice(IntFlag):
    """What of an effect is stated in the price basis that is not the cart's."""

    VALUE = 1
    CAP = 2


class GiftMode(IntEnum):
    """How a gift is given."""

    ADD = 1  # always added to the cart
    FREE = 2  # units of it in the cart become free; nothing is added
    TOP_UP = 3  # units in the cart become free, what is missing is added


class Rounding(IntEnum):
    """How a fraction of a minor unit is rounded."""

    HALF_UP = 1
    HALF_DOWN = 2
    HALF_EVEN = 3
    DOWN = 4
    UP = 5


class RoundingOf(IntEnum):
    """What is rounded, the other follows from it."""

    DISCOUNT = 1
    PRICE = 2


class Weight(IntEnum):
    """By what an amount off a pool is shared out."""

    RUNNING = 1
    LIST = 2
    QUANTITY = 3
    EQUAL = 4  # the same for every part
    OTHER = (
        5  # the list amount in the other price basis; where a part does not say it, LIST for all
    )


class Leftover(IntEnum):
    """Who gets the minor units that rounded shares leave over.

    Where rounded shares are too much, the same parts give back in the same order, with
    LARGEST_ERROR those rounded most in their favour; who has nothing is passed over (LAST: the part
    before it gives).
    """

    LARGEST_ERROR = 1  # one each to those rounded most against; ties to the earlier
    FIRST = 2  # one each from the first on
    LAST = 3  # all to the last
    DEAREST = 4  # one each from the largest weight on; ties to the earlier
    CARRY = 5  # carried to the next: every cumulative share is rounded


class StopScope(IntEnum):
    """What an activity ends for those after it."""

    NONE = 0
    LINE = 1  # the lines it acted on
    GROUP = 2  # its group
    ALL = 3  # everything


@dataclass(frozen=True, slots=True)
class Cond:
    """A row of a condition in postfix order; what stands last on the stack must all hold.

    node: a `Node`. LEAF compares; ALL, ANY and NOT join the `arity` rows before it. Truth has
        three values: an unknown fact stays unknown under NOT, and unknown is not met.
    arity: of ALL and ANY at least 1, of NOT 1, of LEAF 0.
    measure, compare, base: a `Measure`, `Compare`, `Base` (read with AMOUNT only). FACT is compared
        AT_LEAST.
    required: minor units or units, 0 to 10^13, or with FACT 2 (true).
    lines: `ELIGIBLE`, the number of one of the step's lists, or one of the negatives above.
    fact: with FACT the number of one of the step's facts, from 0.
    """

    node: int = Node.LEAF
    arity: int = 0
    measure: int = Measure.AMOUNT
    compare: int = Compare.AT_LEAST
    base: int = Base.RUNNING
    required: int = 0
    lines: int = ELIGIBLE
    fact: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """From `minimum` of the effect's tier measure on, these in place of the effect's own.

    minimum: 0 to 10^13, rising over the tiers. kind, value, cap_minor: as in `EffectOp`.
    """

    minimum: int
    kind: int
    value: int
    cap_minor: int = 0


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a pattern: `count` units of these lines in a role, taken by `pick`.

    count: 1 to 10^6. lines: as in `Cond`.
    """

    lines: int
    count: int
    role: int = Role.REWARD
    pick: int = Pick.DEAREST


@dataclass(frozen=True, slots=True)
class EffectOp:
    """One effect of an activity.

    kind, place: a `Kind` and a `Place`. ENTRY reads no place (PRICE and OFF per UNIT, PERCENT per
        LINE, or per UNIT if unit_limit is above 0, the step has units_left, or in a group of scope
        UNIT). GIFT, EARN and EARN_RATE read none either.
    lines: what it acts on; as in `Cond`.
    value: minor units 0 to 10^13, bps 0 to 10,000, units of a gift, or what is earned.
    per: 1 to 10^13; with OFF at UNIT the value is for so many units, others pro rata. With GIFT (0
        to 10^13) the worth of one unit in minor units, which only competition between activities
        reads.
    cap_minor: most that the effect takes in a cart, 0 to 10^13; 0: no cap. Units, lines and sets
        take in turn until it is used up.
    unit_limit: most units it takes anything off, 0 to 10^13; 0: all. Read with UNIT, ENTRY (per
        line) and patterns (rewarded units). With PERCENT at LINE it bounds money: the amount that
        the rate is of is lower by the list amount of a line's units beyond the limit, but not below
        0; so it is at most what so many units cost at list price less what the line has lost.
    limit_per_line: 1: without a pattern unit_limit, and the positions of graduated tiers, count on
        each line by itself.
    pick: which units a limit or a graduated tier takes first. A `Pick`.
    scale: what the program's multiplier multiplies, `Scale` bits: VALUE of OFF, GIFT and EARN. What
        is multiplied stays at most 10^13, likewise with tier_every.
    tiers: the last whose minimum is reached counts; none reached: the effect's condition is not
        met. Empty: the effect's own kind, value and cap count.
    tier_measure, tier_base, tier_lines: what tiers compare their minimum with.
    graduated: 1: tiers are by unit position: units from a tier's minimum (1 = the first unit, in
        pick order; units with nothing left have no position) up to the next tier's take its value,
        each tier at most its own cap. Runs are split where tiers meet. Place is UNIT, no pattern;
        tiers of PRICE, OFF and PERCENT.
    tier_every: 1: the value again for each full `minimum` of the single tier, which is OFF and has
        a minimum of 1 or more; not graduated.
    pattern: sets that must be formed; empty: none. Sets are formed one after the other; in each
        the components take their units in turn from those not yet in a set of this effect. A set
        whose rewards would lose nothing is not formed, nor any after it. With kinds PRICE, OFF and
        PERCENT, place UNIT or POOL, at least one REWARD. Where each component finds all its units
        in one run, as many sets as those runs (and limits) allow are formed at once; see
        `pricing/stacking/patterns.py`.
    repeat_max: most sets, 0: no limit.
    partial: 1: a last set whose triggers are complete may have fewer rewards, at least one.
    spread: 1: what a set takes is booked on all its units by what is left on them, 0: on the
        rewarded ones.
    skip_trigger, skip_reward: units used as these (`Used` bits) are no triggers, or no rewards.
        Without a pattern, skip_reward is read at UNIT only: such units are left alone.
    mark: 1: units of formed sets (or without a pattern, units that something is taken off, as
        rewards) are marked as used.
    rounding, rounding_of, weight, share_rounding, leftover: 0: as the policy says; else a
        `Rounding`, `RoundingOf`, `Weight`, `Rounding` of shares, `Leftover`.
    other_price: `OtherPrice` bits: what is stated in the price basis that is not the cart's. VALUE:
        values of PRICE and OFF, tiers' too, but not of price entries. One for units or a line is
        converted by that line's list price in both bases; one for a set by what its rewarded units
        come to, one for a pool by what all `lines` (ELIGIBLE: the step's) come to at list prices.
        CAP: caps, tiers' too; converted as for a pool. Rounded as the effect rounds, at most 10^13.
        Where a line does not say its other price, or all come to 0 in it, nothing is taken.
    gift_mode: with GIFT a `GiftMode`; `lines` are the lines that hold the gift's product. The worth
        of the units added is at most 10^13.
    """

    kind: int
    place: int = Place.POOL
    lines: int = ELIGIBLE
    value: int = 0
    per: int = 1
    cap_minor: int = 0
    unit_limit: int = 0
    limit_per_line: int = 0
    pick: int = Pick.DEAREST
    scale: int = 0
    tiers: tuple[Tier, ...] = ()
    tier_measure: int = Measure.AMOUNT
    tier_base: int = Base.RUNNING
    tier_lines: int = ELIGIBLE
    graduated: int = 0
    tier_every: int = 0
    pattern: tuple[Component, ...] = ()
    repeat_max: int = 0
    partial: int = 0
    spread: int = 0
    skip_trigger: int = 0
    skip_reward: int = 0
    mark: int = 0
    rounding: int = 0
    rounding_of: int = 0
    weight: int = 0
    share_rounding: int = 0
    leftover: int = 0
    gift_mode: int = 0
    other_price: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """All that the kernel needs to know of one activity.

    conds: see `Cond`; none: always met.
    effects: 1 to 20, in acting order, each on what the ones before left.
    funder_bps: 1 to 10,000 each, 10,000 in all.
    first_only: 1: only the first effect that gives anything acts; 0: all do.
    cap_minor: most that all effects together take in a cart; 0: no cap.
    base: what discounts are computed on, a `Base` up to ORIGINAL; 0: as the group says.
    times_measure: how often the activity is given: a `Measure` (not FACT), 0: once.
    times_base, times_lines: what times_measure reads. Here and in tiers lists are read as by
        conditions; an OTHER amount that is not known is 0.
    times_every: once for each full times_every, 1 to 10^13; fewer: condition not met.
    times_max: at most so often; 0: no limit.
    skip_reduced: 1: eligible lines that cost less than their list amount when the step is judged
        are left out, as if it had not been given them.
    cap_other_price: 1: cap_minor is in the other price basis; converted as an effect's, by the
        step's lines, rounded as the policy says.
    remainder_funder: the funder who bears what rounded shares leave over, counted from 1; 0: those
        who lag most behind their exact shares.
    """

    conds: tuple[Cond, ...]
    effects: tuple[EffectOp, ...]
    funder_bps: tuple[int, ...]
    first_only: int = 0
    cap_minor: int = 0
    base: int = 0
    times_measure: int = 0
    times_base: int = Base.RUNNING
    times_lines: int = ELIGIBLE
    times_every: int = 1
    times_max: int = 0
    skip_reduced: int = 0
    cap_other_price: int = 0
    remainder_funder: int = 0


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Programs:
    """What each of P activities does; nobody may change the arrays.

    programs: as stated. The arrays say the same, row after row:
    heads: `HEAD_FIELDS` of each program; cond_first, effect_first and funder_first are numbers of
        rows below.
    conds: the fields of `Cond`. effects: `EFFECT_FIELDS`. tiers, components: the fields of `Tier`
        and `Component`. funder_bps: one number a row.
    """

    programs: tuple[Program, ...]
    heads: array[int]
    conds: array[int]
    effects: array[int]
    tiers: array[int]
    components: array[int]
    funder_bps: array[int]


def _ints(row: type[Any]) -> tuple[str, ...]:
    """The fields of a row class that are integers (all are but the tuples)."""
    return tuple(field.name for field in fields(row) if not str(field.type).startswith("tuple"))


COND_FIELDS = _ints(Cond)
TIER_FIELDS = _ints(Tier)
COMPONENT_FIELDS = _ints(Component)
EFFECT_FIELDS = (*_ints(EffectOp), "tier_first", "tier_count", "part_first", "part_count")
HEAD_FIELDS = (
    *_ints(Program),
    "cond_first",
    "cond_count",
    "effect_first",
    "effect_count",
    "funder_first",
    "funder_count",
)


def assemble(programs: Sequence[Program]) -> Programs:
    """The programs as the kernels read them, in this order."""
    heads, conds, effects, tiers, components, funder_bps = (array("q") for _ in range(6))
    for program in programs:
        first = len(conds) // len(COND_FIELDS), len(effects) // len(EFFECT_FIELDS), len(funder_bps)
        counts = len(program.conds), len(program.effects), len(program.funder_bps)
        heads.extend(_of_program(program))
        for begin, count in zip(first, counts, strict=True):
            heads.extend((begin, count))
        conds.extend(_flat(program.conds, _of_cond))
        for effect in program.effects:
            effects.extend(_of_effect(effect))
            effects.extend((len(tiers) // len(TIER_FIELDS), len(effect.tiers)))
            effects.extend((len(components) // len(COMPONENT_FIELDS), len(effect.pattern)))
            tiers.extend(_flat(effect.tiers, _of_tier))
            components.extend(_flat(effect.pattern, _of_component))
        funder_bps.extend(program.funder_bps)
    return Programs(tuple(programs), heads, conds, effects, tiers, components, funder_bps)


_of_program = attrgetter(*_ints(Program))
_of_effect = attrgetter(*_ints(EffectOp))
_of_cond = attrgetter(*COND_FIELDS)
_of_tier = attrgetter(*TIER_FIELDS)
_of_component = attrgetter(*COMPONENT_FIELDS)


def _flat(rows: Iterable[Any], values: attrgetter[tuple[int, ...]]) -> Iterable[int]:
    """The integers of rows, row after row."""
    return (value for row in rows for value in values(row))

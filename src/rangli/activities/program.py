"""What an activity asks of the price kernel: conditions, tiers and funders, as plain integers.

A program is what an effect compiles to. The kernel knows nothing else of an activity, so a new
effect that these few operations can express changes no kernel.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate


class Measure(IntEnum):
    """What a condition compares with its required value."""

    AMOUNT = 1
    QUANTITY = 2


class ConditionBase(IntEnum):
    """The amounts a condition reads."""

    RUNNING = 1  # what is left to pay when the step is judged
    LIST = 2


class Op(IntEnum):
    """What a step does to the price. It never raises one and never takes more than is left."""

    UNIT_PRICE = 1  # each unit costs `value`
    UNIT_OFF = 2  # `value` off every `per` units, others pro rata, half up per line
    LINE_OFF = 3  # `value` off each line
    LINE_PERCENT = 4  # `value` bps off each line, half up per line
    POOL_OFF = 5  # `value` off the lines together, apportioned
    POOL_PERCENT = 6  # `value` bps off the lines together, half up once, apportioned
    ENTRY = 7  # each pair brings its own op (the first four), value and per: price books


@dataclass(frozen=True, slots=True)
class Cond:
    """`measure` on `base` must be at least `required`.

    own: it reads lines of its own (its own product target), not the activity's eligible lines.
    """

    measure: Measure
    base: ConditionBase
    required: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class TierOp:
    """One tier: from `min_amount_minor` on, do `op` with `value`.

    value: minor units or basis points, as the op reads it.
    per: with UNIT_OFF, the value is for so many units.
    cap_minor: most that is given; 0 for no cap.
    unit_limit: with UNIT_OFF, the most units; 0 for all.
    every: the amount again for each full multiple of min_amount_minor.
    """

    op: Op
    value: int = 0
    min_amount_minor: int = 0
    per: int = 1
    cap_minor: int = 0
    unit_limit: int = 0
    every: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """All that the kernel needs to know of one activity."""

    conds: tuple[Cond, ...]
    tiers: tuple[TierOp, ...]
    funder_bps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Programs:
    """What each of P activities does. Immutable; nobody may change the arrays either.

    prog_conds: P+1 offsets into the four cond_ arrays. All conditions must hold.
    cond_measure: a `Measure`.
    cond_base: a `ConditionBase`; read with AMOUNT only.
    cond_required: least value, in minor units or units of products.
    cond_own: 1: the condition reads lines of its own, which the plan names per step; 0: those of
        the step's pairs.
    prog_tiers: P+1 offsets into the seven tier_ arrays, at least one tier each, thresholds rising.
        The last tier whose tier_min is reached counts.
    tier_min: 0 to 10^13, compared with what is left to pay on the step's lines; 0: always reached.
    tier_op: an `Op`.
    tier_value: 0 to 10^13 minor units, or 0 to 10,000 bps. Not read with ENTRY.
    tier_per: units that tier_value is for, 1 to 10^13. Read with UNIT_OFF only.
    tier_cap: most that is given, 0 to 10^13 minor units; 0: no cap. Read with pool ops only.
    tier_limit: most units taken, 0 to 10^13; 0: no limit. Read with UNIT_OFF only. Units are taken
        dearest first by what is left on a unit, ties to the earlier line.
    tier_every: 1: tier_value is multiplied by how often tier_min is contained in what it is
        compared with; 0: not. Read with UNIT_OFF, LINE_OFF and POOL_OFF and a tier_min above 0.
    prog_funders: P+1 offsets into funder_bps, at least one funder each.
    funder_bps: 1 to 10,000; those of a program sum to 10,000.
    """

    prog_conds: array[int]
    cond_measure: array[int]
    cond_base: array[int]
    cond_required: array[int]
    cond_own: array[int]
    prog_tiers: array[int]
    tier_min: array[int]
    tier_op: array[int]
    tier_value: array[int]
    tier_per: array[int]
    tier_cap: array[int]
    tier_limit: array[int]
    tier_every: array[int]
    prog_funders: array[int]
    funder_bps: array[int]


def assemble(programs: Sequence[Program]) -> Programs:
    """The programs as the kernel reads them, in this order."""
    conds = [cond for program in programs for cond in program.conds]
    tiers = [tier for program in programs for tier in program.tiers]
    return Programs(
        prog_conds=_offsets(len(program.conds) for program in programs),
        cond_measure=array("q", (cond.measure for cond in conds)),
        cond_base=array("q", (cond.base for cond in conds)),
        cond_required=array("q", (cond.required for cond in conds)),
        cond_own=array("q", (cond.own for cond in conds)),
        prog_tiers=_offsets(len(program.tiers) for program in programs),
        tier_min=array("q", (tier.min_amount_minor for tier in tiers)),
        tier_op=array("q", (tier.op for tier in tiers)),
        tier_value=array("q", (tier.value for tier in tiers)),
        tier_per=array("q", (tier.per for tier in tiers)),
        tier_cap=array("q", (tier.cap_minor for tier in tiers)),
        tier_limit=array("q", (tier.unit_limit for tier in tiers)),
        tier_every=array("q", (tier.every for tier in tiers)),
        prog_funders=_offsets(len(program.funder_bps) for program in programs),
        funder_bps=array("q", (bps for program in programs for bps in program.funder_bps)),
    )


def _offsets(lengths: Iterable[int]) -> array[int]:
    return array("q", accumulate(lengths, initial=0))

"""What the price kernel reads and answers: integer arrays, no names of promotions.

`Programs` says what each activity does; it belongs to the catalogue and all quotes share it.
`Plan` says which programs act on which lines of one cart, and in which order. `Outcome` is the
answer. Every field is an `array('q')` (int64). Amounts are minor units, rates basis points.

Lists of lists lie flat: `xs_of` holds one offset more than there are owners, and owner i has the
entries from `xs_of[i]` up to, not including, `xs_of[i + 1]`.

Whatever breaks the bounds below is refused with ValueError by both kernels; `bounds.py` is their
readable form. Programs that no step uses are not looked at.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import IntEnum

from rangli.core.money import CART_MINOR_MAX

# No amount, threshold, cap or limit in a program is larger.
VALUE_MAX = CART_MINOR_MAX


class Mode(IntEnum):
    """How the steps of a group share the work."""

    ALL = 1  # each in order, on what the ones before left
    BEST = 2  # one winner; all are judged and computed on the values at group start


class Scope(IntEnum):
    """What has one winner in a BEST group; an ALL group does not read it."""

    CART = 1
    LINE = 2


class GroupBase(IntEnum):
    """The amounts a discount is computed on. Whatever it is, it is limited by what is left."""

    RUNNING = 1  # what is left when the step acts
    GROUP_START = 2  # what was left when its group began
    LIST = 3


class Status(IntEnum):
    """What became of a step."""

    APPLIED = 1
    CONDITION_NOT_MET = 2
    BEATEN = 3
    NO_EFFECT = 4


# Not frozen, since one is made per quote and freezing triples what that costs; nobody changes one.
@dataclass(slots=True)
class Plan:
    """One cart of N lines, and S steps in G groups that act on it.

    unit_minor: N list prices of one unit, lines in the order that decides ties. 0 or more; times
        quantity at most 10^12, all together at most 10^13. N is at most 500.
    quantity: N numbers of units, 1 to 10^6.
    group_mode: G `Mode`s, groups in the order in which they act.
    group_scope: G `Scope`s.
    group_base: G `GroupBase`s.
    step_group: S indices of groups, never falling; within a group steps stand in acting order,
        which also decides ties.
    step_program: S indices into `Programs`.
    step_pairs: S+1 offsets into the four pair_ arrays: the lines a step may act on.
    pair_line: index of the line, rising within a step.
    pair_op: with a tier of ENTRY one of the first four `Op`s. Not read otherwise.
    pair_value: likewise, as tier_value.
    pair_per: likewise, as tier_per.
    step_own: S+1 offsets into own_lines: how many conditions with lines of their own come before.
    own_lines: offsets into own_line, one more than there are such conditions.
    own_line: indices of lines, rising within a condition.
    """

    unit_minor: array[int]
    quantity: array[int]
    group_mode: array[int]
    group_scope: array[int]
    group_base: array[int]
    step_group: array[int]
    step_program: array[int]
    step_pairs: array[int]
    pair_line: array[int]
    pair_op: array[int]
    pair_value: array[int]
    pair_per: array[int]
    step_own: array[int]
    own_lines: array[int]
    own_line: array[int]


@dataclass(slots=True)
class Outcome:
    """What a plan comes to. All amounts are minor units, none is negative.

    line_payable: N; list amount less the pair_off of the line's pairs, exactly.
    step_status: S `Status`es.
    step_base: what was left to pay on the step's lines when it was judged.
    step_off: sum of its pair_off; above 0 if APPLIED, else 0.
    step_tier: 1 for the first tier, and so on; 0 if none is reached, or if there is nothing to
        reach because the program's only tier has a tier_min of 0.
    step_measure, step_required, step_actual: with CONDITION_NOT_MET the `Measure` of the first
        condition that failed (AMOUNT for the first tier), what it had to be and what it was.
    step_beaten_by: with BEATEN the index of the step that won, else -1.
    step_beaten_minor: with BEATEN by how much, else 0.
    pair_off: what each pair took, aligned with the plan's pairs.
    step_shares: S+1 offsets into share_off.
    share_off: for each step a table of its pairs by its program's funders, pair after pair: what
        each funder pays. A pair's row sums to its pair_off.
    """

    line_payable: array[int]
    step_status: array[int]
    step_base: array[int]
    step_off: array[int]
    step_tier: array[int]
    step_measure: array[int]
    step_required: array[int]
    step_actual: array[int]
    step_beaten_by: array[int]
    step_beaten_minor: array[int]
    pair_off: array[int]
    step_shares: array[int]
    share_off: array[int]

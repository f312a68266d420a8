"""The bounds that `plan.py` states, as a check: what both kernels refuse."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise

from rangli.activities.program import ConditionBase, Measure, Op, Programs
from rangli.core.money import BPS, CART_MINOR_MAX, LINE_MINOR_MAX, LINES_MAX, QUANTITY_MAX
from rangli.pricing.plan import VALUE_MAX, GroupBase, Mode, Plan, Scope

_MODES, _SCOPES, _GROUP_BASES = set(Mode), set(Scope), set(GroupBase)
_MEASURES, _CONDITION_BASES, _OPS = set(Measure), set(ConditionBase), set(Op)
_LINE_OPS = {Op.UNIT_PRICE, Op.UNIT_OFF, Op.LINE_OFF, Op.LINE_PERCENT}
_PERCENT_OPS = {Op.LINE_PERCENT, Op.POOL_PERCENT}


def check(programs: Programs, plan: Plan) -> None:
    """Raise ValueError if the plan, or a program it uses, breaks the bounds of `plan.py`."""
    _check_lines(plan)
    _check_groups(plan)
    _check_shapes(programs, plan)
    for step, program in enumerate(plan.step_program):
        _require(0 <= program < len(programs.prog_tiers) - 1, "step_program names no program")
        own = _check_conditions(programs, program)
        _require(own == plan.step_own[step + 1] - plan.step_own[step], "own lines do not fit")
        _check_funders(programs, program)
        tiers = _check_tiers(programs, program)
        first, end = plan.step_pairs[step], plan.step_pairs[step + 1]
        _check_indices(plan.pair_line[first:end], len(plan.unit_minor))
        if any(programs.tier_op[tier] == Op.ENTRY for tier in tiers):
            for pair in range(first, end):
                op = plan.pair_op[pair]
                _require(op in _LINE_OPS, "pair_op is none of the first four")
                _check_value(op, plan.pair_value[pair], plan.pair_per[pair])


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _check_lines(plan: Plan) -> None:
    _require(len(plan.unit_minor) == len(plan.quantity) <= LINES_MAX, "number of lines")
    cart_minor = 0
    for unit_minor, quantity in zip(plan.unit_minor, plan.quantity, strict=True):
        _require(unit_minor >= 0 and 1 <= quantity <= QUANTITY_MAX, "unit_minor or quantity")
        _require(unit_minor * quantity <= LINE_MINOR_MAX, "list amount of a line")
        cart_minor += unit_minor * quantity
    _require(cart_minor <= CART_MINOR_MAX, "list amount of the cart")


def _check_groups(plan: Plan) -> None:
    groups = len(plan.group_mode)
    _require(len(plan.group_scope) == len(plan.group_base) == groups, "number of groups")
    for mode, scope, base in zip(plan.group_mode, plan.group_scope, plan.group_base, strict=True):
        _require(mode in _MODES and scope in _SCOPES, "group_mode or group_scope")
        _require(base in _GROUP_BASES, "group_base")
    last = 0
    for group in plan.step_group:
        _require(last <= group < groups, "step_group falls or names no group")
        last = group


def _check_shapes(programs: Programs, plan: Plan) -> None:
    steps, pairs = len(plan.step_group), len(plan.pair_line)
    _require(len(plan.step_program) == steps, "number of steps")
    _require(len(plan.pair_op) == pairs, "number of pairs")
    _require(len(plan.pair_value) == len(plan.pair_per) == pairs, "number of pairs")
    _check_offsets(plan.step_pairs, steps, pairs)
    _check_offsets(plan.step_own, steps, len(plan.own_lines) - 1)
    _check_offsets(plan.own_lines, len(plan.own_lines) - 1, len(plan.own_line))
    for first, end in pairwise(plan.own_lines):
        _check_indices(plan.own_line[first:end], len(plan.unit_minor))
    conds, tiers = len(programs.cond_measure), len(programs.tier_min)
    for column in (programs.cond_base, programs.cond_required, programs.cond_own):
        _require(len(column) == conds, "number of conditions")
    for column in _tier_columns(programs):
        _require(len(column) == tiers, "number of tiers")
    _require(len(programs.prog_tiers) > 0, "prog_tiers is empty")
    _require(len(programs.prog_conds) == len(programs.prog_tiers), "number of programs")
    _require(len(programs.prog_funders) == len(programs.prog_tiers), "number of programs")


def _tier_columns(programs: Programs) -> tuple[array[int], ...]:
    return (
        programs.tier_op,
        programs.tier_value,
        programs.tier_per,
        programs.tier_cap,
        programs.tier_limit,
        programs.tier_every,
    )


def _check_offsets(offsets: Sequence[int], owners: int, entries: int) -> None:
    _require(owners >= 0 and len(offsets) == owners + 1, "number of offsets")
    _require(offsets[0] == 0 and offsets[-1] == entries, "offsets do not cover their entries")
    for first, end in pairwise(offsets):
        _require(first <= end, "offsets fall")


def _check_indices(indices: array[int], count: int) -> None:
    last = -1
    for index in indices:
        _require(last < index < count, "lines do not rise or name no line")
        last = index


def _check_span(offsets: array[int], owner: int, entries: int) -> range:
    first, end = offsets[owner], offsets[owner + 1]
    _require(0 <= first <= end <= entries, "offsets of a program")
    return range(first, end)


def _check_conditions(programs: Programs, program: int) -> int:
    """How many of the program's conditions read lines of their own."""
    own = 0
    for cond in _check_span(programs.prog_conds, program, len(programs.cond_measure)):
        measure = programs.cond_measure[cond]
        _require(measure in _MEASURES, "cond_measure")
        if measure == Measure.AMOUNT:
            _require(programs.cond_base[cond] in _CONDITION_BASES, "cond_base")
        _require(programs.cond_own[cond] in {0, 1}, "cond_own")
        own += programs.cond_own[cond]
    return own


def _check_tiers(programs: Programs, program: int) -> range:
    tiers = _check_span(programs.prog_tiers, program, len(programs.tier_min))
    _require(len(tiers) > 0, "a program without a tier")
    for tier in tiers:
        op = programs.tier_op[tier]
        _require(op in _OPS, "tier_op")
        _require(0 <= programs.tier_min[tier] <= VALUE_MAX, "tier_min")
        _require(0 <= programs.tier_cap[tier] <= VALUE_MAX, "tier_cap")
        _require(0 <= programs.tier_limit[tier] <= VALUE_MAX, "tier_limit")
        _require(programs.tier_every[tier] in {0, 1}, "tier_every")
        if op != Op.ENTRY:
            _check_value(op, programs.tier_value[tier], programs.tier_per[tier])
    return tiers


def _check_value(op: int, value: int, per: int) -> None:
    percent = op in _PERCENT_OPS
    _require(0 <= value <= (BPS if percent else VALUE_MAX), "value")
    _require(op != Op.UNIT_OFF or 1 <= per <= VALUE_MAX, "per")


def _check_funders(programs: Programs, program: int) -> None:
    funders = _check_span(programs.prog_funders, program, len(programs.funder_bps))
    for funder in funders:
        _require(1 <= programs.funder_bps[funder] <= BPS, "funder_bps")
    _require(sum(programs.funder_bps[funder] for funder in funders) == BPS, "shares of funders")

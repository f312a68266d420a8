"""Activities that never win, since another one of their group always gives at least as much.

Only what is certain is told: taking a shadowed activity out changes no price (unless a request says
that a limit of the other one is used up).
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import replace

from rangli.activities.live import LiveActivity
from rangli.activities.program import (
    ELIGIBLE,
    Compare,
    Cond,
    EffectOp,
    Kind,
    Node,
    Place,
    Program,
    Tier,
)
from rangli.pricing.lint import products, reach
from rangli.pricing.lint.model import Finding, FindingKind, Look, Severity
from rangli.pricing.lint.pairs import Pairs
from rangli.pricing.matched import NO_END, NO_PLACE
from rangli.pricing.plan import Group, Mode, Scope

_MONEY = (Kind.PRICE, Kind.OFF, Kind.PERCENT)


def pairs_of(look: Look) -> Pairs:
    """Who may be in whose shade: those of a group that do the same kind of thing.

    Those that give most are found first.
    """
    place = look.policy.place
    # Asked for again and again, and large to compare.
    pools: dict[str, Hashable] = {}
    for activity in look.active:
        number = place(activity)
        if number is not None and _one_wins(look.groups[number]):
            pools[activity.activity_id] = number, _shape(activity.program)
    # Where several win side by side, what one of them forbids may hit the wide one alone.
    strict = {place(a) for a in look.active if a.exclusive or a.combines_with or a.stop is not None}
    posted = [
        activity
        for activity in look.active
        if not activity.credential
        and activity.activity_id in pools
        and _may_win_always(look, activity, strict)
    ]
    posted.sort(key=lambda activity: (_weakness(activity.program), activity.activity_id))
    return Pairs(look, lambda a: pools.get(a.activity_id), posted)


def find(look: Look, pairs: Pairs) -> Iterator[Finding]:
    """One finding for each activity that another one shadows."""
    for narrow in look.active:
        number = look.policy.place(narrow)
        if number is None or not look.wants(narrow.activity_id):
            continue
        wide = next(
            (w for w in pairs.of(narrow) if shadows(look, number, narrow=narrow, wide=w)), None
        )
        if wide is not None:
            yield _finding(narrow, wide, look.policy.group_names[number])


def shadows(look: Look, number: int, *, narrow: LiveActivity, wide: LiveActivity) -> bool:
    """Whether the one surely never acts, since the other one of the same group always wins."""
    return (
        reach.always_there(look, narrow, wide)
        and _as_free(narrow, wide)
        and _first(look, number, wide, narrow)
        and _gives_as_much(look, narrow, wide)
    )


def _finding(narrow: LiveActivity, wide: LiveActivity, group: str) -> Finding:
    ids = narrow.activity_id, wide.activity_id
    kind = FindingKind.USELESS_CREDENTIAL if narrow.credential else FindingKind.SHADOWED
    tail = ": no credential for it is ever of use" if narrow.credential else ": it never acts"
    severity = Severity.ERROR if narrow.credential else Severity.WARNING
    return Finding(
        kind,
        severity,
        ids,
        f"{ids[0]} always loses to {ids[1]} in the group {group!r}, which gives at least as much "
        f"wherever both could act{tail}",
    )


def _one_wins(group: Group) -> bool:
    """Whether one member wins by what it gives, or by order, and nothing else counts."""
    return (
        group.mode in (Mode.LARGEST, Mode.FIRST)
        and group.scope in (Scope.CART, Scope.LINE)
        and group.most <= 1
        and not group.zero_counts
    )


def _first(look: Look, number: int, wide: LiveActivity, narrow: LiveActivity) -> bool:
    """Whether the wide one stands first in acting order, with whatever credential."""
    key = look.policy.order_key
    first = key(number, wide, expires_us=NO_END, credential_id="", request_place=NO_PLACE)
    second = key(
        number,
        narrow,
        expires_us=-NO_END if narrow.credential else NO_END,
        credential_id="",
        request_place=0 if narrow.credential else NO_PLACE,
    )
    return first < second


def _as_free(narrow: LiveActivity, wide: LiveActivity) -> bool:
    """Whether nothing that acts before keeps the wide one out and lets the narrow one in."""
    return (
        wide.exclusion_group in ("", narrow.exclusion_group)
        and (not wide.exclusive or narrow.exclusive)
        and (not wide.combines_with or wide.combines_with == narrow.combines_with)
        and set(narrow.labels) <= set(wide.labels)
        and not (narrow.stop is not None and narrow.stop.if_matched)
        and wide.program.skip_reduced <= narrow.program.skip_reduced
    )


def _gives_as_much(look: Look, narrow: LiveActivity, wide: LiveActivity) -> bool:
    """Whether the wide one gives at least as much wherever the narrow one gives anything."""
    if narrow.products is None or wide.products is None:
        return False
    same_lines = (
        narrow.products == wide.products
        and narrow.stores == wide.stores
        and narrow.program.skip_reduced == wide.program.skip_reduced
    )
    same_lists = narrow.lists == wide.lists and narrow.facts == wide.facts
    ours, theirs = narrow.program, wide.program
    if not (
        (same_lines or products.within(look, narrow.products, wide.products))
        and _no_stricter(ours.conds, theirs.conds, same_lines=same_lines, same_lists=same_lists)
    ):
        return False
    if not _plain(theirs):
        # What is alike in shape, then, is alike.
        return same_lines and same_lists
    little, much = ours.effects[0], theirs.effects[0]
    lost = much.place == Place.POOL and look.policy.spec.unplaced_is_lost
    return (same_lines or not (much.unit_limit or lost)) and _larger(little, much)


def _shape(program: Program) -> Hashable:
    """What must be equal for one to be in the other's shade.

    Of plain ones all but how much they give; of others all but who pays and the conditions.
    """
    if not _plain(program):
        return replace(program, funder_bps=(), remainder_funder=0, conds=(), skip_reduced=0)
    (effect,) = program.effects
    return program.base, _bare(effect)


def _bare(effect: EffectOp) -> EffectOp:
    """The effect without what it gives, and when."""
    return replace(
        effect,
        kind=0,
        value=0,
        cap_minor=0,
        unit_limit=0,
        tiers=(),
        tier_measure=0,
        tier_base=0,
        tier_lines=0,
    )


def _weakness(program: Program) -> int:
    """Sorts those that give much before those that give little."""
    effect = program.effects[0]
    last = effect.tiers[-1] if effect.tiers else Tier(0, effect.kind, effect.value)
    return last.value if last.kind == Kind.PRICE else -last.value


def _may_win_always(look: Look, activity: LiveActivity, strict: Container[int | None]) -> bool:
    """Whether what it gives does not hang on where else it acts, where winners are by line.

    strict: groups with members that keep others out.
    """
    number = look.policy.place(activity)
    assert number is not None  # it has a pool
    group = look.groups[number]
    if group.scope != Scope.LINE:
        return True
    return (
        number not in strict
        and not activity.exclusion_group
        and _plain(activity.program)
        and not _reads_other_lines(look, group, activity.program.effects[0])
    )


def _plain(program: Program) -> bool:
    """Whether it is one effect on its own products, once, that takes money off."""
    if len(program.effects) != 1 or program.times_measure or program.cap_minor:
        return False
    effect = program.effects[0]
    return (
        effect.lines == ELIGIBLE
        and effect.kind in _MONEY
        and not (effect.pattern or effect.graduated or effect.tier_every)
        and not (effect.skip_reward or effect.mark)
        and all(tier.kind in _MONEY for tier in effect.tiers)
    )


def _reads_other_lines(look: Look, group: Group, effect: EffectOp) -> bool:
    """Whether what it gives on a line depends on what it gives on others."""
    guards = look.policy.guards
    return bool(
        effect.place == Place.POOL
        or effect.cap_minor
        or effect.unit_limit
        or any(tier.cap_minor for tier in effect.tiers)
        or group.limit_minor
        or guards.cart_off_bps_max
        or guards.cart_off_minor_max
    )


def _larger(little: EffectOp, much: EffectOp) -> bool:
    """Whether the second gives at least as much, on the same lines and more."""
    # Both have the same shape.
    alike = not (little.tiers and much.tiers) or (
        (little.tier_measure, little.tier_base, little.tier_lines)
        == (much.tier_measure, much.tier_base, much.tier_lines)
    )
    if not alike or not _limit_as_wide(little.unit_limit, much.unit_limit):
        return False
    steps = much.tiers or (Tier(0, much.kind, much.value, much.cap_minor),)
    for tier in little.tiers or (Tier(0, little.kind, little.value, little.cap_minor),):
        reached = [step.minimum <= tier.minimum for step in steps]
        if not any(reached):
            return False
        # Where the cart holds more of the wide one's products, a higher step may be reached.
        from_step = len(reached) - 1 - reached[::-1].index(True)
        if not all(_tier_as_large(tier, step) for step in steps[from_step:]):
            return False
    return True


def _tier_as_large(little: Tier, much: Tier) -> bool:
    if little.kind != much.kind or not _limit_as_wide(little.cap_minor, much.cap_minor):
        return False
    return much.value <= little.value if much.kind == Kind.PRICE else much.value >= little.value


def _limit_as_wide(little: int, much: int) -> bool:
    """0 is no limit."""
    return not much or 0 < little <= much


def _no_stricter(
    narrow: Sequence[Cond], wide: Sequence[Cond], *, same_lines: bool, same_lists: bool
) -> bool:
    """Whether the wide one's conditions hold wherever the narrow one's do."""
    if narrow == wide and same_lines and same_lists:
        return True
    leaves = [cond for cond in narrow if cond.node == Node.LEAF]
    if len(leaves) != len(narrow):
        leaves = []
    return all(
        cond.node == Node.LEAF
        and cond.compare == Compare.AT_LEAST
        and (cond.lines <= ELIGIBLE or same_lists)
        and any(
            replace(leaf, required=cond.required) == cond and leaf.required >= cond.required
            for leaf in leaves
        )
        for cond in wide
    )

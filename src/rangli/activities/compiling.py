"""From a spec to what the price kernel and the quote read of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rangli.activities import program
from rangli.activities.conditions import Fact, Postfix
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, OtherPrice, Program, Used
from rangli.activities.rounding import Rounding
from rangli.activities.spec import ActivitySpec, Layer, PriceBasis
from rangli.activities.targets import LineTarget, ProductTarget

_ANY_USE = Used.TRIGGER | Used.REWARD


@dataclass(frozen=True, slots=True)
class Compiled:
    """An activity's program and what its numbers mean.

    lists: the lists of lines it names, from 1.
    facts: the facts its conditions read, from 0.
    cond_paths: for each row of the conditions where it stands in the spec; "" of rows that join.
    effect_of: for each of the program's effects the number of the spec's effect, from 0.
    """

    program: Program
    lists: tuple[LineTarget, ...]
    facts: tuple[Fact, ...]
    cond_paths: tuple[str, ...]
    effect_of: tuple[int, ...]


def compiled(spec: ActivitySpec, basis: PriceBasis | None = None) -> Compiled:
    """What a completed spec asks of the price kernel.

    basis: of the carts it is for; None: of what names a basis, each is the cart's.
    """
    lists = _lists(spec)
    conds = Postfix(lists)
    conds.write(spec.conditions)
    times = _times(spec, lists)
    ops: list[EffectOp] = []
    effect_of: list[int] = []
    for number, effect in enumerate(spec.effects):
        made = effect.ops(lists)
        ops += made
        effect_of += [number] * len(made)
    by_other = _other_price(spec, basis)
    settled: dict[str, Any] = {**_rounding(spec.rounding), **_use_of_units(spec.layer)}
    settled["other_price"] = by_other
    return Compiled(
        program=Program(
            conds=tuple(conds.rows),
            effects=tuple(replace(op, **settled) for op in ops),
            funder_bps=tuple(share.share_bps for share in spec.funding),
            first_only=int(spec.first_effect_only),
            cap_minor=spec.cap_minor,
            base=spec.discount_base.number() if spec.discount_base is not None else 0,
            skip_reduced=int(spec.stacking is not None and spec.stacking.skip_reduced),
            cap_other_price=int(bool(by_other & OtherPrice.CAP)),
            remainder_funder=next(
                (n for n, share in enumerate(spec.funding, 1) if share.takes_remainder), 0
            ),
            **times,
        ),
        lists=tuple(lists.lists),
        facts=tuple(conds.facts),
        cond_paths=tuple(conds.paths),
        effect_of=tuple(effect_of),
    )


def _lists(spec: ActivitySpec) -> ListNumbers:
    uncounted = tuple(target for effect in spec.effects for target in effect.uncounted())
    # What a price book is for, its entries say: they make its eligible lines.
    if isinstance(spec.effect, PriceBook):
        return ListNumbers(ProductTarget(all=True))
    return ListNumbers(spec.products, uncounted)


def _times(spec: ActivitySpec, lists: ListNumbers) -> dict[str, int]:
    multiplier = spec.multiplier
    if multiplier is None:
        return {}
    return {
        "times_measure": multiplier.measure.number(),
        "times_base": multiplier.base.number(),
        "times_lines": lists.counted(multiplier.products),
        "times_every": multiplier.every,
        "times_max": multiplier.most,
    }


def _other_price(spec: ActivitySpec, basis: PriceBasis | None) -> int:
    """What is stated in the price basis that is not the carts'."""
    stated = 0
    if basis is not None:
        stated |= OtherPrice.VALUE if spec.value_basis not in (None, basis) else 0
        stated |= OtherPrice.CAP if spec.cap_basis not in (None, basis) else 0
    return int(stated)


def _rounding(stated: Rounding | None) -> dict[str, int]:
    """What is stated; the policy says the rest."""
    found: dict[str, int] = {}
    if stated is None:
        return found
    if stated.mode is not None:
        found["rounding"] = program.Rounding[stated.mode.name]
    if stated.of is not None:
        found["rounding_of"] = program.RoundingOf[stated.of.name]
    if stated.weight is not None:
        found["weight"] = stated.weight.number()
    if stated.share_mode is not None:
        found["share_rounding"] = program.Rounding[stated.share_mode.name]
    if stated.leftover is not None:
        found["leftover"] = program.Leftover[stated.leftover.name]
    return found


def _use_of_units(layer: Layer | None) -> dict[str, int]:
    """In the layer of bundles a unit is used once, in whichever role."""
    if layer is not Layer.BUNDLE:
        return {}
    return {"mark": 1, "skip_trigger": _ANY_USE, "skip_reward": _ANY_USE}

"""From the kernel's integers to an answer."""

from __future__ import annotations

from rangli.activities.effects.earn import Earn
from rangli.activities.effects.gift import Gift
from rangli.activities.program import TRUE, UNKNOWN, Compare, Measure
from rangli.pricing.answer import (
    Added,
    Adjustment,
    Applied,
    Earned,
    LeafTrace,
    NotApplied,
    Quote,
    QuotedLine,
)
from rangli.pricing.asked import Asked
from rangli.pricing.matched import NotMatched, WhyNot
from rangli.pricing.plan import (
    CartRow,
    GrantRow,
    LeafRow,
    Outcome,
    ResultRow,
    Status,
    TakeRow,
    rows,
)


def answered(asked: Asked, outcome: Outcome) -> Quote:
    """The cart's price, as the kernel found it."""
    return _Answer(asked, outcome).quote()


class _Answer:
    def __init__(self, asked: Asked, outcome: Outcome) -> None:
        self._asked = asked
        self._outcome = outcome
        self._results = rows(outcome.results, ResultRow)
        self._takes = rows(outcome.takes, TakeRow)
        self._rows = _quoted(asked, outcome)
        self._traces = _traces(asked, outcome)

    def quote(self) -> Quote:
        asked, outcome = self._asked, self._outcome
        applied = self._applied()
        self._adjust(applied)
        added, earned = self._granted(applied)
        by_id = {row.line_id: row for row in self._rows}
        return Quote(
            cart=asked.cart,
            catalogue_version=asked.catalogue.version,
            policy=asked.policy,
            lines=[by_id[line.line_id] for line in asked.cart.lines],
            deliveries=[by_id[each.delivery_id] for each in asked.cart.deliveries],
            applied=list(applied.values()),
            not_applied=self._not_applied(),
            added=added,
            earned=earned,
            steps=asked.steps,
            row_ids=list(by_id),
            proven=bool(outcome.proven),
            gap_minor=outcome.gap_minor,
            nodes=outcome.nodes,
        )

    def _applied(self) -> dict[int, Applied]:
        """By step, in acting order."""
        names = self._asked.policy.group_names
        return {
            step: Applied(
                activity=candidate.activity,
                shown=candidate.shown,
                group=names[group],
                result=self._results[step],
                funder_minor=[0] * len(candidate.activity.funders),
                conditions=self._traces.get(step, []),
            )
            for step in self._acted()
            for group, candidate in (self._asked.steps[step],)
        }

    def _acted(self) -> list[int]:
        """The steps that applied, in acting order: as they stand, or as the search chose."""
        if self._outcome.order:
            return list(self._outcome.order)
        return [n for n, result in enumerate(self._results) if result.status == Status.APPLIED]

    def _adjust(self, applied: dict[int, Applied]) -> None:
        """Gives each take to its line, and its funders' shares to the activity."""
        place_of = {step: place for place, step in enumerate(applied)}
        shares, first = self._outcome.shares, 0
        quantities = [line.quantity for line in self._asked.lines]
        quantities += [1] * len(self._asked.deliveries)
        for take in self._takes:
            totals = applied[take.step].funder_minor
            funder_minor = list(shares[first : first + len(totals)])
            first += len(totals)
            for funder, amount_minor in enumerate(funder_minor):
                totals[funder] += amount_minor
            activity = applied[take.step].activity
            self._rows[take.line].adjustments.append(
                Adjustment(
                    applied=place_of[take.step],
                    amount_minor=take.off_minor,
                    funder_minor=funder_minor,
                    effect=activity.effect_of[take.effect],
                    application=take.application,
                    unit_first=take.unit_first,
                    units=0 if take.units == quantities[take.line] else take.units,
                )
            )

        if self._outcome.order:
            for row in self._rows:
                row.adjustments.sort(key=lambda adjustment: adjustment.applied)

    def _granted(self, applied: dict[int, Applied]) -> tuple[list[Added], list[Earned]]:
        added: list[Added] = []
        earned: list[Earned] = []
        places = {step: place for place, step in enumerate(applied)}
        grants = rows(self._outcome.grants, GrantRow)
        for grant in sorted(grants, key=lambda grant: places[grant.step]):
            activity = applied[grant.step].activity
            effect = activity.spec.effects[activity.effect_of[grant.effect]]
            if isinstance(effect, Gift):
                added.append(Added(places[grant.step], effect, grant.amount))
            elif isinstance(effect, Earn):
                earned.append(Earned(places[grant.step], effect, grant.amount))
        return added, earned

    def _not_applied(self) -> list[NotApplied]:
        """What was shown first, in the request's order, then by activity."""
        asked = self._asked
        found = [self._unmatched(item) for item in asked.not_matched]
        for step, (_, candidate) in enumerate(asked.steps):
            if self._results[step].status == Status.APPLIED:
                continue
            if asked.cart.explain or candidate.shown.place >= 0:
                found.append(self._failed(step))
        last = len(asked.cart.credentials) + len(asked.cart.codes)
        found.sort(key=lambda n: (n.shown.place if n.shown.place >= 0 else last, n.activity_id))
        return found

    def _unmatched(self, item: NotMatched) -> NotApplied:
        policy = self._asked.policy
        group = policy.place(item.activity) if item.activity is not None else None
        name = policy.group_names[group] if group is not None else ""
        return NotApplied(item.activity_id, item.shown, item.why, name)

    def _failed(self, step: int) -> NotApplied:
        asked, result = self._asked, self._results[step]
        group, candidate = asked.steps[step]
        why = WhyNot[Status(result.status).name]
        return NotApplied(
            activity_id=candidate.activity.activity_id,
            shown=candidate.shown,
            why=why,
            group=asked.policy.group_names[group],
            result=result,
            measure=Measure(result.measure) if why is WhyNot.CONDITION_NOT_MET else None,
            beaten_by=(
                asked.steps[result.beaten_by][1].activity.activity_id
                if result.beaten_by >= 0
                else ""
            ),
            conditions=self._traces.get(step, []),
        )


def _quoted(asked: Asked, outcome: Outcome) -> list[QuotedLine]:
    """The rows of the cart, priced."""
    names = [line.line_id for line in asked.lines]
    names += [delivery.delivery_id for delivery in asked.deliveries]
    return [
        QuotedLine(name, row.unit_minor * row.quantity, row.outside_minor, payable_minor)
        for name, row, payable_minor in zip(
            names, rows(asked.plan.cart, CartRow), outcome.payable, strict=True
        )
    ]


def _traces(asked: Asked, outcome: Outcome) -> dict[int, list[LeafTrace]]:
    """By step, what its conditions required and what they were."""
    traces: dict[int, list[LeafTrace]] = {}
    for leaf in rows(outcome.leaves, LeafRow):
        activity = asked.steps[leaf.step][1].activity
        cond = activity.program.conds[leaf.cond]
        traces.setdefault(leaf.step, []).append(
            LeafTrace(
                path=activity.cond_paths[leaf.cond],
                measure=Measure(cond.measure),
                compare=Compare(cond.compare),
                required=cond.required,
                actual=leaf.actual,
                met=None if leaf.truth == UNKNOWN else leaf.truth == TRUE,
            )
        )
    return traces

"""Lines are runs of units: neighbours that were treated alike so far.

At first a line is one run. A run is split where an effect acts on some of its units only: the first
k of c units with an amount T get T * k // c, the rest gets the rest; likewise for each amount that
is kept. Runs are never joined. Nothing loops over single units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from rangli.activities.program import Base, Pick
from rangli.pricing.plan import CartRow


@dataclass(slots=True)
class Run:
    """Some units of a line, from the `first` on, and what they come to together.

    left: still to pay. start: left when the group began. used: `Used` bits. taken: by how many
    steps of the group, taker: the last of them; read in groups of scope UNIT. in_set: of the effect
    that is acting.
    """

    line: int
    first: int
    units: int
    left: int
    start: int
    list_minor: int
    original: int
    used: int = 0
    taken: int = 0
    taker: int = -1
    in_set: bool = False

    def base(self, base: int) -> int:
        """The amount that a `Base` up to ORIGINAL reads."""
        if base == Base.RUNNING:
            return self.left
        if base == Base.GROUP_START:
            return self.start
        return self.list_minor if base == Base.LIST else self.original


# The runs of each line, by first unit.
Runs = list[list[Run]]


def runs_of(cart: Iterable[CartRow]) -> Runs:
    """Each line as one run."""
    made = []
    for line, row in enumerate(cart):
        list_minor = row.unit_minor * row.quantity
        left = list_minor - row.outside_minor
        made.append([Run(line, 0, row.quantity, left, left, list_minor, left)])
    return made


def copy_of(runs: Runs) -> Runs:
    """The same runs, to try something on."""
    return [[replace(run) for run in line] for line in runs]


def halves(run: Run, units: int) -> tuple[Run, Run]:
    """The first `units` of a run (fewer than all), and the others."""

    def first(amount: int) -> int:
        return amount * units // run.units

    one = replace(
        run,
        units=units,
        left=first(run.left),
        start=first(run.start),
        list_minor=first(run.list_minor),
        original=first(run.original),
    )
    other = replace(
        run,
        first=run.first + units,
        units=run.units - units,
        left=run.left - one.left,
        start=run.start - one.start,
        list_minor=run.list_minor - one.list_minor,
        original=run.original - one.original,
    )
    return one, other


def part(run: Run, units: int, pick: int) -> Run:
    """What `units` of a run would be; from the end with LAST. The run stays as it is."""
    if units == run.units:
        return replace(run)
    return halves(run, run.units - units)[1] if pick == Pick.LAST else halves(run, units)[0]


def split(runs: Runs, run: Run, units: int, pick: int) -> tuple[Run, Run | None]:
    """Split `units` off a run of `runs`, from the end with LAST: them, and the rest if any."""
    if units == run.units:
        return run, None
    last = pick == Pick.LAST
    one, other = halves(run, run.units - units if last else units)
    line = runs[run.line]
    at = next(i for i, each in enumerate(line) if each is run)
    line[at : at + 1] = [one, other]
    return (other, one) if last else (one, other)


def in_order(runs: Iterable[Run], pick: int) -> list[Run]:
    """The runs in the order in which units are picked. See `Pick`."""
    by_place = sorted(runs, key=lambda run: (run.line, run.first), reverse=pick == Pick.LAST)
    if pick == Pick.DEAREST:
        by_place.sort(key=lambda run: -Fraction(run.left, run.units))
    elif pick == Pick.CHEAPEST:
        by_place.sort(key=lambda run: Fraction(run.left, run.units))
    return by_place


def left_on(runs: Iterable[Run]) -> int:
    """What is left to pay."""
    return sum(run.left for run in runs)

"""What a price costs in the kernel alone: 20 lines, 5 to 1,000 activities that touch them.

The carts are those of `mix.py`, made ready by the way of every quote (specs, catalogue, matching,
policy "default"), so that the kernel does here what it does when it serves: conditions and tiers,
winners and stacking, apportionment to lines, units and funders.
"""

from __future__ import annotations

import hashlib
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from statistics import mean, median

from rangli.activities.program import Programs
from rangli.cli.bench.mix import LINES, Mix, mix_of
from rangli.pricing import stacking
from rangli.pricing.asked import Asked, asked
from rangli.pricing.kernel import price
from rangli.pricing.plan import Outcome, Plan, ResultRow, Status, TakeRow, Tree, rows

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class _Size:
    """multibuy: offers that form sets of units are in the mix, and split lines into runs of units.

    repeats: times over in a round.
    """

    activities: int
    carts: int = 1_000
    departments: int = 25
    repeats: int = 1
    multibuy: bool = False

    @property
    def name(self) -> str:
        return f"{LINES}x{self.activities}" + ("_multibuy" if self.multibuy else "")


SIZES = (
    _Size(5, repeats=4),
    _Size(20),
    _Size(20, multibuy=True),
    _Size(100),
    _Size(100, multibuy=True),
    _Size(1_000, carts=20, departments=2, repeats=2),
)
# How many activities must act on so many lines, if it is promised.
WIDE_LINES = LINES // 2
WIDE_MIN = {20: 15, 100: 75}
# The reference takes long: it prices the first few carts only, in few rounds.
_COMPARED, _REFERENCE_ROUNDS = {5: 50, 20: 50, 100: 20, 1_000: 2}, 3

Price = Callable[[Programs, Tree, Plan], Outcome]


def run() -> dict[str, float | str]:
    """Microseconds of CPU per cart, and how many times as much the reference takes.

    Medians over interleaved rounds in one process. The answers of both kernels are compared first.
    """
    figures: dict[str, float | str] = {}
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    made: dict[_Size, list[Asked]] = {}
    for size in SIZES:
        mix = mix_of(
            size.activities, carts=size.carts, departments=size.departments, multibuy=size.multibuy
        )
        made[size] = ready(mix)
        outcomes = [_priced(price, one) for one in made[size]]
        compare(made[size][: _COMPARED[size.activities]], outcomes)
        describe(size.activities, made[size], outcomes)
        digest(inputs, mix)
        for outcome in outcomes:
            for numbers in astuple(outcome):
                answers.update(numbers.tobytes() if isinstance(numbers, array) else b"%d" % numbers)
    rounds = [
        [_us_per_cart(price, made[size], size.repeats) for size in SIZES] for _ in range(ROUNDS)
    ]
    for size, times in zip(SIZES, zip(*rounds, strict=True), strict=True):
        few = made[size][: _COMPARED[size.activities]]
        ratio = median(
            _us_per_cart(stacking.price, few) / _us_per_cart(price, few)
            for _ in range(_REFERENCE_ROUNDS)
        )
        figures[f"kernel_us_{size.name}"] = round(median(times), 2)
        figures[f"kernel_vs_reference_{size.name}"] = round(ratio, 1)
        print(
            f"{size.name}: {median(times):.1f} us a cart, the reference takes"
            f" {ratio:.0f} times as long"
        )
    return figures | {
        "kernel_inputs_sha256": inputs.hexdigest()[:16],
        "kernel_answers_sha256": answers.hexdigest()[:16],
    }


def ready(mix: Mix, policy_id: str = "") -> list[Asked]:
    """The mix's carts as the kernel reads them."""
    return [asked(mix.catalogue, cart) for cart in mix.carts(policy_id)]


def compare(made: Iterable[Asked], outcomes: Iterable[Outcome]) -> None:
    """Raises unless the reference gives the same outcomes."""
    for one, outcome in zip(made, outcomes, strict=False):
        if _priced(stacking.price, one) != outcome:
            raise AssertionError("the kernels disagree")


def describe(activities: int, made: Sequence[Asked], outcomes: Sequence[Outcome]) -> None:
    """Say what is measured. Raises if it is less than what is promised of it."""
    applied, wide, takes = [], [], []
    for one, outcome in zip(made, outcomes, strict=True):
        assert len(one.steps) == activities, f"{len(one.steps)} touch the cart, not {activities}"
        results = rows(outcome.results, ResultRow)
        applied.append(sum(result.status == Status.APPLIED for result in results))
        taken = rows(outcome.takes, TakeRow)
        lines: dict[int, set[int]] = {}
        for take in taken:
            lines.setdefault(take.step, set()).add(take.line)
        wide.append(sum(len(some) >= WIDE_LINES for some in lines.values()))
        takes.append(len(taken))
    least = WIDE_MIN.get(activities, 0)
    assert min(wide) >= least, f"only {min(wide)} act on {WIDE_LINES} lines or more, not {least}"
    print(
        f"{LINES} lines x {activities} activities: {len(made)} distinct carts; of a cart's"
        f" activities {min(applied)} to {max(applied)} apply, {min(wide)} to {max(wide)} to"
        f" {WIDE_LINES} lines or more; {mean(takes):.0f} amounts; the reference agrees"
    )


def digest(digest: hashlib._Hash, mix: Mix) -> None:
    """Takes in the requests and what all activities do."""
    for request in mix.requests:
        digest.update(request.SerializeToString(deterministic=True))
    digest.update(repr(mix.catalogue.programs.programs).encode())


def _priced(kernel: Price, one: Asked) -> Outcome:
    return kernel(one.catalogue.programs, one.policy.tree, one.plan)


def _us_per_cart(kernel: Price, made: Sequence[Asked], repeats: int = 1) -> float:
    calls = [(one.catalogue.programs, one.policy.tree, one.plan) for one in made]
    started_ns = time.process_time_ns()
    for _ in range(repeats):
        for programs, tree, plan in calls:
            kernel(programs, tree, plan)
    return (time.process_time_ns() - started_ns) / (1_000 * repeats * len(calls))

"""`make peers`, which is `python -m loadtests.peers [FILE]`."""

from __future__ import annotations

import json
import platform
import sys
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from loadtests.peers import measure, ours, peer
from loadtests.peers.install import install
from loadtests.peers.problems import LINES, digest_of, problem

SIZES = (5, 20, 100, 1_000)
CARTS = 20
_FOLDER = Path("build/peers")


def main(json_file: Path) -> None:
    installed = install(_FOLDER)
    problems = {size: problem(size, CARTS) for size in SIZES}
    answers: dict[str, peer.Discounts] = {}
    figures: dict[str, float | str] = {}
    with ExitStack() as stack:
        peers = [stack.enter_context(enter(installed)) for enter in (peer.oscar, peer.medusa)]
        told = {key: value for one in peers for key, value in one.versions.items()}
        told |= {"rangli": version("rangli"), "python": platform.python_version()}
        print(", ".join(f"{name} {number}" for name, number in told.items()), flush=True)
        # All is compared before anything is timed.
        for measured in (False, True):
            for size, given in problems.items():
                pricer = ours.Pricer(given)
                for contest in measure.contests(size, peers, CARTS):
                    contest.peer.load(given)
                    if not measured:
                        answers[f"{contest.peer.name} {size}"] = measure.compare(
                            given, pricer.price, contest
                        )
                        continue
                    outcome = measure.race(given, pricer.price, contest)
                    figures |= _figures(f"{LINES}x{size}", contest.peer.name, outcome)
                if measured:
                    figures[f"ours_kernel_us_{LINES}x{size}"] = round(pricer.kernel_s() * 1e6, 2)
            print("equal answers" if not measured else _table(figures), flush=True)
    figures |= {f"version_{name}": number for name, number in told.items()} | {
        "peers_inputs_sha256": digest_of([asdict(given) for given in problems.values()]),
        "peers_answers_sha256": digest_of(answers),
        "included_ours": ours.INCLUDED,
        "included_oscar": "Applicator.apply; offers in SQLite in memory, basket lines loaded",
        "included_medusa": "computeActions; promotions as plain objects in memory, no database",
    }
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(figures, indent=2) + "\n")


def _figures(size: str, name: str, outcome: measure.Outcome) -> dict[str, float | str]:
    return {
        f"{name}_time_over_ours_{size}": round(outcome.over_ours, 1),
        f"{name}_ms_{size}": round(outcome.theirs_s * 1e3, 3),
        f"ours_us_{size}_beside_{name}": round(outcome.ours_s * 1e6, 1),
    }


def _table(figures: dict[str, float | str]) -> str:
    columns = ("promotions", "ours us", "kernel us", "oscar ms", "x ours", "medusa ms", "x ours")
    rows = ["".join(f"{name:>12}" for name in columns)]
    for size in SIZES:
        at = f"{LINES}x{size}"
        keys = (
            f"ours_us_{at}_beside_medusa",
            f"ours_kernel_us_{at}",
            f"oscar_ms_{at}",
            f"oscar_time_over_ours_{at}",
            f"medusa_ms_{at}",
            f"medusa_time_over_ours_{at}",
        )
        told = [f"{figures[key]:,.1f}" if key in figures else "-" for key in keys]
        rows.append("".join(f"{cell:>12}" for cell in (f"{size:,}", *told)))
    return "\n".join(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("reports/peers.json"))

"""The files in `presets/`: what each preset claims, on both kernels.

They are written as those in `scenarios/` (see `test_scenarios.py`). A file's `preset` is the policy
of its carts that name none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from rangli.activities.policies.presets import PRESETS
from tests.activities import compiled
from tests.pricing.test_scenarios import catalogue_of, expected, kernel, read, told
from tests.world import spec

__all__ = ["kernel"]  # the fixture

_FILES = sorted(Path(__file__).with_name("presets").glob("*.yaml"))


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("file", _FILES, ids=[file.stem for file in _FILES])
def test_preset(file: Path) -> None:
    scenario = read(file)
    catalogue = catalogue_of(scenario)

    for number, case in enumerate(scenario["cases"]):
        case["cart"].setdefault("policy_id", scenario.get("preset", ""))
        assert told(catalogue, case) == expected(case), f"{scenario['title']}: case {number}"


def test_every_preset_has_a_scenario_and_every_scenario_a_title() -> None:
    scenarios = [read(file) for file in _FILES]
    tried = {case["cart"].get("policy_id") for said in scenarios for case in said["cases"]}

    assert {said.get("preset") for said in scenarios} | tried >= set(PRESETS)
    assert len({said["title"] for said in scenarios}) == len(scenarios)


@pytest.mark.usefixtures("kernel")
def test_in_a_lane_of_solidus_the_newest_wins_ties() -> None:
    tenth = spec("item_discount", percent_off={"off_bps": 1000})
    made = {"a": 1, "b": 3, "c": 2}
    catalogue = compiled.catalogue(
        replace(compiled.live(name, tenth), created_us=at_us) for name, at_us in made.items()
    )

    case = {
        "cart": {"lines": {"x": 1000}, "policy_id": "solidus"},
        "pays": {"x": 900},
        "applied": [["b", 100]],
    }
    assert told(catalogue, case) == expected(case)


_PAGE = (files("rangli.activities.policies") / "STACKING.md").read_text("utf-8")


def test_the_operators_page_states_what_the_scenario_of_one_line_proves() -> None:
    (file,) = (file for file in _FILES if file.stem == "one_line_of_100")
    proven = {case["cart"]["policy_id"]: case["pays"]["a"] for case in read(file)["cases"]}

    rows = re.findall(r"^\| \[(\w+)\]\(pictures/(\w+)\.svg\) \| (\d+) \|", _PAGE, re.MULTILINE)

    assert all(name == picture for name, picture, _ in rows)
    assert {name: int(pays) * 100 for name, _, pays in rows} == proven
    assert set(proven) == set(PRESETS)


@pytest.mark.usefixtures("kernel")
def test_the_operators_page_shows_a_policy_that_can_be_put() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)
    sale = {"template_id": "item_discount", "effect": {"percent_off": {"off_bps": 6000}}}
    catalogue = catalogue_of({"activities": {"sale": sale}, "policy": yaml.safe_load(example)})

    case = {"cart": {"lines": {"a": 1000}}, "pays": {"a": 500}, "applied": [["sale", 500]]}
    assert told(catalogue, case) == expected(case)

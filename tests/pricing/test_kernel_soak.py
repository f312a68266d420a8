"""The long form of comparing the two kernels."""

from __future__ import annotations

from random import Random

import pytest

from rangli.pricing import _stacking, stacking
from tests.pricing.strategies import problem

pytestmark = pytest.mark.soak


def test_kernels_agree_on_fifty_thousand_plans():
    for seed in range(1_000_000, 1_050_000):
        made = problem(Random(seed))
        assert _stacking.price(*made) == stacking.price(*made), f"seed {seed}"

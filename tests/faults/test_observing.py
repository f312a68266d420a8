"""A balance that was read while changes were under way is explained by them, or it is wrong."""

from __future__ import annotations

import pytest

from tests.faults.observing import Effect, Observation, explained

CREDIT = Effect("u", 100, began_s=1.0, acknowledged_s=2.0)
DEBIT = Effect("u", -30, began_s=3.0, acknowledged_s=4.0)


def seen(posted: int, *, at_s: float) -> Observation:
    return Observation(at_s, at_s + 0.1, "u", posted)


@pytest.mark.parametrize(
    ("posted", "at_s"), [(0, 0.5), (0, 1.5), (100, 1.5), (100, 2.5), (100, 3.5), (70, 3.5), (70, 5)]
)
def test_a_change_counts_from_some_instant_between_its_call_and_its_answer(posted, at_s):
    explained([seen(posted, at_s=at_s)], [CREDIT, DEBIT])


@pytest.mark.parametrize(
    ("posted", "at_s"),
    [
        pytest.param(100, 0.5, id="before it was asked for"),
        pytest.param(0, 2.5, id="acknowledged and lost"),
        pytest.param(200, 2.5, id="counted twice"),
        pytest.param(40, 5, id="taken twice"),
    ],
)
def test_what_no_order_of_the_changes_explains_is_found(posted, at_s):
    with pytest.raises(AssertionError, match="can be explained"):
        explained([seen(posted, at_s=at_s)], [CREDIT, DEBIT])

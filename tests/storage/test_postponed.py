"""What cannot be swept is left alone for longer and longer, and keeps nothing else waiting."""

from __future__ import annotations

from rangli.storage.postponed import PAUSE_S, PAUSE_S_MAX, ROWS_MAX, Postponed


class Clock:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_behind_a_head_of_broken_rows_the_others_are_swept() -> None:
    postponed = Postponed(Clock())
    rows = [f"broken {number}" for number in range(4)] + ["sound"]

    first = postponed.ready(rows[: postponed.look(4)], 4)
    postponed.put_off(first)
    second = postponed.ready(rows[: postponed.look(4)], 4)

    assert (first, second) == (rows[:4], ["sound"])


def test_a_broken_row_is_tried_again_after_pauses_that_grow_to_a_bound() -> None:
    clock = Clock()
    postponed = Postponed(clock)
    pauses = []
    for _ in range(12):
        assert postponed.ready(["row"], 1) == ["row"]
        postponed.put_off(["row"])
        began = clock.at
        while not postponed.ready(["row"], 1):
            clock.at += PAUSE_S
        pauses.append(clock.at - began)

    assert pauses[:4] == [PAUSE_S, 2 * PAUSE_S, 4 * PAUSE_S, 8 * PAUSE_S]
    assert pauses[-1] == PAUSE_S_MAX


def test_what_was_mended_is_forgotten_and_not_more_than_so_many_are_remembered() -> None:
    clock = Clock()
    postponed = Postponed(clock)
    postponed.put_off(range(ROWS_MAX + 5))
    assert postponed.look(1) == ROWS_MAX + 1

    clock.at += 3 * PAUSE_S
    postponed.ready([], 1)

    assert postponed.look(1) == 1

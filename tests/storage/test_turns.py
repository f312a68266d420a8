"""Long work leaves other calls their turns."""

from __future__ import annotations

from rangli.storage.turns import AT_ONCE, in_turns
from tests.turns import other_call


async def test_rows_come_all_and_in_order_and_others_have_their_turns_meanwhile() -> None:
    rows = []
    async with other_call() as turns:
        async for row in in_turns(range(3 * AT_ONCE + 1)):
            rows.append(row)
            turns.note()

    assert rows == list(range(3 * AT_ONCE + 1))
    assert turns.at_once == AT_ONCE

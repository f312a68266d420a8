"""Many writers at once, whose commits come in any order: readers hear each event once."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict

import pytest

from rangli.storage.postgres import Busy, transaction
from tests.events.reader import Reader, write

SUBJECTS = ("o-1", "o-2", "c-1")
WRITERS, CHANGES = 8, 12


class Undone(Exception):
    """What a writer has begun is rolled back."""


class Writer:
    """Changes subjects under their rows' locks, in transactions that begin and end at any time.

    A subject's row numbers its changes: so its events must come.
    """

    def __init__(self, stores, seed: int) -> None:
        self._stores = stores
        self._random = random.Random(seed)

    async def run(self) -> None:
        for _ in range(CHANGES):
            try:
                async with transaction(self._stores.pg) as conn:
                    await self._change(conn)
            except (Undone, Busy):  # on a slow machine others may hold a row for too long
                pass
            await self._pause()

    async def _change(self, conn) -> None:
        if self._random.random() < 0.5:  # older than those it will wait for
            await conn.fetchval("SELECT pg_current_xact_id()")
            await self._pause()
        chosen = sorted(self._random.sample(SUBJECTS, self._random.randint(1, 2)))
        for subject_id in chosen:
            number = await conn.fetchval(
                "UPDATE subjects SET changes = changes + 1 WHERE subject_id = $1 RETURNING changes",
                subject_id,
            )
            await self._pause()
            kind = "coupon" if subject_id.startswith("c") else "order"
            await write(conn, subject_id, kind=kind, payload={"number": number})
        await self._pause()
        if self._random.random() < 0.2:
            raise Undone

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.choice((0, 0, 0.001, 0.004)))


class Heard:
    """What a reader was told, subject by subject."""

    def __init__(self, stores, seed: int, *kinds: str) -> None:
        # As if it asked another process each time.
        self._readers = [Reader(stores), Reader(stores)]
        self._random = random.Random(seed)
        self._kinds = kinds
        self._cursor = ""
        self.numbers: dict[str, list[int]] = defaultdict(list)

    async def listen(self, done: asyncio.Event) -> None:
        """Until all writers are done and nothing more comes."""
        while True:
            last = done.is_set()
            reader = self._random.choice(self._readers)
            page = await reader.pull(
                cursor=self._cursor,
                size=self._random.choice((1, 2, 7, 1_000)),
                subject_kinds=self._kinds,
                wait_ms=self._random.choice((0, 0, 30)),
            )
            for event in page.events:
                self.numbers[event.subject_id].append(int(event.payload["number"]))
            self._cursor = page.next_cursor
            if last and not page.events and not page.more:
                return
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(4))
async def test_every_event_comes_once_and_in_order_of_its_subject(stores, seed):
    async with transaction(stores.pg) as conn:
        await conn.execute("CREATE TABLE subjects (subject_id text, changes int DEFAULT 0)")
        await conn.executemany(
            "INSERT INTO subjects VALUES ($1)", [(subject,) for subject in SUBJECTS]
        )
    everything, coupons = Heard(stores, seed), Heard(stores, seed + 1, "coupon")
    done = asyncio.Event()
    listening = [asyncio.create_task(heard.listen(done)) for heard in (everything, coupons)]

    writers = [Writer(stores, 100 * seed + number) for number in range(WRITERS)]
    await asyncio.gather(*(writer.run() for writer in writers))
    done.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*listening)

    async with transaction(stores.pg) as conn:
        changes = dict(await conn.fetch("SELECT subject_id, changes FROM subjects"))
    expected = {name: list(range(1, count + 1)) for name, count in changes.items() if count}
    assert everything.numbers == expected
    assert coupons.numbers == {name: expected[name] for name in expected if name == "c-1"}

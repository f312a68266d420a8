"""The bench of the ledger measures what it says, on rows that are all there."""

from __future__ import annotations

import pytest

from rangli.cli.bench import postings
from rangli.cli.bench.raw_postings import RawPostings
from rangli.storage.postgres import connection


def test_the_postings_bench_tells_what_it_measured():
    figures = postings.run(rounds=1, postings=600, accounts=20)

    assert set(figures) == {
        "postings_hot_vs_raw",
        "postings_spread_vs_raw",
        "postings_vs_single",
        *(f"postings_per_s_{side}" for side in postings.SIDES),
        "postings_inputs_sha256",
    }
    assert all(figures.values())


async def test_a_round_that_loses_a_row_does_not_count(stores):
    side = RawPostings(stores.pg, writers=2, batch=10)
    lane = postings._Lane(side, await side.prepare(5))
    await lane.run(100)
    async with connection(stores.pg) as conn:
        await conn.execute("DELETE FROM idempotency_records WHERE request_id = 'request-7'")

    with pytest.raises(AssertionError, match="was written instead of"):
        await lane.run(100)


async def test_both_sides_write_the_same_rows(stores):
    raw = RawPostings(stores.pg, writers=2, batch=10)
    ours = postings._side("spread", stores.pg)
    ids = await ours.prepare(2)
    moves = [postings.Move(n, ids[n % 2], ids[1 - n % 2], 1 + n) for n in range(30)]
    rows = """
        SELECT t.kind, t.method, t.reference, e.phase, e.amount_minor, r.response IS NOT NULL
        FROM ledger_transactions t JOIN ledger_entries e USING (tenant, transaction_id)
        JOIN idempotency_records r USING (tenant, method, request_id)
        WHERE request_id ~ $1 ORDER BY e.amount_minor
    """

    await ours.write(moves)
    await raw.write([postings.Move(1000 + m.number, 998, 999, m.amount_minor) for m in moves])

    async with connection(stores.pg) as conn:
        by_us = await conn.fetch(rows, "^request-[0-9]{1,2}$")
        by_raw = await conn.fetch(rows, "^request-10[0-9]{2}$")
    assert len(by_us) == 60
    assert by_us == by_raw

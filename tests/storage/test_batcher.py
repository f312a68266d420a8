"""Requests that are done together: each once, each answered for itself, in turns and in time."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from rangli.core.errors import (
    DeadlinePassed,
    Exhausted,
    Invalid,
    Reason,
    Refused,
    Unavailable,
)
from rangli.storage import detached
from rangli.storage.batcher import WORK_MAX, Batching
from rangli.storage.postgres import connection
from tests.storage.takers import SCHEMA, Gate, Taker, queued, rows


@pytest.fixture
async def stocked(stores):
    async with connection(stores.pg) as conn:
        await conn.execute(SCHEMA)
    return stores


@pytest.fixture
async def batching(stocked):
    """Closed before the stores are, so that nothing is left behind."""
    batching = Batching(stocked.pg)
    yield batching
    await batching.close()


@pytest.fixture
async def one_writer(stocked):
    batching = Batching(stocked.pg, writers=1)
    yield batching
    await batching.close()


async def test_concurrent_requests_share_a_transaction(stocked, batching):
    taker = Taker(batching, wait_s=0.1)

    answers = await asyncio.gather(*(taker.take(f"r{n}") for n in range(50)))

    assert answers == [f"r{n} has 1, left {999_999 - n}".encode() for n in range(50)]
    assert len(set(await rows(stocked.pg, "SELECT tx_id FROM taken"))) == 1
    assert (taker.batcher.counts.batches, taker.batcher.counts.requests) == (1, 50)


async def test_full_batch_leaves_at_once(one_writer):
    taker = Taker(one_writer, size_max=10, wait_s=3_600)

    await asyncio.gather(*(taker.take(f"r{n}") for n in range(20)))

    assert taker.batches == [[f"r{n}" for n in range(10)], [f"r{n}" for n in range(10, 20)]]


async def test_a_batch_ends_where_it_would_be_too_much_work(one_writer):
    taker = Taker(one_writer, size_max=10, wait_s=3_600, work=lambda take: take.quantity)
    quantities = [WORK_MAX - 1, 1, 1, 2 * WORK_MAX, *[1] * 6]

    await asyncio.gather(*(taker.take(f"r{n}", q) for n, q in enumerate(quantities)))

    assert taker.batches == [["r0", "r1"], ["r2"], ["r3"], [f"r{n}" for n in range(4, 10)]]


async def test_lone_request_leaves_without_company(batching):
    assert await Taker(batching).take("r1") == b"r1 has 1, left 999999"


async def test_requests_gather_while_all_writers_are_busy(one_writer):
    taker, gate = Taker(one_writer), Gate()
    taker.last = gate
    first = asyncio.create_task(taker.take("r0"))
    await gate.reached.wait()
    others = []
    for n in range(1, 6):
        others.append(asyncio.create_task(taker.take(f"r{n}")))
        await queued(taker, n)
        await asyncio.sleep(0.004)  # longer than the wait for company

    gate.open()
    await asyncio.gather(first, *others)

    assert taker.batches == [["r0"], [f"r{n}" for n in range(1, 6)]]


async def test_all_batchers_together_keep_to_the_number_of_writers(batching):
    running, most = 0, 0

    async def watch(conn):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    takers = [Taker(batching, size_max=1) for _ in range(4)]
    for taker in takers:
        taker.first = watch

    await asyncio.gather(*(taker.take(f"r{n}") for n in range(5) for taker in takers))

    assert most == 2


async def test_batchers_take_turns(one_writer):
    order = []
    busy, quiet, gate = Taker(one_writer, size_max=1), Taker(one_writer), Gate()

    async def note_busy(conn):
        order.append("busy")

    async def note_quiet(conn):
        order.append("quiet")

    busy.first = gate
    crowd = [asyncio.create_task(busy.take(f"r{n}")) for n in range(10)]
    await gate.reached.wait()
    quiet.first = note_quiet
    lone = asyncio.create_task(quiet.take("r"))
    await queued(quiet, 1)
    await asyncio.sleep(0.01)
    busy.first = note_busy
    gate.open()

    await asyncio.gather(lone, *crowd)

    assert order.index("quiet") <= 1
    assert order.count("busy") == 9


async def test_repeat_gets_the_first_answer_and_never_reaches_the_decision(stocked, batching):
    taker = Taker(batching)
    first = await taker.take("r1")

    again, other = await asyncio.gather(taker.take("r1"), taker.take("r2"))

    assert again == first
    assert other != first
    assert taker.batches == [["r1"], ["r2"]]
    assert taker.batcher.counts.replays == 1
    assert await rows(stocked.pg) == ["r1", "r2"]


async def test_repeat_does_not_use_up_what_is_left(batching):
    taker = Taker(batching)
    mine = await taker.take("mine", item="last")

    answers = await asyncio.gather(
        taker.take("mine", item="last"), taker.take("yours", item="last"), return_exceptions=True
    )

    assert answers[0] == mine
    assert isinstance(answers[1], Refused)


async def test_hundred_concurrent_repeats_are_one_request(stocked, batching):
    taker = Taker(batching)

    answers = await asyncio.gather(*(taker.take("r1") for _ in range(100)))

    assert set(answers) == {b"r1 has 1, left 999999"}
    assert taker.batches == [["r1"]]
    assert await rows(stocked.pg) == ["r1"]


async def test_two_processes_with_the_same_keys_have_one_effect_each(stocked, batching):
    other = Batching(stocked.pg)
    here, there = Taker(batching, "Take", size_max=7), Taker(other, "Take", size_max=5)

    answers = await asyncio.gather(
        *(one.take(f"r{n % 20}") for n in range(100) for one in (here, there))
    )

    assert sorted(await rows(stocked.pg)) == sorted(f"r{n}" for n in range(20))
    assert len(set(answers)) == 20
    await other.close()


async def test_key_with_another_request_is_invalid_later_and_at_once(stocked, batching):
    taker = Taker(batching)

    at_once = await asyncio.gather(taker.take("r1", 1), taker.take("r1", 2), return_exceptions=True)
    with pytest.raises(Invalid) as later:
        await taker.take("r1", 3)

    assert at_once[0] == b"r1 has 1, left 999999"
    for error in (at_once[1], later.value):
        assert isinstance(error, Invalid)
        assert error.reason is Reason.IDEMPOTENCY_KEY_REUSED
        assert error.metadata == {"request_id": "r1"}
    assert await rows(stocked.pg) == ["r1"]


async def test_key_whose_request_was_refused_is_free_for_another(batching):
    taker = Taker(batching)

    refused, taken = await asyncio.gather(
        taker.take("r1", 2, item="last"), taker.take("r1", 1, item="last"), return_exceptions=True
    )

    assert isinstance(refused, Refused)
    assert taken == b"r1 has 1, left 0"


async def test_refusal_is_not_kept_and_may_become_a_yes(stocked, batching):
    taker = Taker(batching)
    with pytest.raises(Refused):
        await taker.take("r1", 2, item="last")
    assert await rows(stocked.pg, "SELECT request_id FROM idempotency_records") == []

    async with connection(stocked.pg) as conn:
        await conn.execute("UPDATE stock SET left_count = 5 WHERE item = 'last'")

    assert await taker.take("r1", 2, item="last") == b"r1 has 2, left 3"


async def test_refused_neighbours_of_successes_leave_nothing(stocked, batching):
    taker = Taker(batching, wait_s=0.05)

    answers = await asyncio.gather(
        *(taker.take(f"r{n}", item="last") for n in range(30)), return_exceptions=True
    )

    assert [isinstance(answer, bytes) for answer in answers] == [True] + [False] * 29
    assert await rows(stocked.pg, "SELECT request_id FROM idempotency_records") == ["r0"]


async def test_full_queue_sheds_with_a_time_to_come_back(one_writer):
    taker, gate = Taker(one_writer, queue_max=3), Gate()
    taker.first = gate
    waiting = [asyncio.create_task(taker.take("r0"))]
    await gate.reached.wait()
    waiting += [asyncio.create_task(taker.take(f"r{n}")) for n in range(1, 4)]
    await queued(taker, 3)

    with pytest.raises(Exhausted) as caught:
        await taker.take("r9")

    assert caught.value.reason is Reason.OVERLOADED
    assert caught.value.retry_after_s >= 0.1
    assert taker.batcher.counts.shed == 1
    gate.open()
    assert len(await asyncio.gather(*waiting)) == 4


async def test_request_that_would_wait_beyond_half_its_deadline_is_shed(one_writer):
    taker, gate = Taker(one_writer), Gate()

    async def slow(conn):
        await asyncio.sleep(0.3)

    taker.first = slow
    await taker.take("slow")
    taker.first = gate
    running = asyncio.create_task(taker.take("running"))
    await gate.reached.wait()

    with pytest.raises(Exhausted):
        await taker.take("hasty", seconds=0.5)
    patient = asyncio.create_task(taker.take("patient", seconds=60))
    await queued(taker, 1)
    gate.open()

    assert await running
    assert await patient
    # With an idle writer nothing stands in the way, however slow the last batches were.
    taker.first = slow
    await one_writer.drain()
    assert await taker.take("hasty", seconds=5)
    await one_writer.drain()
    taker.first = Gate()
    with pytest.raises(DeadlinePassed):
        await taker.take("hopeless", seconds=0.2)
    taker.first.open()


async def test_caller_who_goes_while_queued_leaves_no_effect(stocked, one_writer):
    taker, gate = Taker(one_writer), Gate()
    taker.first = gate
    first = asyncio.create_task(taker.take("first"))
    await gate.reached.wait()
    gone, shared, stays = (
        asyncio.create_task(taker.take(key)) for key in ("gone", "shared", "shared")
    )
    await queued(taker, 2)

    gone.cancel()
    shared.cancel()
    await asyncio.wait({gone, shared})
    gate.open()

    assert await stays == b"shared has 1, left 999998"
    await first
    assert await rows(stocked.pg) == ["first", "shared"]
    assert await taker.take("gone") == b"gone has 1, left 999997"


@pytest.mark.parametrize("leaves", ["cancelled", "late"])
async def test_caller_who_goes_while_it_is_done_finds_his_effect_later(stocked, batching, leaves):
    taker, gate = Taker(batching), Gate()
    taker.last = gate
    caller = asyncio.create_task(taker.take("r1", seconds=0.3 if leaves == "late" else 60))
    await gate.reached.wait()

    if leaves == "cancelled":
        caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled() or isinstance(caller.exception(), DeadlinePassed)
    assert await detached.settle(0) == 1
    gate.open()

    assert await detached.settle(20) == 0
    assert await rows(stocked.pg) == ["r1"]
    assert await taker.take("r1") == b"r1 has 1, left 999999"


async def test_deadline_that_has_passed_is_not_even_queued(stocked, batching):
    taker = Taker(batching)

    with pytest.raises(DeadlinePassed):
        await taker.take("r1", seconds=-1)

    assert taker.batches == []


async def test_closing_answers_what_was_asked_and_takes_nothing_new(stocked, one_writer):
    taker, gate = Taker(one_writer, size_max=3, wait_s=3_600), Gate()
    taker.first = gate
    asked = [asyncio.create_task(taker.take(f"r{n}")) for n in range(8)]
    await gate.reached.wait()

    closing = asyncio.create_task(one_writer.close())
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await taker.take("new")
    assert not closing.done()
    gate.open()
    await closing

    assert all(task.done() for task in asked)
    assert await rows(stocked.pg) == [f"r{n}" for n in range(8)]


async def test_ten_thousand_requests_with_repeats_agree_with_a_plain_model(stocked, batching):
    """Two processes; every key that was answered has one row, and its answer never changes."""
    other = Batching(stocked.pg)
    chance = Random(5)
    takers = [
        Taker(one, "Take", size_max=size, queue_max=10_000)
        for one, size in ((batching, 256), (other, 100))
    ]
    async with connection(stocked.pg) as conn:
        await conn.execute("UPDATE stock SET left_count = 4_000 WHERE item = 'last'")
    asked = [f"r{chance.randrange(6_000)}" for _ in range(10_000)]
    answers: dict[str, set[bytes]] = {}
    refused = set()

    async def ask(request_id: str) -> None:
        try:
            answer = await chance.choice(takers).take(request_id, item="last", seconds=60)
            answers.setdefault(request_id, set()).add(answer)
        except Refused:
            refused.add(request_id)

    for start in range(0, len(asked), 2_000):
        await asyncio.gather(*map(ask, asked[start : start + 2_000]))

    taken = await rows(stocked.pg)
    assert len(taken) == len(set(taken)) == 4_000
    assert set(answers) == set(taken)
    assert all(len(distinct) == 1 for distinct in answers.values())
    assert refused == set(asked) - set(taken)
    assert await rows(stocked.pg, "SELECT left_count FROM stock WHERE item = 'last'") == [0]
    await other.close()

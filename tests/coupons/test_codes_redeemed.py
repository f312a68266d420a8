"""Users redeem codes: one by one, and many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import structlog

from rangli.core.errors import Exhausted, Invalid, RangliError, Unavailable
from rangli.coupons import guesses
from rangli.coupons.code_model import Redeem
from rangli.coupons.codes import hashed, read
from rangli.coupons.redeeming import redeem
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import changing
from tests.coupons.codebook import Codebook
from tests.coupons.mint import NOW, Mint, counted, reason_of, refused
from tests.world import World, request_id


@pytest.fixture
async def book(mint: Mint) -> Codebook:
    await mint.batch(stock=1_000, per_user_max=0)
    return Codebook(mint)


async def all_of(*calls):
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_a_code_brings_its_batchs_coupon_however_it_is_typed(book):
    _, (code,) = await book.generate(1, prefix="SPRING")

    coupon = await book.redeem(code.lower().replace("-", " "))

    assert (coupon.batch_id, coupon.user_id) == ("b1", "ann")
    assert await book.mint.get(coupon) == coupon
    seen = await book.mint.seen()
    assert (seen.given, seen.codes) == (1, 0)


async def test_codes_are_redeemed_of_batches_that_users_cannot_claim(book):
    await book.mint.batch("b2", not_claimable=True, channels=["app"])
    _, (code,) = await book.generate(1, batch_id="b2")

    assert (await book.redeem(code)).batch_id == "b2"


async def test_all_codes_that_open_nothing_are_refused_in_the_same_words(book):
    await book.mint.batch("b2", per_user_max=0)
    _, (used, wrong) = await book.generate(2)
    await book.redeem(used)
    voided, (gone,) = await book.generate(1)
    await book.void(voided)
    await book.put("ONCE", 1)
    await book.redeem("ONCE", "bob")
    check = "0" if wrong[-1] != "0" else "1"

    refusals = [
        await book_refusal(book, code, user)
        for code, user in (
            *((used, "ben"), (used, "ann"), (wrong[:-1] + check, "cid"), (gone, "dan")),
            *(("ONCE", "eve"), ("ONCE", "bob"), ("NEVER-HEARD-OF", "fay"), ("x", "gil")),
        )
    ]

    assert len({(one.code, one.reason, one.message) for one in refusals}) == 1
    assert {one.reason for one in refusals} == {"CODE_REFUSED"}
    assert not any(one.metadata or one.violations or one.retry_after_s for one in refusals)


async def book_refusal(book, code, user):
    with pytest.raises(RangliError) as caught:
        await book.redeem(code, user)
    return caught.value


async def test_a_code_of_another_tenant_opens_nothing(book):
    _, (code,) = await book.generate(1)
    other = Codebook(Mint(book.mint.world.of(book.mint.world.tenant + "-2")))

    assert (await refused(other.redeem(code)))["reason"] == "CODE_REFUSED"
    await book.redeem(code)


async def test_who_asks_again_with_the_same_request_gets_the_same_coupon(book):
    _, (code,) = await book.generate(1)
    name = request_id()
    coupon = await book.redeem(code, request_id=name)

    assert await book.redeem(code.lower(), request_id=name) == coupon
    with pytest.raises(Invalid):
        await book.redeem("OTHER-CODE", request_id=name)
    assert (await refused(book.redeem(code)))["reason"] == "CODE_REFUSED"


async def test_one_code_of_two_hundred_at_once_is_redeemed_by_exactly_one(book):
    _, (code,) = await book.generate(1)

    outcomes = await all_of(*(book.redeem(code, f"u{n}") for n in range(200)))

    assert counted(outcomes) == {"OK": 1, "CODE_REFUSED": 199}
    assert (await book.mint.seen()).given == 1
    (code_set,) = await book.sets()
    assert code_set.redeemed == 1


async def test_one_code_of_two_processes_at_once_is_redeemed_by_exactly_one(book):
    world = book.mint.world
    batching = Batching(world.stores.pg)
    other = Codebook(Mint(World(world.stores, world.feed, world.tenant, batching)))
    for _ in range(5):
        _, (code,) = await book.generate(1)
        outcomes = await all_of(*((book, other)[n % 2].redeem(code, f"u{n}") for n in range(60)))
        assert counted(outcomes) == {"OK": 1, "CODE_REFUSED": 59}
    await batching.close()


async def test_one_users_burst_of_the_same_request_is_one_coupon(book):
    _, (code,) = await book.generate(1)
    name = request_id()

    outcomes = await all_of(*(book.redeem(code, request_id=name) for _ in range(10)))

    assert counted(outcomes) == {"OK": 10}
    assert len({one.coupon_id for one in outcomes}) == 1


async def test_two_codes_of_one_capped_batch_at_once_keep_its_stock(book):
    await book.mint.batch("b2", stock=7, per_user_max=0)
    _, codes = await book.generate(10, batch_id="b2")
    await book.put("SUMMER", 100, batch_id="b2")

    outcomes = await all_of(
        *(book.redeem(code, f"u{n}") for n, code in enumerate(codes)),
        *(book.redeem("SUMMER", f"v{n}") for n in range(10)),
    )

    assert counted(outcomes) == {"OK": 7, "SOLD_OUT": 13}
    assert (await book.mint.seen("b2")).left == 0
    sold_out = next(one for one in outcomes if reason_of(one) == "SOLD_OUT")
    assert sold_out.metadata["batch_id"] == "b2"


async def test_a_code_that_met_a_sold_out_batch_is_good_when_there_is_more(book):
    await book.mint.batch("b2", stock=0)
    _, (code,) = await book.generate(1, batch_id="b2")
    assert (await refused(book.redeem(code)))["reason"] == "SOLD_OUT"

    await book.mint.update("b2", stock=1)

    await book.redeem(code)


async def test_a_vanity_code_is_redeemed_so_often_in_all_and_once_by_each_user(book):
    await book.put("SUMMER", 5)

    outcomes = await all_of(*(book.redeem("summer", f"u{n // 2}") for n in range(40)))

    assert counted(outcomes) == {"OK": 5, "CODE_REFUSED": 35}
    winners = [one.user_id for one in outcomes if reason_of(one) == "OK"]
    assert len(set(winners)) == 5
    (code_set,) = await book.sets()
    assert (code_set.count, code_set.redeemed) == (5, 5)


async def test_a_vanity_code_whose_batch_is_sold_out_says_so(book):
    await book.mint.batch("b2", stock=1)
    await book.put("SUMMER", 5, batch_id="b2")
    await book.redeem("SUMMER", "ann")

    assert (await refused(book.redeem("SUMMER", "ben")))["reason"] == "SOLD_OUT"


async def test_limits_and_states_of_a_good_codes_batch_are_told(book):
    await book.mint.batch("b2", per_user_max=1, per_device_max=1)
    _, codes = await book.generate(3, batch_id="b2")
    await book.redeem(codes[0], "ann", device_id="d1")

    no = await refused(book.redeem(codes[1], "ann", device_id="d2"))
    assert (no["reason"], no["limit_id"]) == ("LIMIT_REACHED", "coupon/b2/user")
    no = await refused(book.redeem(codes[1], "ben", device_id="d1"))
    assert (no["reason"], no["limit_id"]) == ("LIMIT_REACHED", "coupon/b2/device")
    with pytest.raises(Invalid):
        await book.redeem(codes[1], "ben")
    await book.mint.verb("Pause", "b2")
    no = await refused(book.redeem(codes[1], "ben", device_id="d2"))
    assert (no["reason"], no["why"]) == ("BATCH_NOT_OPEN", "PAUSED")
    await book.mint.verb("Resume", "b2")
    await book.redeem(codes[1], "ben", device_id="d2")


async def test_who_lost_a_code_to_somebody_who_got_nothing_is_told_to_try_again(book):
    await book.mint.batch("b2", per_user_max=1)
    _, codes = await book.generate(2, batch_id="b2")
    await book.redeem(codes[0], "ann")

    world = book.mint.world
    code_hash = hashed(world.stores.keys.codes, world.tenant, read(codes[1]))
    asked = [
        Asked(world.tenant, request_id(), b"", "olga", Redeem(code_hash, user_id, "", ""))
        for user_id in ("ann", "ben")
    ]
    async with changing(world.stores.pg) as conn:
        first, second = await redeem(conn, asked)

    assert reason_of(first) == "LIMIT_REACHED"
    assert isinstance(second, Unavailable)
    await book.redeem(codes[1], "ben")


async def test_a_code_cannot_be_redeemed_once_its_set_is_void(book):
    """Whichever comes first, the other sees it: none is redeemed after the answer to VoidCodes."""
    for _ in range(10):
        code_set, codes = await book.generate(20)
        redeeming = [
            asyncio.create_task(book.redeem(code, f"u{n}")) for n, code in enumerate(codes)
        ]
        await asyncio.sleep(0.002)
        ended = await book.void(code_set)
        outcomes = await all_of(*redeeming)
        (seen,) = [one for one in await book.sets() if one.code_set_id == code_set.code_set_id]
        assert seen.redeemed == ended.redeemed == counted(outcomes).get("OK", 0)


@pytest.fixture
def at_once(monkeypatch):
    """No guess comes back because the machine is slow."""
    now_ms = guesses._now_ms()
    monkeypatch.setattr(guesses, "_now_ms", lambda: now_ms)


async def test_wrong_codes_are_throttled_and_right_ones_are_not_counted(book, at_once):
    _, codes = await book.generate(30)
    for code in codes[:15]:
        await book.redeem(code, "ann")

    outcomes = await all_of(*(book.redeem(f"WRONG-{n}", "ann") for n in range(40)))

    assert counted(outcomes) == {"CODE_REFUSED": 10, "TOO_MANY_GUESSES": 30}
    with pytest.raises(Exhausted) as caught:
        await book.redeem(codes[15], "ann")
    assert 0 < caught.value.retry_after_s <= 6
    await book.redeem(codes[15], "ben")


async def test_a_mistyped_code_counts_as_a_guess_though_it_is_not_looked_up(book, at_once):
    mistyped = "0000-0000-0000-0000-1"

    outcomes = await all_of(*(book.redeem(mistyped, "ann") for _ in range(12)))

    assert counted(outcomes) == {"CODE_REFUSED": 10, "TOO_MANY_GUESSES": 2}


async def test_guesses_of_one_source_count_together_whoever_makes_them(book, at_once):
    outcomes = await all_of(
        *(book.redeem(f"WRONG-{n}", f"u{n}", source="10.0.0.1") for n in range(120))
    )

    assert counted(outcomes) == {"CODE_REFUSED": 100, "TOO_MANY_GUESSES": 20}


@pytest.mark.parametrize("code", ["", "A\0B", "AB\u202eCD", "AB\u200bCD", "X" * 51])
async def test_what_cannot_be_typed_is_an_invalid_request_and_no_guess(book, code):
    for _ in range(15):
        with pytest.raises(Invalid):
            await book.redeem(code)


@pytest.mark.parametrize("code", ["'; DROP TABLE coupons; --", "{x}:*", "SUMM\u0415R", "$(x)\\"])
async def test_strange_codes_are_inert(book, code):
    assert (await refused(book.redeem(code)))["reason"] == "CODE_REFUSED"


async def test_codes_are_in_no_log_event_or_stored_answer(book, capfd):
    with structlog.testing.capture_logs() as logs:
        _, codes = await book.generate(3)
        await book.import_codes(["PARTNER-0001"])
        await book.redeem(codes[0])
        await all_of(book.redeem(codes[0], "ben"), book.redeem("PARTNER-0001", "cid"))
        await all_of(book.import_codes(["PARTNER-0001"]), book.redeem("x" * 50, "dan"))

    said = str(logs) + "".join(capfd.readouterr())
    rows = await book.mint.world.rows("SELECT o::text FROM outbox o WHERE tenant = $1")
    said += "".join(row[0] for row in rows)
    assert len(rows) > 4
    for secret in (*codes, "PARTNER-0001", "partner0001"):
        assert secret.lower() not in said.lower()
        assert secret.replace("-", "").lower() not in said.lower()


async def test_the_coupons_time_begins_when_the_code_is_redeemed(book):
    _, (code,) = await book.generate(1)

    coupon = await book.redeem(code)

    assert coupon.usable_from.ToDatetime(NOW.tzinfo) >= NOW - timedelta(seconds=5)
    assert coupon.expires_at.seconds - coupon.usable_from.seconds == 86_400

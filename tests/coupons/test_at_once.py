"""Claims in one statement: what it does is what the long way does, or nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from rangli.core.errors import RangliError
from rangli.coupons import batch_store
from rangli.coupons.answer_rpc import claimed
from rangli.coupons.at_once import claim_at_once
from rangli.coupons.giving import give
from rangli.coupons.model import Coupon, CouponSource, Giving
from rangli.storage.idempotency import Record, find_records, insert_records, sha256
from rangli.storage.postgres import changing, connection
from rangli.v1.coupon_service_pb2 import BATCH_STATE_PAUSED, ClaimResponse
from tests.coupons.mint import Mint, activity, counted
from tests.coupons.test_stock import storm, users
from tests.world import new_tenant

METHOD = "rangli.v1.CouponService/Claim"


class Asked(NamedTuple):
    """A claim."""

    request_id: str
    batch_id: str
    user_id: str


def said(coupon: Coupon) -> bytes:
    return claimed(coupon).SerializeToString()


_ROWS = {
    "coupons": """
        SELECT user_id, batch_id, activity_id, activity_version, expires_at - usable_from AS lasts,
               usable_from - given_at AS begins, transferable, returns_on_refund, source, counted,
               state, frozen, reason, order_id, grant_key, revision
        FROM coupons WHERE tenant = $1 ORDER BY batch_id, user_id, counted
    """,
    "uses": """
        SELECT limit_id, subject_id, period_at, bucket, used, most
        FROM counter_uses WHERE tenant = $1 ORDER BY limit_id, subject_id, period_at, bucket
    """,
    "events": """
        SELECT subject_kind, subject_id, event_type, actor,
               payload - 'coupon_id' - 'expires_at' AS payload
        FROM outbox WHERE tenant = $1 AND subject_kind = 'coupon'
        ORDER BY subject_id
    """,
    "records": """
        SELECT method, request_id, request_sha256, response IS NOT NULL AS is_answered
        FROM idempotency_records WHERE tenant = $1 AND method LIKE '%/Claim' ORDER BY request_id
    """,
    # An event names the coupon's end as the coupon has it.
    "told": """
        SELECT o.subject_id, c.expires_at = (o.payload ->> 'expires_at')::timestamptz
        FROM outbox o LEFT JOIN coupons c
          ON c.tenant = o.tenant AND c.coupon_id = o.payload ->> 'coupon_id'
        WHERE o.tenant = $1 AND o.event_type = 'coupon.given' ORDER BY o.subject_id
    """,
}


def batches_at_once(mint: Mint) -> int:
    return sum(counts.at_once for counts in mint.world.batching.counts())


async def rows(mint: Mint, name: str) -> list[tuple[Any, ...]]:
    async with connection(mint.world.stores.pg) as conn:
        return [tuple(row) for row in await conn.fetch(_ROWS[name], mint.world.tenant)]


async def test_claims_that_all_win_are_done_in_one_statement(mint: Mint) -> None:
    await mint.batch(stock=100)

    outcomes = await storm([mint], users(50))

    assert counted(outcomes) == {"OK": 50}
    assert batches_at_once(mint) > 0
    assert (await mint.seen()).given == 50
    told = await rows(mint, "told")
    assert len(told) == 50
    assert all(agrees for _, agrees in told)
    # They can be used from now on, by PostgreSQL's clock.
    async with connection(mint.world.stores.pg) as conn:
        late = await conn.fetchval(
            "SELECT count(*) FROM coupons WHERE tenant = $1 AND usable_from > clock_timestamp()",
            mint.world.tenant,
        )
    assert late == 0


class _Way:
    """A tenant whose claims are given in one of the two ways."""

    def __init__(self, mint: Mint) -> None:
        self.mint = mint
        self.pool = mint.world.stores.pg

    async def at_once(self, asked: Sequence[Asked]) -> bool:
        """Whether all have won."""
        key = self.mint.world.tenant, asked[0].batch_id
        ones = [
            (
                (self.mint.world.tenant, one.request_id),
                sha256(one.user_id.encode()),
                self._giving(one),
            )
            for one in asked
        ]
        async with connection(self.pool) as conn:
            offer = (await batch_store.offers(conn, [key]))[key]
            answers = await claim_at_once(
                conn, offer, ones, given_at=offer.now, method=METHOD, say=said
            )
            kept = await find_records(conn, METHOD, [one[0] for one in ones])
        if answers is None:
            return False
        assert [kept[one[0]].response for one in ones] == answers
        told = [ClaimResponse.FromString(one).coupon.user_id for one in answers]
        assert told == [one.user_id for one in asked]
        return True

    async def at_length(self, asked: Sequence[Asked]) -> list[str]:
        """What each came to."""
        tenant = self.mint.world.tenant
        async with changing(self.pool) as conn:
            known = await find_records(conn, METHOD, [(tenant, one.request_id) for one in asked])
            fresh = [one for one in asked if (tenant, one.request_id) not in known]
            verdicts = await give(conn, [self._giving(one) for one in fresh])
            records = [
                Record((tenant, one.request_id), sha256(one.user_id.encode()), said(verdict))
                for one, verdict in zip(fresh, verdicts, strict=True)
                if isinstance(verdict, Coupon)
            ]
            await insert_records(conn, METHOD, sorted(records))
        came_to = dict(zip([one.request_id for one in fresh], verdicts, strict=True))
        return [_outcome(came_to.get(one.request_id)) for one in asked]

    def _giving(self, one: Asked) -> Giving:
        tenant = self.mint.world.tenant
        return Giving(tenant, one.batch_id, one.user_id, CouponSource.CLAIMED, "ann's phone")


def _outcome(verdict: Coupon | RangliError | None) -> str:
    if verdict is None:
        return "REPLAYED"
    return "OK" if isinstance(verdict, Coupon) else verdict.reason.value


def _crowd(chance: random.Random, step: int) -> list[Asked]:
    """Some users who claim; at times one twice, and requests that were made before."""
    crowd = [
        Asked(f"r{chance.randint(0, 1) * step}-{place}", "b1", f"u{chance.randrange(60)}")
        for place in range(chance.randint(1, 5))
    ]
    return [one._replace(user_id="ann") for one in crowd] if chance.random() < 0.1 else crowd


async def _change(chance: random.Random, ways: Sequence[_Way]) -> None:
    """The batch is another for both, now and then."""
    draw, per_user_max, stock = chance.random(), chance.randint(0, 3), chance.randint(10, 80)
    for way in ways:
        paused = (await way.mint.seen()).state == BATCH_STATE_PAUSED
        if draw < 0.2:
            await way.mint.verb("Resume" if paused else "Pause")
        elif draw < 0.4 and not paused:
            await way.mint.update(per_user_max=per_user_max, stock=stock)


@pytest.mark.parametrize("seed", range(4))
async def test_both_ways_come_to_the_same_and_leave_the_same_rows(mint: Mint, seed: int) -> None:
    chance = random.Random(seed)
    other = Mint(mint.world.of(new_tenant()))
    await other.world.launch("a1", activity())
    short, long = ways = _Way(mint), _Way(other)
    for way in ways:
        await way.mint.batch(stock=60, per_user_max=2)
    done_at_once = 0

    for step in range(40):
        await _change(chance, ways)
        asked = _crowd(chance, step)
        before = {name: await rows(mint, name) for name in _ROWS}
        done = await short.at_once(asked)
        outcomes = await long.at_length(asked)
        if done:
            done_at_once += 1
            assert outcomes == ["OK"] * len(asked)
        else:
            assert {name: await rows(mint, name) for name in _ROWS} == before
            assert await short.at_length(asked) == outcomes

    for name in _ROWS:
        assert await rows(mint, name) == await rows(other, name), name
    assert 0 < done_at_once < 40
    assert await other.findings() == []


async def test_a_win_is_not_given_at_once_when_the_batch_has_changed_since_it_was_read(
    mint: Mint,
) -> None:
    await mint.batch()
    way = _Way(mint)
    key = mint.world.tenant, "b1"
    async with connection(way.pool) as conn:
        offer = (await batch_store.offers(conn, [key]))[key]
    await mint.verb("Pause")

    one = (mint.world.tenant, "r"), sha256(b"r"), way._giving(Asked("r", "b1", "ann"))
    async with connection(way.pool) as conn:
        assert (
            await claim_at_once(conn, offer, [one], given_at=offer.now, method=METHOD, say=said)
            is None
        )
    await mint.verb("Resume")
    async with connection(way.pool) as conn:
        assert (
            await claim_at_once(conn, offer, [one], given_at=offer.now, method=METHOD, say=said)
            is None
        )
    assert (await mint.seen()).given == 0

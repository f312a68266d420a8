"""Claims of one batch in one statement, which commits by itself, when nothing speaks against any.

    if (coupons := await claim_at_once(conn, offer, method, requests, ...)) is not None:
        ...                                              # committed, in the order of the requests
    else:
        ...                                              # the long way, which knows every refusal

What can be judged from the batch as this process has read it, is; PostgreSQL makes sure that it is
still as it was, takes what is counted, and writes all of it. So nobody waits for the stock while
this process computes, and a batch of claims is one round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import TypeAlias

from rangli.core.ids import new_ids
from rangli.counters import limit_store
from rangli.coupons.batch_store import Offer
from rangli.coupons.counting import wanted
from rangli.coupons.model import BatchState, Coupon, CouponSource, Giving
from rangli.coupons.spec import BatchSpec
from rangli.storage.idempotency import Key
from rangli.storage.postgres import Connection

# Between the texts of a column. What has it inside is not done at once.
_BETWEEN = "\x1f"
_CLAIM = f"SELECT coupon_claim_at_once({', '.join(f'${number}' for number in range(1, 26))})"
# key, the request's hash, and what is asked for
One: TypeAlias = tuple[Key, bytes, Giving]


def is_plain(spec: BatchSpec) -> bool:
    """Whether batch, stock and user alone decide, whenever it is asked."""
    return not (
        spec.channels
        or spec.audience_set_ids
        or spec.needs_admission
        or spec.not_claimable
        or spec.per_device_max
        or spec.per_phone_max
        or spec.claim_from
        or spec.claim_until
        or spec.validity.from_
        or spec.validity.until
        or spec.stock_buckets > 1
    )


async def claim_at_once(
    conn: Connection,
    offer: Offer,
    asked: Sequence[One],
    *,
    given_at: datetime,
    method: str,
    say: Callable[[Coupon], bytes],
) -> list[bytes] | None:
    """The answers, in order, committed; None: nothing was done.

    offer: the batch of all of them, as it was at most a second ago.  given_at: by PostgreSQL's
    clock, not later than now and hardly earlier.  say: a coupon as its answer.

    Says no where `give` would refuse one or its request has been made before, and sometimes where
    neither is so; never the other way round.
    """
    spec = offer.batch.spec
    if offer.batch.state is not BatchState.OPEN or not offer.runs or not is_plain(spec):
        return None
    rows = sorted(asked, key=lambda one: one[0])
    users = [one.user_id for _, _, one in rows]
    if len(set(users)) < len(users) or len({key for key, _, _ in rows}) < len(rows):
        return None
    texts = [
        _joined([key[1] for key, _, _ in rows]),
        _joined(users),
        _joined([one.actor for _, _, one in rows]),
        _joined(sorted(users, key=str.encode)),
    ]
    if None in texts:
        return None
    request_ids, user_ids, actors, sorted_user_ids = texts
    usable_from, expires_at = spec.validity.of(given_at)
    wants = wanted(rows[0][2], spec)
    tenant, coupon_ids = rows[0][0][0], new_ids("cpn", len(rows))
    user_limit, user_most = "", 0
    for want, most in wants.limits:  # one, or none
        user_limit, user_most = want.limit_id, most
    named = [(tenant, want.limit_id) for want in wants.wants]
    answers = {
        key: say(_coupon(one, coupon_id, offer, given_at, (usable_from, expires_at)))
        for (key, _, one), coupon_id in zip(rows, coupon_ids, strict=True)
    }
    done = await conn.fetchval(
        _CLAIM,
        method, tenant, request_ids, b"".join([sha256 for _, sha256, _ in rows]),
        b"".join(answers.values()), [*accumulate(map(len, answers.values()))],
        offer.batch.batch_id, offer.batch.revision, spec.activity_id, offer.activity_version,
        usable_from, expires_at, expires_at.isoformat(),
        spec.transferable, spec.returns_on_refund, given_at,
        wants.stock.limit_id, user_limit, user_most, limit_store.GATE, limit_store.gates(named),
        user_ids, _BETWEEN.join(coupon_ids), actors, sorted_user_ids,
    )  # fmt: skip
    return [answers[key] for key, _, _ in asked] if done else None


def _coupon(
    one: Giving,
    coupon_id: str,
    offer: Offer,
    given_at: datetime,
    good: tuple[datetime, datetime],
) -> Coupon:
    spec = offer.batch.spec
    usable_from, expires_at = good
    return Coupon(
        tenant=one.tenant,
        user_id=one.user_id,
        coupon_id=coupon_id,
        batch_id=one.batch_id,
        activity_id=spec.activity_id,
        activity_version=offer.activity_version,
        usable_from=usable_from,
        expires_at=expires_at,
        transferable=spec.transferable,
        returns_on_refund=spec.returns_on_refund,
        source=CouponSource.CLAIMED,
        given_at=given_at,
        counted=(),  # which no answer tells
    )


def _joined(texts: Sequence[str]) -> str | None:
    joined = _BETWEEN.join(texts)
    # Of nothing PostgreSQL makes no text, instead of an empty one.
    return joined if joined and joined.count(_BETWEEN) == len(texts) - 1 else None

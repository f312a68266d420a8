"""Codes are redeemed for coupons: whole batches in one open transaction.

Known and unknown codes go the same way: each is hashed, looked up by its hash among all of the
batch, and answered after the commit of all. So how long an answer takes tells nothing of a code
that opens nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from rangli.core.errors import RangliError, Reason, Unavailable
from rangli.counters.model import Want
from rangli.coupons import code_store, giving
from rangli.coupons.code_model import (
    CodeKey,
    CodeSet,
    CodeSetKind,
    Redeem,
    SetKey,
    VanityUse,
    cap_of,
    is_cap,
    refused,
)
from rangli.coupons.model import Coupon, CouponSource, Giving
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection

# What only one request can have: a code that is good for one, or a user's turn at a vanity code.
_Prize: TypeAlias = CodeKey | VanityUse


async def redeem(conn: Connection, asked: Sequence[Asked[Redeem]]) -> list[Coupon | RangliError]:
    """A coupon for each code that is good; CODE_REFUSED for all others; or what a claim is refused.

    Raises KeyTakenError if what the answers rest on has just changed: begin anew.
    """
    keys = [CodeKey(one.tenant, one.body.code_hash) for one in asked]
    codes = await code_store.locked_codes(conn, keys)
    sets = await code_store.sets(
        conn, {SetKey(key.tenant, code.code_set_id) for key, code in codes.items()}
    )
    good: list[tuple[CodeSet, _Prize] | None] = []
    for key, one in zip(keys, asked, strict=True):
        code = codes.get(key)
        code_set = sets[SetKey(key.tenant, code.code_set_id)] if code else None
        if code is None or code_set is None or code.is_used or code_set.is_void:
            good.append(None)
        elif code_set.kind is CodeSetKind.VANITY:
            good.append((code_set, VanityUse(*code_set.key, one.body.user_id)))
        else:
            good.append((code_set, key))
    uses = {found[1] for found in good if found and isinstance(found[1], VanityUse)}
    used = await code_store.vanity_uses(conn, uses)
    # Of those who want the same, the first is asked for; what it gets decides the others.
    first: dict[_Prize, int] = {}
    for place, found in enumerate(good):
        if found and found[1] not in used:
            first.setdefault(found[1], place)
    places = sorted(first.values())
    given = await giving.give(
        conn, [_giving(asked[place], found[0]) for place in places if (found := good[place])]
    )
    outcomes = dict(zip(places, map(_told, given), strict=True))
    verdicts = [
        _verdict(place, first.get(found[1]) if found else None, outcomes)
        for place, found in enumerate(good)
    ]
    await _write(conn, first, outcomes, good)
    return verdicts


def _giving(one: Asked[Redeem], code_set: CodeSet) -> Giving:
    is_vanity = code_set.kind is CodeSetKind.VANITY
    return Giving(
        one.tenant,
        code_set.batch_id,
        one.body.user_id,
        CouponSource.CODE,
        one.actor,
        device_id=one.body.device_id,
        phone=one.body.phone,
        also=(Want(cap_of(code_set.code_set_id), ""),) if is_vanity else (),
    )


def _told(outcome: Coupon | RangliError) -> Coupon | RangliError:
    """What the caller learns: a vanity code that is used up opens nothing."""
    if not isinstance(outcome, RangliError) or outcome.reason is not Reason.SOLD_OUT:
        return outcome
    return refused() if is_cap(outcome.metadata["limit_id"]) else outcome


def _verdict(
    place: int, first: int | None, outcomes: dict[int, Coupon | RangliError]
) -> Coupon | RangliError:
    if first is None:
        return refused()
    outcome = outcomes[first]
    if place == first:
        return outcome
    if isinstance(outcome, Coupon) or outcome.reason is Reason.CODE_REFUSED:
        return refused()
    # The code is still good, only that user got nothing for it.
    return Unavailable("codes", "another request for this code was under way", retry_after_s=0.05)


async def _write(
    conn: Connection,
    first: dict[_Prize, int],
    outcomes: dict[int, Coupon | RangliError],
    good: Sequence[tuple[CodeSet, _Prize] | None],
) -> None:
    codes: dict[CodeKey, tuple[str, str]] = {}
    uses: dict[VanityUse, str] = {}
    counts: Counter[SetKey] = Counter()
    for prize, place in first.items():
        outcome, found = outcomes[place], good[place]
        if isinstance(outcome, RangliError) or found is None:
            continue
        counts[found[0].key] += 1
        if isinstance(prize, VanityUse):
            uses[prize] = outcome.coupon_id
        else:
            codes[prize] = (outcome.user_id, outcome.coupon_id)
    await code_store.write_redeemed(conn, codes=codes, uses=uses, counts=counts)

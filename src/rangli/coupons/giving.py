"""The one way in which coupons come to be: claimed, issued, for codes, by jobs.

Whole batches of requests in a transaction that the caller has opened; each is refused or gets its
coupon, with its counts, for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from rangli.core.errors import NameTaken, NotFound, RangliError, Reason, Refused
from rangli.core.ids import new_id
from rangli.counters import store as counters
from rangli.counters.book import CounterBook
from rangli.counters.model import Counted
from rangli.coupons import batch_store, store
from rangli.coupons.batch_store import Offer
from rangli.coupons.counting import Wanted, wanted
from rangli.coupons.model import (
    BatchKey,
    BatchState,
    Coupon,
    CouponSource,
    Giving,
    NotOpen,
)
from rangli.coupons.spec import BatchSpec
from rangli.coupons.store import Grant, GrantKey
from rangli.selection import store as selection
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection

Insiders: TypeAlias = "set[tuple[str, str, str]]"  # tenant, set_id, user_id


async def give(conn: Connection, asked: Sequence[Giving]) -> list[Coupon | RangliError]:
    """A coupon for each, or why not, in order; hundreds at once, not thousands.

    Locks the batches against change and what is counted; the caller may hold locks on coupons and
    codes, and none of counters. Raises KeyTakenError if another transaction has just used one of
    the grant_keys: begin anew.
    """
    offers = await batch_store.entered(conn, [one.batch for one in asked])
    granted = _Granted(await _grants(conn, asked))
    insiders = await _insiders(conn, asked, offers)
    plans = [_plan(one, offers.get(one.batch), insiders) for one in asked]
    wants = [
        (one.tenant, want)
        for one, plan in zip(asked, plans, strict=True)
        if not isinstance(plan, RangliError) and not granted.has(one)
        for want in (*one.also, *plan.wants)
    ]
    book = await counters.locked(conn, wants=wants)
    made: list[Coupon] = []
    events: list[Event] = []
    verdicts: list[Coupon | RangliError] = []
    for one, plan in zip(asked, plans, strict=True):
        try:
            coupon = granted.of(one)
            if coupon is None:
                if isinstance(plan, RangliError):
                    raise plan
                coupon = _coupon(one, offers[one.batch], _count(book, one, plan))
                made.append(coupon)
                granted.keep(one, coupon)
                events.append(_event(one, coupon))
            verdicts.append(coupon)
        except RangliError as refusal:
            verdicts.append(refusal)
    await counters.write(conn, book)
    if made:
        await store.insert(conn, made)
        await emit_all(conn, events)
    if granted.new:
        await store.insert_grants(conn, granted.new)
    return verdicts


def judged(offer: Offer, one: Giving, now: datetime) -> Wanted:
    """What the coupon would count, if the batch gives him one at that instant.

    Stock and limits aside, and the audience. Raises Refused (BATCH_NOT_OPEN, ADMISSION_REFUSED),
    and Invalid if something must be told.
    """
    spec = offer.batch.spec
    why = _not_open(offer, one, now)
    if why is not None:
        raise not_open_refusal(one.batch_id, why)
    if spec.needs_admission and one.source is CouponSource.CLAIMED and one.not_admitted:
        raise Refused(
            Reason.ADMISSION_REFUSED,
            f"{one.batch_id!r} asks for an admission token of this user: {one.not_admitted}",
            metadata={"batch_id": one.batch_id, "why": one.not_admitted},
        )
    return wanted(one, spec)


def asks_audience(spec: BatchSpec, one: Giving) -> bool:
    """Whether only members of the batch's sets are given one in this way."""
    return bool(spec.audience_set_ids) and one.source is not CouponSource.ISSUED


def not_open_refusal(batch_id: str, why: NotOpen) -> Refused:
    """BATCH_NOT_OPEN."""
    return Refused(
        Reason.BATCH_NOT_OPEN,
        f"{batch_id!r} gives no coupon here and now: {why}",
        metadata={"batch_id": batch_id, "why": why},
    )


def _not_open(offer: Offer, one: Giving, now: datetime) -> NotOpen | None:
    """Why the batch gives him nothing at that instant."""
    batch, spec = offer.batch, offer.batch.spec
    if batch.state is not BatchState.OPEN:
        return NotOpen[batch.state.name]
    if not offer.runs:
        return NotOpen.NOT_RUNNING
    if spec.validity.is_over(now):
        return NotOpen.ENDED  # it would be given expired
    if one.source is CouponSource.ISSUED:
        return None
    return _not_open_to_users(spec, one, now)


def _not_open_to_users(spec: BatchSpec, one: Giving, now: datetime) -> NotOpen | None:
    if spec.claim_from is not None and now < spec.claim_from:
        return NotOpen.NOT_STARTED
    if spec.claim_until is not None and now >= spec.claim_until:
        return NotOpen.ENDED
    if one.source is CouponSource.CLAIMED:
        if spec.not_claimable:
            return NotOpen.NOT_CLAIMABLE
        if spec.channels and one.channel not in spec.channels:
            return NotOpen.OTHER_CHANNEL
    return None


def _plan(one: Giving, offer: Offer | None, insiders: Insiders) -> Wanted | RangliError:
    """What it would count, or why it gets nothing."""
    try:
        if offer is None:
            raise NotFound("coupon batch", one.batch_id)
        wants = judged(offer, one, offer.now)
        spec = offer.batch.spec
        if asks_audience(spec, one):
            sets = spec.audience_set_ids
            if not any((one.tenant, set_id, one.user_id) in insiders for set_id in sets):
                raise not_open_refusal(one.batch_id, NotOpen.NOT_IN_AUDIENCE)
    except RangliError as refusal:
        return refusal
    return wants


async def _insiders(
    conn: Connection, asked: Sequence[Giving], offers: Mapping[BatchKey, Offer]
) -> Insiders:
    """Who of those asked for is a member of a set that his batch names."""
    questions = {
        (one.tenant, set_id, one.user_id)
        for one in asked
        if (offer := offers.get(one.batch)) and asks_audience(offer.batch.spec, one)
        for set_id in offer.batch.spec.audience_set_ids
    }
    return await selection.memberships(conn, questions) if questions else set()


def _count(book: CounterBook, one: Giving, plan: Wanted) -> list[Counted]:
    try:
        return book.count(one.tenant, [*one.also, *plan.wants])
    except Refused as refused:
        if refused.reason is Reason.SOLD_OUT:
            refused.metadata["batch_id"] = one.batch_id
        raise


def _coupon(one: Giving, offer: Offer, counted: Sequence[Counted]) -> Coupon:
    spec = offer.batch.spec
    usable_from, expires_at = spec.validity.of(offer.now)
    return Coupon(
        tenant=one.tenant,
        user_id=one.user_id,
        coupon_id=new_id("cpn"),
        batch_id=one.batch_id,
        activity_id=spec.activity_id,
        activity_version=offer.activity_version,
        usable_from=usable_from,
        expires_at=expires_at,
        transferable=spec.transferable,
        returns_on_refund=spec.returns_on_refund,
        source=one.source,
        given_at=offer.now,
        counted=tuple(counted),
        grant_key=one.grant_key or None,
    )


def _event(one: Giving, coupon: Coupon) -> Event:
    payload = {
        "coupon_id": coupon.coupon_id,
        "batch_id": coupon.batch_id,
        "activity_id": coupon.activity_id,
        "source": coupon.source.value,
        "expires_at": coupon.expires_at.isoformat(),
    }
    if one.grant_key:
        payload["grant_key"] = one.grant_key
    if one.reason:
        payload["reason"] = one.reason
    return Event(one.tenant, "coupon", one.user_id, "coupon.given", one.actor, payload)


class _Granted:
    """What grant_keys have been used for, those of this very transaction included."""

    def __init__(self, grants: Mapping[GrantKey, Grant]) -> None:
        self._grants = dict(grants)
        self.new: dict[GrantKey, Grant] = {}

    def has(self, one: Giving) -> bool:
        return bool(one.grant_key) and (one.tenant, one.grant_key) in self._grants

    def of(self, one: Giving) -> Coupon | None:
        """The key's coupon; raises NameTaken if the key was for somebody or something else."""
        if not self.has(one):
            return None
        grant = self._grants[one.tenant, one.grant_key]
        if (grant.batch_id, grant.granted_to) != (one.batch_id, one.user_id):
            raise NameTaken("grant", one.grant_key)
        return grant.coupon

    def keep(self, one: Giving, coupon: Coupon) -> None:
        if one.grant_key:
            key = one.tenant, one.grant_key
            self._grants[key] = self.new[key] = Grant(one.batch_id, one.user_id, coupon)


async def _grants(conn: Connection, asked: Sequence[Giving]) -> Mapping[GrantKey, Grant]:
    keys = [(one.tenant, one.grant_key) for one in asked if one.grant_key]
    return await store.grants(conn, keys) if keys else {}

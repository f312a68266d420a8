"""The claim desk: many come, few get one, and each no is cheap.

What a claim meets, in this order: the batch as this process knows it; the filter, which says an
early no out of Redis; and the transaction, which alone says yes. Whoever is refused before it may
be a winner who asks again, so his earlier answer is looked up before the no leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rangli.core.errors import NotFound, RangliError, Reason, Refused
from rangli.counters import limit_store
from rangli.counters.book import LimitKey
from rangli.counters.filter import Admission, Filter, Limited
from rangli.counters.model import Counted, Remaining, Want
from rangli.coupons import giving
from rangli.coupons.at_once import claim_at_once
from rangli.coupons.counting import Wanted, owner_of, stock_of
from rangli.coupons.gathering import Gatherer
from rangli.coupons.known import KnownBatches
from rangli.coupons.model import Coupon, Giving, NotOpen
from rangli.coupons.sold_out import BELIEVED_S, SoldOut
from rangli.selection import store as selection
from rangli.storage.batcher import Asked, Batching, Request
from rangli.storage.idempotency import Key, Record, find_records, replay, sha256
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores

# How long Redis remembers whom it has let pass; PostgreSQL never forgets.
REMEMBER_S = 3_600
# Stocks that PostgreSQL has given all of, and that is believed. Whoever won before it was asked is
# found by the look-up that every no has to pass.
_ALL_GIVEN_MAX = 1_000
# So many are looked up together: while some are, the others' answers are on their way.
_LOOK_UPS = 64
# So many are given together.
_GIVEN_MAX = 128
# What is under way has come to its end after some milliseconds, and the filter counts anew after
# a quarter of a second.
_PAUSES_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.16)


@dataclass(slots=True)
class Claim:
    """A user's claim.

    given: whether this very request, and no earlier one of its key, has got the coupon.
    """

    giving: Giving
    given: bool = False


class _Visitor(NamedTuple):
    """Somebody who may be a member of one of the sets."""

    tenant: str
    user_id: str
    set_ids: tuple[str, ...]


class _Question(NamedTuple):
    """What is asked before it is said that a limit is reached.

    key: was it answered before?  limits: what do these, (tenant, limit_id, subject_id), leave?
    """

    key: Key
    limits: tuple[tuple[str, str, str], ...]


class _Found(NamedTuple):
    """record: of the earlier answer.  reached: the first of the limits that leaves nothing."""

    record: Record | None
    reached: Remaining | None


class ClaimDesk:
    """One process's way of claiming.

    method: its full name.  say: a coupon as the answer that is kept and sent.  filter: None says
    nothing early.
    """

    def __init__(
        self,
        stores: Stores,
        batching: Batching,
        *,
        method: str,
        say: Callable[[Coupon], bytes],
        filter: Filter | None,  # noqa: A002  what it is
    ) -> None:
        self._pg = stores.pg
        self._method = method
        self._say = say
        self._filter = filter
        self._batches = KnownBatches(stores.pg)
        self._sold_out = SoldOut(self._batches, filter) if filter is not None else None
        self._batcher = batching.batcher(
            method, self._give, at_once=self._give_at_once, size_max=_GIVEN_MAX, patient=True
        )
        self._earlier = Gatherer(self._records, size_max=_LOOK_UPS)
        self._reached = Gatherer(self._limits_and_records, size_max=_LOOK_UPS)
        self._left = Gatherer(self._stocks)
        self._insiders = Gatherer(self._memberships)
        # Stocks that were seen to be all given, and until when that is believed; few at a time.
        self._all_given: dict[LimitKey, float] = {}
        # Claims under way, by key, and what the next one of that key waits for, if there is one.
        self._under_way: dict[Key, asyncio.Event | None] = {}

    async def claim(self, asked: Asked[Claim], *, deadline: float) -> bytes | RangliError:
        """The claim's answer: its first one, if it has been made before. Or why it is refused.

        Raises as `Batcher.submit`, and Exhausted (OVERLOADED) if the filter must be bypassed and
        too many ask.
        """
        key = asked.tenant, asked.request_id
        # Whether there is an earlier answer is not known before that claim has ended.
        while key in self._under_way:
            before = self._under_way[key] = self._under_way[key] or asyncio.Event()
            await before.wait()
        self._under_way[key] = None
        try:
            return await self._claim(asked, deadline)
        finally:
            if ended := self._under_way.pop(key):
                ended.set()

    async def _claim(self, asked: Asked[Claim], deadline: float) -> bytes | RangliError:
        one = asked.body.giving
        if self._sold_out is not None and (known := await self._sold_out.told(one)) is not None:
            return await self._earlier_answer(asked, known)
        try:
            wants = await self._wanted(one)
        except RangliError as refusal:
            return await self._earlier_answer(asked, refusal)
        if self._filter is None or self._sold_out is None:
            return await self._batcher.submit(asked, deadline=deadline)
        owner = owner_of(one.batch_id)
        limited = [Limited(want, most, REMEMBER_S) for want, most in wants.limits]
        verdict = await self._admitted(self._filter, self._sold_out, one, wants, limited)
        if verdict is Admission.SOLD_OUT:
            return await self._earlier_answer(asked, _sold_out(one, wants))
        if verdict is Admission.LIMITED and (answer := await self._limited(asked, wants)):
            return answer
        try:
            return await self._batcher.submit(asked, deadline=deadline)
        finally:
            # Also if nobody knows what became of it: too much in the filter costs work only.
            if verdict is Admission.PASSED and not asked.body.given:
                self._filter.failed(one.tenant, owner, wants.stock, limited)

    async def _admitted(
        self,
        filter_: Filter,
        sold_out: SoldOut,
        one: Giving,
        wants: Wanted,
        limited: Sequence[Limited],
    ) -> Admission:
        """What the filter says; SOLD_OUT only when PostgreSQL has given all.

        Until then what was let through is under way. It may come to nothing; and it may be this
        very claim, asked before: nobody is told a no that he is just about to win.
        """
        owner, stock = owner_of(one.batch_id), (one.tenant, wants.stock.limit_id)
        anew = asks = sold_out.asks(one)
        try:
            for pause_s in (*_PAUSES_S, None):
                verdict = await filter_.admit(one.tenant, owner, wants.stock, limited, anew=anew)
                if verdict is not Admission.SOLD_OUT or pause_s is None:
                    break
                if await self._is_all_given(stock, anew=anew):
                    asks = False
                    until = self._all_given.get(stock, 0.0)
                    sold_out.learn(one, wants.stock, _sold_out(one, wants), until)
                    break
                await asyncio.sleep(pause_s)
            return verdict
        finally:
            if asks:
                sold_out.forget(one)

    async def _is_all_given(self, stock: LimitKey, *, anew: bool) -> bool:
        """Whether PostgreSQL has given all of it, or had a moment ago unless asked anew."""
        now = time.monotonic()
        if not anew and self._all_given.get(stock, 0.0) > now:
            return True
        if await self._left.ask(stock):
            return False
        if len(self._all_given) >= _ALL_GIVEN_MAX:
            self._all_given.clear()
        self._all_given[stock] = now + BELIEVED_S
        return True

    async def _wanted(self, one: Giving) -> Wanted:
        """What the claim would count, if it is admissible; raises why not."""
        offer = await self._batches.recent(one.batch)
        try:
            if offer is None:
                raise NotFound("coupon batch", one.batch_id)
            wants = giving.judged(offer, one, self._batches.now(offer))
        except RangliError:
            # What is known may be a second old; a no is of now.
            offer = await self._batches.fresh(one.batch)
            if offer is None:
                raise
            wants = giving.judged(offer, one, offer.now)
        spec = offer.batch.spec
        if giving.asks_audience(spec, one):
            visitor = _Visitor(one.tenant, one.user_id, spec.audience_set_ids)
            if not await self._insiders.ask(visitor):
                raise giving.not_open_refusal(one.batch_id, NotOpen.NOT_IN_AUDIENCE)
        return wants

    async def _earlier_answer(
        self, asked: Asked[Claim], refusal: RangliError
    ) -> bytes | RangliError:
        """What the key was answered before, and the refusal if it was not."""
        record = await self._earlier.ask((asked.tenant, asked.request_id))
        return refusal if record is None else replay(record, sha256(asked.fingerprint))

    async def _limited(self, asked: Asked[Claim], wants: Wanted) -> bytes | None:
        """What the key was answered before; None if the limits leave something after all.

        Redis may count what came to nothing. Raises Refused (LIMIT_REACHED).
        """
        limits = tuple((asked.tenant, *want[:2]) for want, _ in wants.limits)
        found = await self._reached.ask(_Question((asked.tenant, asked.request_id), limits))
        if found is None:
            return None
        if found.record is not None:
            return replay(found.record, sha256(asked.fingerprint))
        if found.reached is not None:
            raise _limit_reached(found.reached)
        return None

    async def _give(
        self, conn: Connection, asked: Sequence[Asked[Claim]]
    ) -> list[bytes | RangliError]:
        verdicts = await giving.give(conn, [one.body.giving for one in asked])
        answers: list[bytes | RangliError] = []
        for one, verdict in zip(asked, verdicts, strict=True):
            one.body.given = isinstance(verdict, Coupon)
            answers.append(self._say(verdict) if isinstance(verdict, Coupon) else verdict)
        return answers

    async def _give_at_once(
        self, conn: Connection, requests: Sequence[Request[Claim]]
    ) -> list[bytes] | None:
        batches = {request.asked.body.giving.batch for request in requests}
        offer = self._batches.kept(batches.pop())
        if offer is None or batches:
            return None
        asked = [(one.key, one.request_sha256, one.asked.body.giving) for one in requests]
        given_at = self._batches.past(offer)
        answers = await claim_at_once(
            conn, offer, asked, given_at=given_at, method=self._method, say=self._say
        )
        for request in requests:
            request.asked.body.given = answers is not None
        return answers

    async def _records(self, keys: Sequence[Key]) -> Mapping[Key, Record]:
        async with connection(self._pg) as conn:
            return await find_records(conn, self._method, keys)

    async def _limits_and_records(
        self, questions: Sequence[_Question]
    ) -> Mapping[_Question, _Found]:
        limits = [limit for question in questions for limit in question.limits]
        async with connection(self._pg) as conn:
            # The records last: whose own win has just used up a limit must be seen to have won.
            left = await limit_store.remaining(conn, limits)
            records = await find_records(conn, self._method, [one.key for one in questions])
        reached = {limit: seen for limit, seen in left.items() if not seen.left}
        return {
            question: _Found(
                records.get(question.key),
                next((reached[limit] for limit in question.limits if limit in reached), None),
            )
            for question in questions
        }

    async def _stocks(self, limits: Sequence[LimitKey]) -> Mapping[LimitKey, int]:
        async with connection(self._pg) as conn:
            found = await limit_store.remaining(conn, [(*limit, "") for limit in limits])
        return {key[:2]: seen.left for key, seen in found.items()}

    async def _memberships(self, visitors: Sequence[_Visitor]) -> Mapping[_Visitor, bool]:
        asked = [
            (one, (one.tenant, set_id, one.user_id)) for one in visitors for set_id in one.set_ids
        ]
        async with connection(self._pg) as conn:
            found = await selection.memberships(conn, [member for _, member in asked])
        return {one: True for one, member in asked if member in found}


def uncounted(batch_id: str, counted: Sequence[Counted]) -> tuple[Want | None, list[Limited]]:
    """What came back to a batch, as the filter takes it."""
    owner = owner_of(batch_id) + "/"
    stock: Want | None = None
    limited = []
    for limit_id, subject_id, _, _, quantity in counted:
        want = Want(limit_id, subject_id, quantity)
        if limit_id == stock_of(batch_id):
            stock = want
        elif limit_id.startswith(owner):
            limited.append(Limited(want, 0, REMEMBER_S))
    return stock, limited


def _sold_out(one: Giving, wants: Wanted) -> Refused:
    facts = {"limit_id": wants.stock.limit_id, "left": 0, "wanted": 1, "batch_id": one.batch_id}
    return Refused(Reason.SOLD_OUT, f"{one.batch_id!r} has none left", metadata=facts)


def _limit_reached(seen: Remaining) -> Refused:
    limit = seen.limit
    return Refused(
        Reason.LIMIT_REACHED,
        f"{limit.limit_id!r} leaves 0 of {limit.most}, not 1",
        metadata={
            "limit_id": limit.limit_id,
            "subject": limit.subject,
            "subject_id": seen.subject_id,
            "period": limit.period,
            "most": limit.most,
            "left": 0,
            "wanted": 1,
        },
    )

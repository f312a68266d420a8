"""Everything at once, through two processes: no deadlock, and just what was acknowledged."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from rangli.core.errors import Reason, Refused
from rangli.v1 import wallet_service_pb2 as pb
from tests.wallet.purse import BALANCE, POINTS, Purse, day
from tests.world import World

USERS = ("ann", "bob", "曹")


class Till:
    """Does what tills do, and counts what was acknowledged."""

    def __init__(self, world: World, seed: int) -> None:
        self.random = random.Random(seed)
        self.purse = Purse(world, self.random.choice(USERS))
        self.change: Counter[tuple[str, int]] = Counter()
        self.refused: set[Reason] = set()

    async def run(self) -> None:
        for _ in range(6):
            verb = self.random.choice((self.credit, self.debit, self.buy, self.buy, self.freeze))
            try:
                await verb()
            except Refused as refused:
                self.refused.add(refused.reason)

    async def credit(self) -> None:
        kind = self.random.choice((BALANCE, POINTS))
        amount = self.random.randint(1, 50)
        at = self.random.choice((None, day(1), day(2), day(3)))
        await self.purse.credit(amount, kind, expires_at=at)
        self.change[self.purse.user_id, kind] += amount

    async def debit(self) -> None:
        amount = self.random.randint(1, 9)
        await self.purse.debit(amount)
        self.change[self.purse.user_id, BALANCE] -= amount

    async def freeze(self) -> None:
        await self.purse.freeze(POINTS)
        await self.purse.unfreeze(POINTS)

    async def buy(self) -> None:
        amount, points = self.random.randint(1, 40), self.random.randint(1, 40)
        kept = await self.purse.reserve(amount, (POINTS, points, 7), external_minor=5)
        key = kept.reservation_id
        if self.random.random() < 0.2:
            await self.purse.release(key)
            return
        if self.random.random() < 0.3:
            await self.purse.time_passes(key)
        self._count(await self.purse.capture(key, late=True))
        done = await self.purse.refund(key, refund_minor=self.random.randint(1, 12))
        for back in done.tenders:
            self.change[self.purse.user_id, back.kind] += back.amount

    def _count(self, captured: pb.WalletReservation) -> None:
        for tender in captured.tenders:
            self.change[captured.user_id, tender.kind] -= tender.captured


async def test_everything_at_once_leaves_just_what_was_acknowledged(purse: Purse) -> None:
    world = purse.world
    other = World(world.stores, world.feed, world.tenant)
    for user in USERS:
        for kind in (BALANCE, POINTS):
            await Purse(world, user).credit(100, kind)
    tills = [Till((world, other)[number % 2], number) for number in range(60)]
    selling = asyncio.gather(*(till.run() for till in tills))

    while not selling.done():
        await purse.swept()
        await asyncio.sleep(0.01)
    await selling

    expected = Counter({(user, kind): 100 for user in USERS for kind in (BALANCE, POINTS)})
    for till in tills:
        expected.update(till.change)
    for user in USERS:
        found = {one.kind: one for one in (await Purse(world, user).get()).pockets}
        for kind in (BALANCE, POINTS):
            pocket = found[kind]
            assert pocket.available + pocket.reserved == expected[user, kind], (user, kind)
    assert set[Reason]().union(*(till.refused for till in tills)) <= {
        Reason.INSUFFICIENT_FUNDS,
        Reason.FUNDS_FROZEN,
        Reason.RETURN_EXCEEDS_CAPTURED,
    }

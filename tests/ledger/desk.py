"""A tenant's accounts on real stores, moved as a domain moves them: locked, decided, written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import TypeVar

from rangli.core.errors import Unavailable
from rangli.ledger import audit as ledger
from rangli.ledger import statements, store
from rangli.ledger.book import Book
from rangli.ledger.model import AccountKey, Cause, Leg
from rangli.ledger.sweeper import sweep
from rangli.storage.audit import Finding, audit, snapshot
from rangli.storage.postgres import transaction
from rangli.storage.stores import Stores

T = TypeVar("T")
PATIENCE = 10
_requests = count()


def cause() -> Cause:
    """Of a request of its own."""
    return Cause("Test/Move", f"r{next(_requests)}", "order-1")


class Desk:
    """Accounts by their owners, all in dollars unless opened otherwise."""

    def __init__(self, stores: Stores, tenant: str = "t") -> None:
        self.stores = stores
        self.tenant = tenant
        self.ids: dict[str, int] = {}
        self.holds: list[str] = []

    async def open(
        self, *owners: str, floor: int | None = 0, until: datetime | None = None, unit: str = "USD"
    ) -> None:
        keys = {AccountKey(self.tenant, owner, "balance", unit, until): floor for owner in owners}
        async with transaction(self.stores.pg) as conn:
            opened = await store.open_accounts(conn, keys)
        self.ids |= {key.owner: account_id for key, account_id in opened.items()}

    async def decide(self, verb: Callable[[Book], T]) -> T:
        """What the verb does on a book of all accounts and holds; a refusal writes nothing."""
        async with transaction(self.stores.pg) as conn:
            book = await store.locked(
                conn,
                accounts=[(self.tenant, account_id) for account_id in self.ids.values()],
                holds=[(self.tenant, hold_id) for hold_id in self.holds],
            )
            result = verb(book)
            await store.write(conn, book)
        return result

    def legs(self, *moves: tuple[str, str, int]) -> list[Leg]:
        return [Leg(self.ids[source], self.ids[target], amount) for source, target, amount in moves]

    async def post(self, *moves: tuple[str, str, int], why: Cause | None = None) -> str:
        legs = self.legs(*moves)
        return await self.decide(lambda book: book.post(self.tenant, legs, why or cause()))

    async def hold(self, *moves: tuple[str, str, int], ttl_s: float = 600) -> str:
        legs = self.legs(*moves)
        held = await self.decide(lambda book: book.hold(self.tenant, legs, cause(), ttl_s=ttl_s))
        self.holds.append(held.hold_id)
        return held.hold_id

    async def capture(
        self,
        hold_id: str,
        amounts: Sequence[int] | None = None,
        *,
        final: bool = True,
        late: bool = False,
    ) -> str:
        return await self.decide(
            lambda book: book.capture(
                self.tenant, hold_id, cause(), amounts_minor=amounts, final=final, late=late
            )
        )

    async def void(self, hold_id: str) -> str | None:
        return await self.decide(lambda book: book.void(self.tenant, hold_id, cause()))

    async def give_back(self, hold_id: str, amounts: Sequence[int]) -> str:
        return await self.decide(
            lambda book: book.give_back(self.tenant, hold_id, amounts, cause())
        )

    async def balances(self) -> dict[str, tuple[int, int, int]]:
        """Of each owner what is posted, pending out, and pending in."""
        async with transaction(self.stores.pg) as conn:
            wanted = [(self.tenant, account_id) for account_id in self.ids.values()]
            accounts = await statements.balances(conn, wanted)
        return {
            a.key.owner: (a.posted_minor, a.pending_out_minor, a.pending_in_minor)
            for a in accounts.values()
        }

    async def move_time(self, hold_id: str, *, seconds: float) -> None:
        """Lets a hold end so much sooner, as if that much time had passed."""
        await self.stores.pg.execute(
            "UPDATE ledger_holds SET expires_at = expires_at - make_interval(secs => $2)"
            " WHERE hold_id = $1",
            hold_id,
            seconds,
        )

    async def move_lot(self, owner: str, *, seconds: float) -> None:
        """Lets a lot expire so much sooner."""
        await self.stores.pg.execute(
            "UPDATE ledger_accounts SET expires_at = expires_at - make_interval(secs => $2)"
            " WHERE owner = $1",
            owner,
            seconds,
        )

    async def sweep(self) -> None:
        """A busy machine may find rows locked for long: then again, as a worker would."""
        for _ in range(PATIENCE):
            with suppress(Unavailable):
                await sweep(self.stores.pg)
                return

    async def findings(self, tenant: str | None = None) -> list[Finding]:
        """What the ledger's checks find."""
        async with snapshot(self.stores.pg) as conn:
            return await audit(conn, ledger.CHECKS, tenant=tenant)

    async def broken(self) -> list[str]:
        """The names of the checks that fail."""
        return [finding.check.name for finding in await self.findings()]

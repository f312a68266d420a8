"""A counter at which commands are asked through a batcher, as of a domain that has no rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import count

from rangli.core.errors import RangliError
from rangli.ledger import store
from rangli.ledger.book import Book
from rangli.ledger.model import Cause, Leg
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import Connection
from tests.ledger.desk import Desk
from tests.ledger.plain import Command

METHOD = "Test/Ask"
TTL_S = 600.0
_keys = count()


def new_key() -> str:
    return f"key{next(_keys)}"


class Counter:
    """One process's way to ask at a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.batching = Batching(desk.stores.pg)
        self._batcher = self.batching.batcher(METHOD, self._apply)

    async def ask(self, command: Command, *, key: str) -> str:
        """The transaction's id, "" if there was nothing to do; raises what it is refused with."""
        asked = Asked(self.desk.tenant, key, repr(command).encode(), "olga", command)
        return (await self._batcher.submit(asked, deadline=time.monotonic() + 60)).decode()

    async def _apply(
        self, conn: Connection, asked: Sequence[Asked[Command]]
    ) -> list[bytes | RangliError]:
        tenant = self.desk.tenant
        book = await store.locked(
            conn,
            accounts=[(tenant, account_id) for account_id in self.desk.ids.values()],
            holds=[(tenant, one.body.hold_id) for one in asked if one.body.hold_id],
        )
        verdicts: list[bytes | RangliError] = []
        for one in asked:
            try:
                done = act(book, tenant, self.desk.ids, one.body, Cause(METHOD, one.request_id))
                verdicts.append((done or "").encode())
            except RangliError as refusal:
                verdicts.append(refusal)
        await store.write(conn, book)
        return verdicts


def act(
    book: Book, tenant: str, ids: Mapping[str, int], command: Command, why: Cause
) -> str | None:
    """The command as the book's verb: what it makes, a hold or a transaction."""
    legs = [Leg(ids[source], ids[target], amount) for source, target, amount in command.moves]
    match command.verb:
        case "post":
            return book.post(tenant, legs, why)
        case "hold":
            return book.hold(tenant, legs, why, ttl_s=TTL_S).hold_id
        case "take":
            return book.capture(
                tenant,
                command.hold_id,
                why,
                amounts_minor=command.amounts,
                final=command.final,
                late=command.late,
            )
        case "void":
            return book.void(tenant, command.hold_id, why)
        case "give_back":
            assert command.amounts is not None
            return book.give_back(tenant, command.hold_id, command.amounts, why)

"""What accounts hold, and what has moved on them; reads only, and locks nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rangli.core.errors import NotFound
from rangli.ledger import store
from rangli.ledger.book import AccountId
from rangli.ledger.model import Account, Kind, Phase
from rangli.storage.postgres import Connection

PAGE_MAX = 500

_BALANCES = f"""
SELECT {store.ACCOUNT} FROM unnest($1::text[], $2::bigint[]) AS w (tenant, account_id)
JOIN ledger_accounts a USING (tenant, account_id)
"""
_OWNED = f"""
SELECT {store.ACCOUNT} FROM ledger_accounts a
WHERE a.tenant = $1 AND a.owner = $2 AND ($3::text IS NULL OR a.kind = $3)
  AND ($4::text IS NULL OR a.unit = $4)
ORDER BY a.kind, a.unit, a.expires_at, a.account_id
"""
_STATEMENT = """
SELECT e.entry_no, e.phase, e.amount_minor, e.balance_minor, e.transaction_id, t.kind, t.hold_id,
       t.method, t.request_id, t.reference, t.occurred_at, t.posted_at
FROM ledger_entries e JOIN ledger_transactions t USING (tenant, transaction_id)
WHERE e.tenant = $1 AND e.account_id = $2 AND e.entry_no < coalesce($3, 9223372036854775807)
  AND e.phase = ANY($4::smallint[])
ORDER BY e.entry_no DESC LIMIT $5
"""
_EXISTS = "SELECT true FROM ledger_accounts WHERE tenant = $1 AND account_id = $2"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of an account, and the transaction it belongs to.

    entry_no: from 1, without gaps.  balance_minor: the account's in this phase, after it.
    hold_id: of the hold that the transaction makes, ends or returns from.
    method, request_id, reference, occurred_at: as in `Cause`.  posted_at: when it was decided,
        by PostgreSQL's clock; it never falls from one entry of an account to the next.
    """

    entry_no: int
    phase: Phase
    amount_minor: int
    balance_minor: int
    transaction_id: str
    kind: Kind
    hold_id: str | None
    method: str
    request_id: str
    reference: str
    occurred_at: datetime
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first. before: where the next page begins; None if there is none."""

    lines: tuple[Line, ...]
    before: int | None


async def balances(conn: Connection, accounts: Iterable[AccountId]) -> dict[AccountId, Account]:
    """Those accounts that exist, as they are at this moment."""
    wanted = list(accounts)
    rows = await conn.fetch(_BALANCES, [t for t, _ in wanted], [number for _, number in wanted])
    return {(row["tenant"], row["account_id"]): store.account(row) for row in rows}


async def owned(
    conn: Connection, tenant: str, owner: str, *, kind: str | None = None, unit: str | None = None
) -> list[Account]:
    """An owner's accounts, by kind and unit; lots by their expiry, what never expires last."""
    return [store.account(row) for row in await conn.fetch(_OWNED, tenant, owner, kind, unit)]


async def statement(
    conn: Connection,
    tenant: str,
    account_id: int,
    *,
    size: int = 50,
    before: int | None = None,
    phases: Iterable[Phase] = Phase,
) -> Page:
    """The account's next lines, newest first, of these phases.

    size: 1 to `PAGE_MAX`.  before: of the page that came before; None begins with the newest.
    Entries never change, so pages neither skip nor repeat one, whatever is posted meanwhile.
    Raises NotFound.
    """
    if not 1 <= size <= PAGE_MAX:
        raise ValueError(f"size is 1 to {PAGE_MAX}")
    rows = await conn.fetch(_STATEMENT, tenant, account_id, before, list(phases), size + 1)
    if not rows and not await conn.fetchval(_EXISTS, tenant, account_id):
        raise NotFound("account", str(account_id))
    lines = tuple(
        Line(**{**row, "phase": Phase(row["phase"]), "kind": Kind(row["kind"])})
        for row in rows[:size]
    )
    return Page(lines, lines[-1].entry_no if len(rows) > size else None)

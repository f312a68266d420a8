"""Who made a hold: what one service reserved for its orders, another must not take or give back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rangli.core.errors import Reason, Refused
from rangli.ledger.book import HoldId
from rangli.storage.postgres import Connection

# A hold is named by the transaction that made it. OFFSET keeps the planner from joining: few keys
# are looked up in a table of all there ever was.
_MAKERS = """
SELECT w.tenant, w.hold_id, made.method
FROM unnest($1::text[], $2::text[]) AS w (tenant, hold_id),
LATERAL (
    SELECT t.method FROM ledger_transactions t
    WHERE t.tenant = w.tenant AND t.transaction_id = w.hold_id
    OFFSET 0
) made
"""


async def makers(conn: Connection, holds: Iterable[HoldId]) -> dict[HoldId, str]:
    """The service that made each of the holds, such as "rangli.v1.WalletService"."""
    keys = list(dict.fromkeys(holds))
    if not keys:
        return {}
    rows = await conn.fetch(_MAKERS, *map(list, zip(*keys, strict=True)))
    return {(tenant, hold_id): method.partition("/")[0] for tenant, hold_id, method in rows}


def refuse_of_another(made_by: Mapping[HoldId, str], hold: HoldId, method: str) -> None:
    """Raises Refused (RESERVATION_OF_ANOTHER) if not the method's own service made the hold."""
    maker = made_by.get(hold)
    if maker is not None and maker != method.partition("/")[0]:
        raise Refused(
            Reason.RESERVATION_OF_ANOTHER,
            f"{hold[1]!r} is held by {maker}: ask there, of the order that it is for",
            metadata={"hold_id": hold[1], "service": maker},
        )

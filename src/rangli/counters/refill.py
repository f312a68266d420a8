"""From PostgreSQL to the filter: what is left of the stocks that are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.counters import scripts
from rangli.counters.desk import Desk
from rangli.counters.scripts import CALL_MAX, LostError, Server, Stock
from rangli.counters.shard import newest
from rangli.counters.store import remaining
from rangli.storage.postgres import Pool, connection


async def refill(server: Server, pool: Pool, desks: Sequence[Desk]) -> int:
    """Tell the desks' stocks what PostgreSQL has left; by how many units in all they were off.

    Stocks that PostgreSQL does not know are left as they are. LostError; Unavailable if PostgreSQL
    is away.
    """
    wanted = [(desk, *stock) for desk in desks for stock in desk.stock_keys()]
    # Before PostgreSQL is read: what comes back in between must not be lost.
    tops = await scripts.seen(server, [key for *_, key in wanted])
    items = [(desk.tenant, limit_id, "") for desk, limit_id, _ in wanted]
    async with connection(pool) as conn:
        current = await newest(conn)
        found = await remaining(conn, items)
    if current != server.standing:
        raise LostError("another process has raised the epoch")
    by_desk: dict[Desk, list[Stock]] = {}
    for (desk, _, key), top, item in zip(wanted, tops, items, strict=True):
        if item in found:
            by_desk.setdefault(desk, []).append(Stock(key, found[item].left, top))
    off_units = 0
    for stocks in by_desk.values():
        for begin in range(0, len(stocks), CALL_MAX):
            off_units += await _fill(server, stocks[begin : begin + CALL_MAX])
    return off_units


async def _fill(server: Server, stocks: Sequence[Stock]) -> int:
    """Fill stocks of one owner; by how many units they were off."""
    filled = [stock._replace(value=with_slack(stock.value)) for stock in stocks]
    before = await scripts.fill(server, filled)
    pairs = zip(filled, before, strict=True)
    return sum(abs(stock.value - left) for stock, left in pairs if left >= 0)


def with_slack(left: int) -> int:
    """How many may pass if so many are left: a twentieth more, as some will come to nothing.

    None, if nothing is left: sold out stays sold out.
    """
    return left + -(-left // 20)

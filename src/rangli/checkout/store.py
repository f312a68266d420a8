"""The orders' SQL: locked, written and looked up, whole batches at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from rangli.checkout import stored
from rangli.checkout.model import Order, OrderKey, OrderSeen, OrderState
from rangli.counters.model import counted_from_json, counted_to_json
from rangli.storage.idempotency import KeyTakenError
from rangli.storage.postgres import Connection

# In the order of `_order`.
_COLUMNS = """
o.tenant, o.order_id, o.user_id, o.state, o.currency, o.list_minor, o.discount_minor,
o.payable_minor, o.catalogue_version, o.units, o.coupon_ids, o.wants, o.counted,
o.fund_reservation_id,
o.wallet_reservation_id, o.tenders, o.expires_at, o.created_at, o.is_tombstone, o.refunded_minor,
o.external_paid_minor, o.external_refunded_minor, o.rest_released, o.shipments, o.refunds,
o.revision
"""
_NOW = "SELECT clock_timestamp()"
_LOCK = f"""
SELECT {_COLUMNS}
FROM unnest($1::text[], $2::text[]) AS w (tenant, order_id)
JOIN orders o USING (tenant, order_id)
ORDER BY o.tenant, o.order_id
FOR UPDATE OF o
"""
_GET = f"""
SELECT {_COLUMNS}, clock_timestamp() FROM orders o WHERE o.tenant = $1 AND o.order_id = $2
"""
_SNAPSHOTS = """
SELECT o.tenant, o.order_id, o.snapshot
FROM unnest($1::text[], $2::text[]) AS w (tenant, order_id)
JOIN orders o USING (tenant, order_id)
"""
_WALLETS = """
SELECT o.tenant, o.order_id, o.wallet_reservation_id
FROM unnest($1::text[], $2::text[]) AS w (tenant, order_id)
JOIN orders o USING (tenant, order_id)
WHERE o.wallet_reservation_id IS NOT NULL
"""
_LIST = f"""
SELECT {_COLUMNS}, clock_timestamp() FROM orders o
WHERE o.tenant = $1 AND o.user_id = $2 AND NOT o.is_tombstone
  AND ($3::timestamptz IS NULL OR (o.created_at, o.order_id) < ($3, $4))
  AND ($5::text[] IS NULL OR CASE
      WHEN o.state = 'RESERVED' AND o.expires_at <= clock_timestamp() THEN 'EXPIRED'
      ELSE o.state END = ANY($5))
ORDER BY o.created_at DESC, o.order_id DESC LIMIT $6
"""
_INSERT = (
    "tenant",
    "order_id",
    "is_tombstone",
    "user_id",
    "state",
    "currency",
    "list_minor",
    "discount_minor",
    "payable_minor",
    "catalogue_version",
    "units",
    "coupon_ids",
    "wants",
    "counted",
    "fund_reservation_id",
    "wallet_reservation_id",
    "tenders",
    "snapshot",
    "expires_at",
    "created_at",
)
# What an amendment changes and nothing else does.
_AMEND = """
UPDATE orders o
SET currency = w.currency, list_minor = w.list_minor,
    discount_minor = w.discount_minor, payable_minor = w.payable_minor,
    catalogue_version = w.catalogue_version, units = w.units,
    coupon_ids = ARRAY(SELECT jsonb_array_elements_text(w.coupon_ids)),
    wants = w.wants, fund_reservation_id = w.fund_reservation_id,
    wallet_reservation_id = w.wallet_reservation_id, tenders = w.tenders,
    snapshot = w.snapshot, expires_at = w.expires_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::text[], $12::text[],
            $13::jsonb[], $14::bytea[], $15::timestamptz[])
     AS w (tenant, order_id, currency, list_minor, discount_minor, payable_minor,
           catalogue_version, units, coupon_ids, wants, fund_reservation_id, wallet_reservation_id,
           tenders, snapshot, expires_at)
WHERE (o.tenant, o.order_id) = (w.tenant, w.order_id)
"""
# The old revision guards against writing a row that was not locked.
_UPDATE = """
UPDATE orders o
SET state = w.state, counted = w.counted, refunded_minor = w.refunded_minor,
    external_paid_minor = w.external_paid_minor,
    external_refunded_minor = w.external_refunded_minor, rest_released = w.rest_released,
    shipments = w.shipments, refunds = w.refunds, revision = w.revision
FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bool[], $9::jsonb[], $10::jsonb[], $11::bigint[], $12::bigint[])
     AS w (tenant, order_id, state, counted, refunded_minor, external_paid_minor,
           external_refunded_minor, rest_released, shipments, refunds, revision, old_revision)
WHERE (o.tenant, o.order_id, o.revision) = (w.tenant, w.order_id, w.old_revision)
"""
# statement_timestamp() bounds the index's scan; clock_timestamp() reads all that is not due yet.
_DUE = """
SELECT tenant, order_id FROM orders
WHERE state = 'RESERVED' AND expires_at <= statement_timestamp()
ORDER BY expires_at LIMIT $1
"""
# What others commit or release at this moment, or another process sweeps, is left to them.
_FREE = f"""
SELECT {_COLUMNS}
FROM unnest($1::text[], $2::text[]) AS w (tenant, order_id)
JOIN orders o USING (tenant, order_id)
WHERE o.state = 'RESERVED' AND o.expires_at <= statement_timestamp()
ORDER BY o.tenant, o.order_id
FOR UPDATE OF o SKIP LOCKED
"""


async def clock(conn: Connection) -> datetime:
    """PostgreSQL's clock."""
    now: datetime = await conn.fetchval(_NOW)
    return now


async def locked(conn: Connection, keys: Iterable[OrderKey]) -> dict[OrderKey, Order]:
    """The orders that there are, tombstones too, locked in order."""
    rows = await conn.fetch(_LOCK, *_columns(sorted(set(keys)), 2))
    return {order.key: order for order in map(_order, rows)}


async def get(conn: Connection, tenant: str, order_id: str) -> OrderSeen | None:
    """An order as it is at this moment, a tombstone too; None: there is none."""
    row = await conn.fetchrow(_GET, tenant, order_id)
    return None if row is None else OrderSeen(_order(row), row[-1])


async def find_of_user(
    conn: Connection,
    tenant: str,
    user_id: str,
    *,
    states: Collection[OrderState] | None = None,
    before: tuple[datetime, str] | None = None,
    size: int,
) -> list[OrderSeen]:
    """A user's orders, newest first.

    states: as they are at this moment; None: all.  before: the last one seen, as (created_at,
    order_id).
    """
    at, order_id = before or (None, "")
    names = None if states is None else [state.value for state in states]
    rows = await conn.fetch(_LIST, tenant, user_id, at, order_id, names, size)
    return [OrderSeen(_order(row), row[-1]) for row in rows]


async def snapshots(conn: Connection, keys: Iterable[OrderKey]) -> dict[OrderKey, bytes]:
    """The serialised QuoteSnapshots of those orders that there are; of tombstones empty."""
    rows = await conn.fetch(_SNAPSHOTS, *_columns(set(keys), 2))
    return {OrderKey(row[0], row[1]): row[2] for row in rows}


async def wallets(conn: Connection, keys: Iterable[OrderKey]) -> dict[OrderKey, str]:
    """What those of the orders that a wallet pays have set aside of it: its id, which is final as
    soon as anything of them is committed.
    """
    rows = await conn.fetch(_WALLETS, *_columns(set(keys), 2))
    return {OrderKey(row[0], row[1]): row[2] for row in rows}


async def insert(conn: Connection, made: Iterable[tuple[Order, bytes]]) -> None:
    """Writes new orders with their snapshots. KeyTakenError: one of the ids has been used."""
    rows = [
        (o.tenant, o.order_id, o.is_tombstone, o.user_id, o.state.value, o.currency, o.list_minor,
         o.discount_minor, o.payable_minor, o.catalogue_version, stored.units_to_json(o.units),
         list(o.coupon_ids),
         stored.wants_to_json(o.wants), counted_to_json(o.counted), o.fund_reservation_id,
         o.wallet_reservation_id, stored.tenders_to_json(o.tenders), snapshot, o.expires_at,
         o.created_at)
        for o, snapshot in sorted(made, key=lambda one: one[0].key)
    ]  # fmt: skip
    if not rows:
        return
    try:
        await conn.copy_records_to_table("orders", columns=_INSERT, records=rows)
    except asyncpg.UniqueViolationError:
        raise KeyTakenError from None


async def amend(conn: Connection, amended: Sequence[tuple[Order, bytes]]) -> None:
    """Writes what an amendment changes of locked orders; `update` writes the rest."""
    rows = [
        (o.tenant, o.order_id, o.currency, o.list_minor, o.discount_minor, o.payable_minor,
         o.catalogue_version, stored.units_to_json(o.units), stored.texts_to_json(o.coupon_ids),
         stored.wants_to_json(o.wants), o.fund_reservation_id, o.wallet_reservation_id,
         stored.tenders_to_json(o.tenders), snapshot, o.expires_at)
        for o, snapshot in amended
    ]  # fmt: skip
    if rows:
        await conn.execute(_AMEND, *_columns(rows, 15))


async def update(conn: Connection, changed: Sequence[tuple[Order, int]]) -> None:
    """Writes what has become of locked orders, each with the revision it had.

    RuntimeError, a fault of ours, if a row was not locked or has changed since.
    """
    rows = [
        (o.tenant, o.order_id, o.state.value, counted_to_json(o.counted), o.refunded_minor,
         o.external_paid_minor, o.external_refunded_minor, o.rest_released,
         stored.shipments_to_json(o.shipments), stored.refunds_to_json(o.refunds), o.revision, was)
        for o, was in changed
    ]  # fmt: skip
    if rows:
        status = await conn.execute(_UPDATE, *_columns(rows, 12))
        if status != f"UPDATE {len(rows)}":
            raise RuntimeError(f"{status} instead of {len(rows)} orders: they were not locked")


async def due(conn: Connection, size: int) -> list[OrderKey]:
    """Reserved orders whose time has passed, the first to expire first."""
    return [OrderKey(*row) for row in await conn.fetch(_DUE, size)]


async def locked_due(conn: Connection, keys: Sequence[OrderKey]) -> list[Order]:
    """Those of the orders that are still due and that nobody else has locked; locked."""
    return [_order(row) for row in await conn.fetch(_FREE, *_columns(keys, 2))]


def _order(row: asyncpg.Record) -> Order:
    (tenant, order_id, user_id, state, currency, list_minor, discount_minor, payable_minor,
     catalogue_version, units, coupon_ids, wants, counted, fund_id, wallet_id, tenders, expires_at,
     created_at, is_tombstone, refunded, external_paid, external_refunded, rest_released,
     shipments, refunds, revision) = row[:26]  # fmt: skip
    return Order(
        tenant,
        order_id,
        user_id,
        OrderState(state),
        currency,
        list_minor,
        discount_minor,
        payable_minor,
        catalogue_version,
        stored.units_from_json(units),
        tuple(coupon_ids),
        stored.wants_from_json(wants),
        tuple(counted_from_json(counted)),
        fund_id,
        wallet_id,
        stored.tenders_from_json(tenders),
        expires_at,
        created_at,
        is_tombstone=is_tombstone,
        refunded_minor=refunded,
        external_paid_minor=external_paid,
        external_refunded_minor=external_refunded,
        rest_released=rest_released,
        shipments=stored.shipments_from_json(shipments),
        refunds=stored.refunds_from_json(refunds),
        revision=revision,
    )


def _columns(rows: Iterable[Iterable[Any]], width: int) -> list[Sequence[Any]]:
    """Rows as the arrays that `unnest` takes."""
    return list(zip(*rows, strict=True)) or [()] * width

-- Orders: what a cart was promised, from its reservation to its last refund.

CREATE TABLE orders (
    tenant                text        NOT NULL,
    order_id              text        COLLATE "C" NOT NULL,  -- the caller's; used once for good
    -- Nothing was ever reserved: it was released before its reservation came, which is refused then.
    is_tombstone          boolean     NOT NULL DEFAULT false,
    user_id               text        COLLATE "C" NOT NULL,  -- '': a guest
    state                 text        NOT NULL CHECK (state IN
        ('RESERVED', 'PARTLY_COMMITTED', 'COMMITTED', 'RELEASED', 'EXPIRED', 'REFUNDED')),
    currency              text        NOT NULL,
    list_minor            bigint      NOT NULL,
    discount_minor        bigint      NOT NULL,
    payable_minor         bigint      NOT NULL CHECK (payable_minor >= 0),
    refunded_minor        bigint      NOT NULL DEFAULT 0
        CHECK (refunded_minor BETWEEN 0 AND payable_minor),
    catalogue_version     bigint      NOT NULL,
    units                 jsonb       NOT NULL,              -- [lines, gifts, deliveries]
    coupon_ids            text[]      NOT NULL,              -- that it has locked, or used
    wants                 jsonb       NOT NULL,              -- what it counts: [limit, subject, quantity]
    counted               jsonb       NOT NULL,              -- and counts at the moment, in which period
    fund_reservation_id   text        COLLATE "C",           -- null: no budget bears anything of it
    wallet_reservation_id text        COLLATE "C",           -- null: the wallet pays nothing of it
    tenders               jsonb       NOT NULL,              -- [kind, unit, amount, pays_minor]
    -- What was paid elsewhere for the units that are committed, and of that what was refunded.
    external_paid_minor     bigint    NOT NULL DEFAULT 0 CHECK (external_paid_minor >= 0),
    external_refunded_minor bigint    NOT NULL DEFAULT 0
        CHECK (external_refunded_minor BETWEEN 0 AND external_paid_minor),
    rest_released         boolean     NOT NULL DEFAULT false,  -- what was not committed never will be
    snapshot              bytea       NOT NULL,              -- a QuoteSnapshot with its trace
    shipments             jsonb       NOT NULL DEFAULT '[]',
    refunds               jsonb       NOT NULL DEFAULT '[]',
    expires_at            timestamptz NOT NULL,              -- by PostgreSQL's clock
    created_at            timestamptz NOT NULL,
    revision              bigint      NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, order_id)
) WITH (fillfactor = 70);

CREATE INDEX orders_by_user ON orders (tenant, user_id, created_at DESC, order_id DESC)
    WHERE NOT is_tombstone;
CREATE INDEX orders_due ON orders (expires_at) WHERE state = 'RESERVED';

-- An order counts until what it counted is given back.
CREATE OR REPLACE VIEW counter_counts AS
SELECT r.tenant, n.limit_id, n.subject_id, n.period_at, n.bucket, n.quantity
FROM counter_reservations r, counter_counted(r.counted) n
WHERE r.state IN ('RESERVED', 'CONFIRMED')
UNION ALL
SELECT c.tenant, n.limit_id, n.subject_id, n.period_at, n.bucket, n.quantity
FROM coupons c, counter_counted(c.counted) n
UNION ALL
SELECT o.tenant, n.limit_id, n.subject_id, n.period_at, n.bucket, n.quantity
FROM orders o, counter_counted(o.counted) n;

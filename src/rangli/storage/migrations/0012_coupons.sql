-- Coupons: the batches they are given from, and one row for each coupon for good.

CREATE TABLE coupon_batches (
    tenant      text        NOT NULL,
    batch_id    text        COLLATE "C" NOT NULL,
    activity_id text        COLLATE "C" NOT NULL,
    state       text        NOT NULL CHECK (state IN ('OPEN', 'PAUSED', 'CLOSED')),
    spec        jsonb       NOT NULL,
    revision    bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, batch_id)
) WITH (fillfactor = 70);

CREATE INDEX coupon_batches_by_activity ON coupon_batches (tenant, activity_id, batch_id);

-- EXPIRED is no stored state: it follows from the clock. FROZEN is none either: an order that has a
-- coupon keeps it, and what was frozen stays so when the order lets it go.
CREATE TABLE coupons (
    tenant            text        NOT NULL,
    user_id           text        COLLATE "C" NOT NULL,
    coupon_id         text        COLLATE "C" NOT NULL,  -- sorts by time of making
    batch_id          text        COLLATE "C" NOT NULL,
    -- The terms as they were when it was given; later changes of the batch do not touch them.
    activity_id       text        COLLATE "C" NOT NULL,
    activity_version  integer     NOT NULL,
    usable_from       timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL,
    transferable      boolean     NOT NULL,
    returns_on_refund boolean     NOT NULL,
    source            text        NOT NULL
        CHECK (source IN ('CLAIMED', 'ISSUED', 'CODE', 'TRANSFERRED')),
    given_at          timestamptz NOT NULL,
    state             text        NOT NULL CHECK (state IN ('USABLE', 'LOCKED', 'USED', 'VOID')),
    frozen            boolean     NOT NULL DEFAULT false,
    reason            text        NOT NULL DEFAULT '',   -- why it is VOID or frozen
    order_id          text        COLLATE "C",
    counted           jsonb       NOT NULL,              -- what it still counts for, and in which period
    grant_key         text        COLLATE "C",
    revision          bigint      NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, user_id, coupon_id),
    CHECK ((order_id IS NOT NULL) = (state IN ('LOCKED', 'USED'))),
    CHECK (expires_at > usable_from)
) WITH (fillfactor = 70);

-- What a shopper can use, soonest to expire first, whatever heaps of old ones there are.
CREATE INDEX coupons_usable ON coupons (tenant, user_id, expires_at, coupon_id)
    WHERE state = 'USABLE';

-- What a grant_key was used for, for good.
CREATE TABLE coupon_grants (
    tenant    text NOT NULL,
    grant_key text COLLATE "C" NOT NULL,
    batch_id  text COLLATE "C" NOT NULL,
    granted_to text COLLATE "C" NOT NULL,  -- for whom it was asked
    user_id   text COLLATE "C" NOT NULL,   -- who has the coupon now
    coupon_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, grant_key)
);

-- A coupon counts until it is restocked.
CREATE OR REPLACE VIEW counter_counts AS
SELECT r.tenant, n.limit_id, n.subject_id, n.period_at, n.bucket, n.quantity
FROM counter_reservations r, counter_counted(r.counted) n
WHERE r.state IN ('RESERVED', 'CONFIRMED')
UNION ALL
SELECT c.tenant, n.limit_id, n.subject_id, n.period_at, n.bucket, n.quantity
FROM coupons c, counter_counted(c.counted) n;

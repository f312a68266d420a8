-- Limits and stock: who may have how much of what, in which period.

CREATE TABLE counter_limits (
    tenant           text     NOT NULL,
    limit_id         text     COLLATE "C" NOT NULL,
    owner            text     COLLATE "C",      -- what brings it, 'activity/a1'; null: an operator
    subject          text     NOT NULL
        CHECK (subject IN ('ACTIVITY', 'USER', 'DEVICE', 'PHONE', 'STORE', 'SKU')),
    period           text     NOT NULL
        CHECK (period IN ('LIFETIME', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH')),
    measure          text     NOT NULL,         -- what one of it is, in its owner's words
    time_zone        text     NOT NULL,
    day_start_minute smallint NOT NULL CHECK (day_start_minute BETWEEN 0 AND 1439),
    most             bigint   NOT NULL CHECK (most >= 0),
    most_ever        bigint   NOT NULL CHECK (most_ever >= most),
    buckets          smallint NOT NULL CHECK (buckets BETWEEN 1 AND 64),
    -- A stock's rows in counter_uses: 0 to bucket_rows - 1. Never fewer than there have been, as what
    -- was counted in a bucket is given back to it.
    bucket_rows      smallint NOT NULL CHECK (bucket_rows = 0 OR bucket_rows >= buckets),
    -- A stock has been lowered below what was out: what comes back makes no room at first.
    is_over          boolean  NOT NULL,
    ended            boolean  NOT NULL,
    revision         bigint   NOT NULL CHECK (revision >= 1),
    PRIMARY KEY (tenant, limit_id),
    CHECK ((bucket_rows > 0) = (subject = 'ACTIVITY' AND period = 'LIFETIME'))
) WITH (fillfactor = 70);
CREATE INDEX counter_limits_by_owner ON counter_limits (tenant, owner) WHERE owner IS NOT NULL;

-- What has been counted. A row comes with the first use; a stock's rows come with the stock, and each
-- of them has its share of it.
CREATE TABLE counter_uses (
    tenant     text        NOT NULL,
    limit_id   text        COLLATE "C" NOT NULL,
    subject_id text        COLLATE "C" NOT NULL,  -- '' of ACTIVITY
    period_at  timestamptz NOT NULL,              -- when it began; 1970-01-01 of LIFETIME
    bucket     smallint    NOT NULL,              -- 0 but of a stock
    used       bigint      NOT NULL CHECK (used >= 0),
    most       bigint,                            -- a stock's share; null of all others
    PRIMARY KEY (tenant, limit_id, subject_id, period_at, bucket),
    CHECK (used <= most)                          -- the last wall
) WITH (fillfactor = 50);

-- Counts that a caller reserves by name.
CREATE TABLE counter_reservations (
    tenant         text        NOT NULL,
    reservation_id text        COLLATE "C" NOT NULL,
    state          text        NOT NULL
        CHECK (state IN ('RESERVED', 'CONFIRMED', 'ROLLED_BACK', 'EXPIRED')),
    items          jsonb       NOT NULL,  -- as asked: [[limit_id, subject_id, quantity], ...]
    counted        jsonb       NOT NULL,  -- what was counted last, as `counter_counted` reads it
    expires_at     timestamptz NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, reservation_id)
) WITH (fillfactor = 70);
CREATE INDEX counter_reservations_due ON counter_reservations (expires_at)
    WHERE state = 'RESERVED';

-- What domains keep of what they have counted, with their own rows:
-- [[limit_id, subject_id, period_at in seconds since 1970, bucket, quantity], ...]
CREATE FUNCTION counter_counted (counted jsonb)
    RETURNS TABLE (limit_id text, subject_id text, period_at timestamptz, bucket smallint,
                   quantity bigint)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT one ->> 0, one ->> 1, to_timestamp((one ->> 2)::bigint), (one ->> 3)::smallint,
               (one ->> 4)::bigint
        FROM jsonb_array_elements(counted) AS one
    $$;

-- What the rows of every domain say is counted and not given back: the audit's other side of
-- counter_uses.used. Domains that count replace the view with their own rows added.
CREATE VIEW counter_counts AS
SELECT r.tenant, c.limit_id, c.subject_id, c.period_at, c.bucket, c.quantity
FROM counter_reservations r, counter_counted(r.counted) c
WHERE r.state IN ('RESERVED', 'CONFIRMED');

-- Marketing money: budget pools in a tree, who bears which share of an activity, what orders take.

ALTER TABLE catalogue_changes DROP CONSTRAINT catalogue_changes_kind_check;
ALTER TABLE catalogue_changes ADD CONSTRAINT catalogue_changes_kind_check
    -- FUNDING: a pool's revision, whose level has changed; held: it is PAUSED.
    CHECK (kind IN ('ACTIVITY', 'SET', 'ENTRIES', 'POLICY', 'ASSIGNMENT', 'FUNDING'));

-- The money itself is in the ledger: what a pool got and did not pass on stands on its accounts
-- `budget` and `spent`. Whoever changes a pool, or what stands below of it, has locked its budget
-- account; so these rows need no locks of their own.
CREATE TABLE fund_pools (
    tenant            text        NOT NULL,
    pool_id           text        COLLATE "C" NOT NULL,
    parent_id         text        COLLATE "C",         -- null: a root, funded from outside
    depth             smallint    NOT NULL CHECK (depth BETWEEN 1 AND 8),  -- of a root 1
    display_name      text        NOT NULL,
    funder            text        NOT NULL,
    currency          text        NOT NULL,
    time_zone         text        NOT NULL,            -- of its business days
    warn_bps          integer     NOT NULL CHECK (warn_bps BETWEEN 1000 AND slow_bps),
    slow_bps          integer     NOT NULL CHECK (slow_bps <= 10000),
    daily_cap_minor   bigint      NOT NULL CHECK (daily_cap_minor >= 0),   -- 0: none
    state             text        NOT NULL CHECK (state IN ('OPEN', 'FROZEN', 'CLOSED')),
    revision          bigint      NOT NULL CHECK (revision >= 1),
    budget_level      smallint    NOT NULL CHECK (budget_level BETWEEN 1 AND 4),  -- OK ... PAUSED
    paused_until      timestamptz,                     -- the day's cap is used up until then
    budget_account_id bigint      NOT NULL,
    spent_account_id  bigint      NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, pool_id),
    FOREIGN KEY (tenant, parent_id) REFERENCES fund_pools (tenant, pool_id)
) WITH (fillfactor = 70);
CREATE INDEX fund_pools_by_parent ON fund_pools (tenant, parent_id, pool_id);
CREATE INDEX fund_pools_resting ON fund_pools (paused_until) WHERE paused_until IS NOT NULL;

-- What is reserved and spent of a pool, by the business day it was reserved on.
CREATE TABLE fund_pool_days (
    tenant     text   NOT NULL,
    pool_id    text   COLLATE "C" NOT NULL,
    day        date   NOT NULL,
    used_minor bigint NOT NULL CHECK (used_minor >= 0),
    PRIMARY KEY (tenant, pool_id, day)
) WITH (fillfactor = 50);

-- Who bears an activity's discounts. Written once a version.
CREATE TABLE fund_activities (
    tenant           text        NOT NULL,
    activity_id      text        COLLATE "C" NOT NULL,
    version          integer     NOT NULL CHECK (version >= 1),
    currency         text        NOT NULL,
    remainder_funder text,                   -- null: the largest remainders
    allow_partial    boolean     NOT NULL DEFAULT true,  -- a budget that has too little may give less
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, activity_id, version)
);
CREATE TABLE fund_shares (
    tenant      text     NOT NULL,
    activity_id text     COLLATE "C" NOT NULL,
    version     integer  NOT NULL,
    position    smallint NOT NULL,           -- from 0
    funder      text     NOT NULL,
    share_bps   integer  NOT NULL CHECK (share_bps BETWEEN 1 AND 10000),
    pool_id     text     COLLATE "C",        -- null: the funder pays without a budget
    source_id   bigint   NOT NULL,           -- accounts: from its budget to what it has spent
    target_id   bigint   NOT NULL,
    PRIMARY KEY (tenant, activity_id, version, position),
    UNIQUE (tenant, activity_id, version, funder),
    FOREIGN KEY (tenant, activity_id, version)
        REFERENCES fund_activities (tenant, activity_id, version)
);

-- A reservation is a hold of the ledger; here is what it is for.
CREATE TABLE fund_reservations (
    tenant         text        NOT NULL,
    reservation_id text        COLLATE "C" NOT NULL,   -- the hold's id
    order_id       text        NOT NULL,
    currency       text        NOT NULL,
    expires_at     timestamptz NOT NULL,
    is_open        boolean     NOT NULL,  -- the hold is pending, or its expiry not yet counted
    PRIMARY KEY (tenant, reservation_id)
) WITH (fillfactor = 70);
CREATE INDEX fund_reservations_by_order ON fund_reservations (tenant, order_id);
CREATE INDEX fund_reservations_due ON fund_reservations (expires_at) WHERE is_open;
CREATE INDEX fund_reservations_open ON fund_reservations (tenant) WHERE is_open;

-- One for each leg of the hold.
CREATE TABLE fund_reservation_parts (
    tenant         text     NOT NULL,
    reservation_id text     COLLATE "C" NOT NULL,
    leg            smallint NOT NULL,
    activity_id    text     COLLATE "C" NOT NULL,
    version        integer  NOT NULL,
    funder         text     NOT NULL,
    pool_id        text     COLLATE "C",
    day            date,                               -- the pool's business day it counts for
    counted_minor  bigint   NOT NULL CHECK (counted_minor >= 0),  -- what it now counts there
    PRIMARY KEY (tenant, reservation_id, leg),
    CHECK ((pool_id IS NULL) = (day IS NULL))
) WITH (fillfactor = 70);

-- What a transaction of the ledger spent (above 0) or refunded (below 0) of a part. An account's
-- entries do not say for which of a reservation's activities they are; this does.
CREATE TABLE fund_moves (
    tenant         text        NOT NULL,
    transaction_id text        COLLATE "C" NOT NULL,
    leg            smallint    NOT NULL,
    reservation_id text        COLLATE "C" NOT NULL,
    amount_minor   bigint      NOT NULL CHECK (amount_minor <> 0),
    occurred_at    timestamptz NOT NULL,  -- the value date
    PRIMARY KEY (tenant, transaction_id, leg)
);
CREATE INDEX fund_moves_by_date ON fund_moves (tenant, occurred_at);
CREATE INDEX fund_moves_by_reservation ON fund_moves (tenant, reservation_id);
CREATE TRIGGER fund_moves_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON fund_moves
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_immutable();

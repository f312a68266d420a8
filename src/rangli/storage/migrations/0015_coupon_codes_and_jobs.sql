-- Codes that are redeemed for coupons, and jobs that give a coupon to every member of a set.

-- Codes that were made together. Redeeming locks this row last of all and for the commit alone, so
-- that who redeems other codes of the set need not wait for more than that.
CREATE TABLE coupon_code_sets (
    tenant      text        NOT NULL,
    code_set_id text        COLLATE "C" NOT NULL,
    batch_id    text        COLLATE "C" NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('GENERATED', 'IMPORTED', 'VANITY')),
    count       bigint      NOT NULL CHECK (count >= 0),  -- codes; of VANITY: how often, at most
    redeemed    bigint      NOT NULL DEFAULT 0 CHECK (redeemed >= 0),
    void_at     timestamptz,                              -- null: its codes are good
    void_reason text        CHECK ((void_reason IS NULL) = (void_at IS NULL)),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, code_set_id),
    -- A vanity code's count is what operators say now; its redemptions have been counted before.
    CHECK (kind = 'VANITY' OR redeemed <= count)
) WITH (fillfactor = 70);

CREATE INDEX coupon_code_sets_by_batch ON coupon_code_sets (tenant, batch_id, code_set_id);

-- Only keyed hashes: who reads this table can neither redeem a code nor try which ones there are.
CREATE TABLE coupon_codes (
    tenant      text  NOT NULL,
    code_hash   bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    code_set_id text  COLLATE "C" NOT NULL,
    -- For whom a code that is good for one coupon was redeemed; null: not yet, or it is VANITY.
    user_id     text  COLLATE "C",
    coupon_id   text  COLLATE "C",
    PRIMARY KEY (tenant, code_hash),
    CHECK ((user_id IS NULL) = (coupon_id IS NULL))
) WITH (fillfactor = 80);

-- Who has redeemed a vanity code: once a user, for good.
CREATE TABLE coupon_code_users (
    tenant      text NOT NULL,
    code_set_id text COLLATE "C" NOT NULL,
    user_id     text COLLATE "C" NOT NULL,
    coupon_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, code_set_id, user_id)
);

-- A coupon for every member of one version of a set.
CREATE TABLE coupon_issue_jobs (
    tenant      text        NOT NULL,
    job_id      text        COLLATE "C" NOT NULL,  -- sorts by time of making
    batch_id    text        COLLATE "C" NOT NULL,
    set_id      text        NOT NULL,
    set_version integer     NOT NULL,
    state       text        NOT NULL
        CHECK (state IN ('RUNNING', 'PAUSED', 'DONE', 'CANCELLED', 'STOPPED')),
    members     bigint      NOT NULL CHECK (members >= 0),
    per_s_max   integer     NOT NULL CHECK (per_s_max >= 0),  -- 0: no limit
    problem     text        NOT NULL DEFAULT '',
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, job_id)
) WITH (fillfactor = 70);

CREATE INDEX coupon_issue_jobs_running ON coupon_issue_jobs (tenant, job_id)
    WHERE state = 'RUNNING';

-- A part of a job: the members after `after_member` up to `upto_member` are still to be done. The
-- transaction that gives them their coupons moves `after_member`, so nobody is passed over or given
-- two, whatever breaks. Who works on a shard holds its row's lock, which ends with the connection.
-- Shard -1 has no members of its own: it tries the failures again.
CREATE TABLE coupon_issue_shards (
    tenant       text        NOT NULL,
    job_id       text        COLLATE "C" NOT NULL,
    shard        smallint    NOT NULL CHECK (shard >= -1),
    after_member text        NOT NULL,
    upto_member  text        NOT NULL,
    done         boolean     NOT NULL,
    given        bigint      NOT NULL DEFAULT 0 CHECK (given >= 0),
    had          bigint      NOT NULL DEFAULT 0 CHECK (had >= 0),
    failed       bigint      NOT NULL DEFAULT 0,  -- of shard -1: less by those that came right
    next_at      timestamptz NOT NULL,  -- not before: the job's speed
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, job_id, shard)
) WITH (fillfactor = 50);

CREATE TABLE coupon_issue_failures (
    tenant    text        NOT NULL,
    job_id    text        COLLATE "C" NOT NULL,
    user_id   text        NOT NULL,
    reason    text        NOT NULL,
    message   text        NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, job_id, user_id)
);

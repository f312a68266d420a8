-- The ledger: accounts, the journal of what moved between them, and what is held meanwhile.

-- Balances repeat what the entries say, so that a decision reads one row. They change only in the
-- transaction that writes the entries; the constraint is the last wall, whatever the code does.
CREATE TABLE ledger_accounts (
    tenant            text        NOT NULL,
    account_id        bigint      GENERATED ALWAYS AS IDENTITY,
    owner             text        NOT NULL,  -- whose: 'user/u1', 'pool/summer', 'house'
    kind              text        NOT NULL,  -- what for: 'balance', 'points', 'budget', 'spent', ...
    unit              text        NOT NULL,  -- an ISO 4217 currency, or a name of points
    expires_at        timestamptz,           -- a lot: what is left then is lost; null: never
    floor_minor       bigint,                -- posted less held never goes below; null: no floor
    frozen            boolean     NOT NULL DEFAULT false,  -- nothing new goes out
    posted_minor      bigint      NOT NULL DEFAULT 0,
    pending_out_minor bigint      NOT NULL DEFAULT 0 CHECK (pending_out_minor >= 0),
    pending_in_minor  bigint      NOT NULL DEFAULT 0 CHECK (pending_in_minor >= 0),
    entry_count       bigint      NOT NULL DEFAULT 0 CHECK (entry_count >= 0),
    swept             boolean     NOT NULL DEFAULT false,  -- a lot: expired, and nothing is left
    opened_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, account_id),
    UNIQUE NULLS NOT DISTINCT (tenant, owner, kind, unit, expires_at),
    CONSTRAINT ledger_accounts_floor
        CHECK (floor_minor IS NULL OR posted_minor - pending_out_minor >= floor_minor)
) WITH (fillfactor = 50);  -- balances change in place: no index may look at them

CREATE INDEX ledger_accounts_lots_due ON ledger_accounts (expires_at)
    WHERE expires_at IS NOT NULL AND NOT swept;

CREATE TABLE ledger_transactions (
    tenant         text        NOT NULL,
    transaction_id text        COLLATE "C" NOT NULL,
    kind           text        NOT NULL
        CHECK (kind IN ('POST', 'HOLD', 'CAPTURE', 'VOID', 'EXPIRE', 'RETURN')),
    hold_id        text        COLLATE "C",   -- which hold it makes, ends or returns from
    method         text        NOT NULL,      -- who asked: a method, and its request_id
    request_id     text        NOT NULL,
    reference      text        NOT NULL,      -- the caller's: an order, a campaign, or ''
    occurred_at    timestamptz NOT NULL,      -- when it was in business
    posted_at      timestamptz NOT NULL,      -- when it was decided, its accounts being locked
    PRIMARY KEY (tenant, transaction_id),
    CHECK ((hold_id IS NULL) = (kind = 'POST'))
);
CREATE INDEX ledger_transactions_hold ON ledger_transactions (tenant, hold_id)
    WHERE hold_id IS NOT NULL;

-- Each transaction's amounts sum to zero per unit. An account's entries are numbered without gaps,
-- so that a missing one shows.
CREATE TABLE ledger_entries (
    tenant         text     NOT NULL,
    account_id     bigint   NOT NULL,
    entry_no       bigint   NOT NULL,
    transaction_id text     COLLATE "C" NOT NULL,
    phase          smallint NOT NULL CHECK (phase IN (0, 1, 2)),  -- posted, pending out, pending in
    amount_minor   bigint   NOT NULL CHECK (amount_minor <> 0),
    balance_minor  bigint   NOT NULL,  -- the account's in this phase, with this entry
    PRIMARY KEY (tenant, account_id, entry_no)
);
CREATE INDEX ledger_entries_transaction ON ledger_entries (tenant, transaction_id);

-- Two-phase transfers. A hold is named by the transaction that made it and ends once.
CREATE TABLE ledger_holds (
    tenant     text        NOT NULL,
    hold_id    text        COLLATE "C" NOT NULL,
    state      text        NOT NULL CHECK (state IN ('PENDING', 'POSTED', 'VOIDED', 'EXPIRED')),
    expires_at timestamptz NOT NULL,  -- by PostgreSQL's clock
    ended_at   timestamptz,
    PRIMARY KEY (tenant, hold_id),
    CHECK ((ended_at IS NULL) = (state = 'PENDING'))
) WITH (fillfactor = 70);
CREATE INDEX ledger_holds_due ON ledger_holds (expires_at) WHERE state = 'PENDING';

CREATE TABLE ledger_hold_legs (
    tenant         text     NOT NULL,
    hold_id        text     COLLATE "C" NOT NULL,
    leg            smallint NOT NULL,  -- from 0
    source_id      bigint   NOT NULL,
    target_id      bigint   NOT NULL,
    held_minor     bigint   NOT NULL CHECK (held_minor > 0),
    captured_minor bigint   NOT NULL DEFAULT 0 CHECK (captured_minor >= 0),
    released_minor bigint   NOT NULL DEFAULT 0 CHECK (released_minor >= 0),
    returned_minor bigint   NOT NULL DEFAULT 0 CHECK (returned_minor >= 0),
    PRIMARY KEY (tenant, hold_id, leg),
    CHECK (captured_minor + released_minor <= held_minor),
    CHECK (returned_minor <= captured_minor)
) WITH (fillfactor = 70);

-- Wrong entries are put right by counter-entries, never by hand.
CREATE FUNCTION ledger_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a counter-entry', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_entries_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_immutable();
CREATE TRIGGER ledger_transactions_immutable
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_immutable();

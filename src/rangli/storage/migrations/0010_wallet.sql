-- Wallets. What they hold is lots: accounts of the ledger, owner 'user/<user_id>'. Here is what the
-- ledger does not know: that a wallet is frozen, and what a reservation pays.

-- One row for each kind that a user has had, and the lock of everything that goes out of it: the
-- lots that pay are chosen, and a freeze is judged, while it is held. So a freeze holds for lots that
-- are credited later, and there are no flags on lots that could disagree with it.
CREATE TABLE wallets (
    tenant        text        NOT NULL,
    user_id       text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('balance', 'points', 'cash')),
    opened_at     timestamptz NOT NULL DEFAULT now(),
    frozen_at     timestamptz,  -- null: not frozen
    freeze_reason text        CHECK ((freeze_reason IS NULL) = (frozen_at IS NULL)),
    PRIMARY KEY (tenant, user_id, kind)
) WITH (fillfactor = 70);

-- A reservation is a hold of the ledger, under the same name.
CREATE TABLE wallet_reservations (
    tenant                  text        NOT NULL,
    reservation_id          text        COLLATE "C" NOT NULL,
    user_id                 text        NOT NULL,
    order_id                text        NOT NULL,
    currency                text        NOT NULL,
    external_minor          bigint      NOT NULL CHECK (external_minor >= 0),
    external_refunded_minor bigint      NOT NULL DEFAULT 0
        CHECK (external_refunded_minor BETWEEN 0 AND external_minor),
    reserved_at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, reservation_id)
) WITH (fillfactor = 70);

-- Its tenders, in the request's order. A tender's legs follow each other in the hold, the lot that
-- expires first being the first.
CREATE TABLE wallet_tenders (
    tenant         text     NOT NULL,
    reservation_id text     COLLATE "C" NOT NULL,
    tender         smallint NOT NULL,  -- from 0
    kind           text     NOT NULL CHECK (kind IN ('balance', 'points', 'cash')),
    unit           text     NOT NULL,
    amount         bigint   NOT NULL CHECK (amount > 0),      -- in the unit
    pays_minor     bigint   NOT NULL CHECK (pays_minor > 0),  -- in the order's currency
    refunded_minor bigint   NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND pays_minor),
    leg_from       smallint NOT NULL CHECK (leg_from >= 0),
    leg_count      smallint NOT NULL CHECK (leg_count > 0),
    PRIMARY KEY (tenant, reservation_id, tender),
    UNIQUE (tenant, reservation_id, kind, unit)
) WITH (fillfactor = 70);

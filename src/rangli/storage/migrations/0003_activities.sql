-- Activities, their versions and price entries.

CREATE TABLE activities (
    tenant         text        NOT NULL,
    activity_id    text        NOT NULL,
    -- What an operator has said; SCHEDULED, RUNNING and ENDED follow from the clock on reading.
    run_state      text        NOT NULL
        CHECK (run_state IN ('UNPUBLISHED', 'PUBLISHED', 'PAUSED', 'CANCELLED', 'ARCHIVED')),
    live_version   integer     NOT NULL DEFAULT 0,
    latest_version integer     NOT NULL CHECK (latest_version >= 1),
    revision       bigint      NOT NULL,
    price_entries  bigint      NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant, activity_id),
    CHECK (live_version BETWEEN 0 AND latest_version)
);

CREATE TABLE activity_versions (
    tenant      text    NOT NULL,
    activity_id text    NOT NULL,
    version     integer NOT NULL,
    state       text    NOT NULL
        CHECK (state IN ('DRAFT', 'REVIEWING', 'REJECTED', 'APPROVED', 'LIVE', 'SUPERSEDED')),
    spec        jsonb   NOT NULL,
    PRIMARY KEY (tenant, activity_id, version),
    FOREIGN KEY (tenant, activity_id) REFERENCES activities
);

-- Who changed what, and why. Append-only.
CREATE TABLE activity_changes (
    tenant      text        NOT NULL,
    activity_id text        NOT NULL,
    revision    bigint      NOT NULL,
    version     integer     NOT NULL,
    verb        text        NOT NULL,
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant, activity_id, revision)
);

CREATE SEQUENCE price_import_ids;

-- Append-only. Of entries with the same sku, stores and start the newest counts: the one with the
-- highest (import_id, row_number).
CREATE TABLE price_entries (
    tenant       text        NOT NULL,
    activity_id  text        NOT NULL,
    import_id    bigint      NOT NULL,
    row_number   integer     NOT NULL,
    sku          text        COLLATE "C" NOT NULL,   -- sorted as processes sort, and fast
    store_set_id text        COLLATE "C" NOT NULL,   -- '' is every store
    -- Microseconds since 1970, UTC, as catalogues keep them: millions are read at every start.
    starts_us    bigint      NOT NULL,
    ends_us      bigint      NOT NULL,
    op           smallint    NOT NULL,               -- 0 removed, else the kernel's operation
    value        bigint      NOT NULL,
    per_quantity smallint    NOT NULL,
    PRIMARY KEY (tenant, activity_id, import_id, row_number),
    CHECK (ends_us > starts_us)
);

CREATE INDEX price_entries_by_sku ON price_entries (tenant, activity_id, sku);

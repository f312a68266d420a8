-- The feed by which processes learn what to recompile in their catalogues.

-- One row a tenant; its lock puts the tenant's changes in order.
CREATE TABLE catalogue_heads (
    tenant  text   NOT NULL PRIMARY KEY,
    version bigint NOT NULL
);

-- What each catalogue version changed, so that a process recompiles just that. Of ENTRIES, the rows
-- that came are found by their import_id.
CREATE TABLE catalogue_changes (
    tenant     text        NOT NULL,
    version    bigint      NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('ACTIVITY', 'SET', 'ENTRIES')),
    subject_id text        NOT NULL,
    import_id  bigint,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, version)
);

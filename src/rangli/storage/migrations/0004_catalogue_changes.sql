-- The feed by which processes learn what to recompile in their catalogues.

-- One row a tenant; its lock puts the tenant's changes in order.
CREATE TABLE catalogue_heads (
    tenant  text   NOT NULL PRIMARY KEY,
    version bigint NOT NULL
);

-- What each catalogue version changed, so that a process recompiles just that, and what the subject
-- then was, so that the catalogue of any version can be told: the activity's live version, the set's
-- version, or the import whose entries came.
CREATE TABLE catalogue_changes (
    tenant          text        NOT NULL,
    version         bigint      NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('ACTIVITY', 'SET', 'ENTRIES')),
    subject_id      text        NOT NULL,
    subject_version bigint      NOT NULL,
    held            boolean     NOT NULL,   -- the activity is paused, cancelled or archived
    changed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, version)
);

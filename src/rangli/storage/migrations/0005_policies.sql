-- Stacking policies, their versions, and which channel's carts are priced with which.

ALTER TABLE catalogue_changes DROP CONSTRAINT catalogue_changes_kind_check;
ALTER TABLE catalogue_changes ADD CONSTRAINT catalogue_changes_kind_check
    -- POLICY: a policy's version; ASSIGNMENT: the revision of what a channel is priced with.
    CHECK (kind IN ('ACTIVITY', 'SET', 'ENTRIES', 'POLICY', 'ASSIGNMENT'));

-- Written once, never changed; who and why is the audit.
CREATE TABLE policy_versions (
    tenant     text        NOT NULL,
    policy_id  text        NOT NULL,
    version    integer     NOT NULL CHECK (version >= 1),
    spec       jsonb       NOT NULL,
    actor      text        NOT NULL,
    reason     text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, policy_id, version)
);

-- Append-only: of a channel's assignments the one with the highest revision counts.
CREATE TABLE policy_assignments (
    tenant     text        NOT NULL,
    channel    text        NOT NULL,   -- '' is every channel that has none of its own
    revision   integer     NOT NULL CHECK (revision >= 1),
    policy_id  text        NOT NULL,   -- '' is none any more
    version    integer     NOT NULL CHECK (version >= 0),   -- 0 is always the newest
    actor      text        NOT NULL,
    reason     text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, channel, revision)
);

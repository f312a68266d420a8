-- Named sets of shoppers, stores and products. A version is written once and never changed.

CREATE TABLE sets (
    tenant       text        NOT NULL,
    set_id       text        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('USER', 'STORE', 'PRODUCT')),
    display_name text        NOT NULL,
    version      integer     NOT NULL CHECK (version >= 1),
    member_count bigint      NOT NULL CHECK (member_count >= 0),
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant, set_id)
);

CREATE TABLE set_members (
    tenant  text    NOT NULL,
    set_id  text    NOT NULL,
    version integer NOT NULL,
    member  text    NOT NULL,
    PRIMARY KEY (tenant, set_id, version, member)
);

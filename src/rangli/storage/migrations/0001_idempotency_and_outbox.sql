-- What a change answered, kept to be replayed; its key is inserted before the effect, in the same
-- transaction, so that a concurrent repeat waits for the first.
CREATE TABLE idempotency_records (
    tenant text NOT NULL,
    method text NOT NULL,
    request_id text NOT NULL,
    request_sha256 bytea NOT NULL CHECK (octet_length(request_sha256) = 32),
    response bytea,  -- null only inside the transaction that makes it
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, method, request_id)
) WITH (fillfactor = 70);  -- room to add the response in place

CREATE INDEX idempotency_records_created_at ON idempotency_records (created_at);

-- An event for every effect, written by the effect's own transaction. Sequence numbers are given
-- before the commit, so they become visible out of order: a consumer that reads only rows with
-- tx_id < pg_snapshot_xmin(pg_current_snapshot()) sees no gap that is filled later.
CREATE TABLE outbox (
    tenant text NOT NULL,
    event_seq bigint GENERATED ALWAYS AS IDENTITY,
    tx_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    event_type text NOT NULL,
    actor text NOT NULL,
    payload jsonb NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, event_seq)
);

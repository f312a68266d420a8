-- The order in which events are read: (turn, event_seq). A turn is the writing transaction's id or,
-- if it is higher, the last one that had ended when the event was written. So
--  - of one subject, an event never stands before those whose commits its writer had to wait for:
--    a transaction may be older than the one it waits for, but its turn is not lower;
--  - what a running transaction writes, now or later, has a turn of at least its own id: below
--    pg_snapshot_xmin(pg_current_snapshot()) everything is there, and nothing comes in between.
ALTER TABLE outbox RENAME COLUMN tx_id TO turn;

ALTER TABLE outbox ALTER COLUMN turn SET DEFAULT greatest(
    pg_current_xact_id(),
    ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text)::xid8
);

-- Until now it was the writer's id alone.
UPDATE outbox SET turn = later.turn::text::xid8
FROM (
    SELECT tenant, event_seq, max(turn::text::bigint)
           OVER (PARTITION BY tenant, subject_kind, subject_id ORDER BY event_seq) AS turn
    FROM outbox
) later
WHERE (outbox.tenant, outbox.event_seq) = (later.tenant, later.event_seq)
  AND outbox.turn < later.turn::text::xid8;

-- Instead of (tenant, event_seq), by which nobody looks: events are written more often than read.
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey, ADD PRIMARY KEY (tenant, turn, event_seq);

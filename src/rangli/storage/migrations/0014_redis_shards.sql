-- The filter in Redis, which may say an early no: what it has to show to be believed.

-- One row for each Redis. Keys of a smaller epoch count for nothing. A replica that was promoted has
-- the keys of the epoch that ran, but perhaps not the last of them: it is another `replid`, and what
-- it says is not believed until the epoch has been raised for it.
CREATE TABLE redis_shards (
    shard      text        NOT NULL PRIMARY KEY,
    epoch      bigint      NOT NULL CHECK (epoch >= 1),
    replid     text        NOT NULL,
    raised_at  timestamptz NOT NULL DEFAULT now()
);

-- Uses of periods that are long over are swept: they are found by when their period began. What counts
-- for life has no period, and stays.
CREATE INDEX counter_uses_by_period ON counter_uses (period_at)
    WHERE period_at > '1970-01-01 00:00:00+00';

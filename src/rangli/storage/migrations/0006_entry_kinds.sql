-- An entry's operation becomes its kind, numbered as the price kernel numbers kinds: 0 removed,
-- 1 a unit costs, 2 off per units, 3 a percentage off (which was 4).
ALTER TABLE price_entries RENAME COLUMN op TO kind;
UPDATE price_entries SET kind = 3 WHERE kind = 4;

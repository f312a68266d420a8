-- A batch of postings in one statement, when nothing speaks against any of them. It commits by
-- itself, so that the accounts are never locked while anybody computes or waits for the network.
--
-- What the batch does to an account is known before the account is: how many entries, by how much
-- they move it, and how low and how high it stands in between. Texts come joined by \x1f, as arrays
-- of them cost the driver ten times as much; missing references are '', missing times are now.
--
-- true: all of it is done.  false: nothing is, because a posting may have to be refused or a request
-- has been made before; the caller then takes the long way, which finds out.
CREATE FUNCTION ledger_post_at_once(
    -- The requests, in the order of their keys; each is answered with its transaction's id.
    method           text,
    tenants          text,
    request_ids      text,
    request_sha256s  bytea,  -- 32 bytes each
    transaction_ids  text,
    reference_list   text,
    occurred         timestamptz[],
    -- The accounts, in the order of their keys. The lowest is where they stand after what goes out,
    -- the highest after what comes in, beside where they stood; `most` and -`most` if nothing does.
    account_tenants  text,
    account_ids      bigint[],
    entry_counts     bigint[],
    nets_minor       bigint[],
    lowest_minor     bigint[],
    highest_minor    bigint[],
    most             bigint,  -- bounds all balances
    -- The legs, in the order of the postings. Of either side: which of the accounts it is, and with
    -- this entry its count and its balance beside where they stood.
    leg_tenants      text,
    leg_transactions text,
    amounts_minor    bigint[],
    sources          bigint[],
    source_counts    bigint[],
    source_sums      bigint[],
    targets          bigint[],
    target_counts    bigint[],
    target_sums      bigint[]
) RETURNS boolean LANGUAGE plpgsql
-- The plan is made once, and must take account by account and find each by its key, however few there
-- were then: with the other ways to join out of reach, and a LIMIT that lets the planner expect one
-- account, nothing is cheaper.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
SET lock_timeout = '2s'
AS $$
DECLARE
    decided_at timestamptz;
    changed    bigint;
    able       boolean;
    soonest    timestamptz;  -- when the first lot expires that something goes out of
    units      text[];       -- of the accounts
    counts     bigint[];     -- before the batch
    balances   bigint[];     -- before the batch
BEGIN
    -- First, as it may wait for an earlier transaction with such a key, and nobody for these rows.
    INSERT INTO idempotency_records (tenant, method, request_id, request_sha256, response)
    SELECT w.tenant, method, w.request_id, substr(request_sha256s, (32 * w.nth - 31)::int, 32),
           convert_to(w.transaction_id, 'UTF8')
    FROM unnest(string_to_array(tenants, E'\x1f'), string_to_array(request_ids, E'\x1f'),
                string_to_array(transaction_ids, E'\x1f'))
         WITH ORDINALITY AS w (tenant, request_id, transaction_id, nth);

    -- One by one in the order given, each locked until the commit; the time is read after the last.
    WITH moved AS (
        UPDATE ledger_accounts a
        SET posted_minor = a.posted_minor + w.net_minor,
            entry_count = a.entry_count + w.entry_count, swept = false
        FROM (
            SELECT * FROM unnest(string_to_array(account_tenants, E'\x1f'), account_ids,
                                 entry_counts, nets_minor, lowest_minor, highest_minor)
            LIMIT cardinality(account_ids)
        ) AS w (tenant, account_id, entry_count, net_minor, lowest, highest)
        WHERE a.tenant = w.tenant AND a.account_id = w.account_id
            AND a.posted_minor - a.pending_out_minor + w.lowest >= coalesce(a.floor_minor, -most)
            AND a.posted_minor + a.pending_in_minor + w.highest <= most
            AND (w.lowest = most OR NOT a.frozen)
        RETURNING a.unit, a.entry_count - w.entry_count AS entry_count,
                  a.posted_minor - w.net_minor AS posted_minor,
                  CASE WHEN w.lowest < most THEN a.expires_at END AS expires_at
    )
    SELECT clock_timestamp(), count(*), array_agg(m.unit), array_agg(m.entry_count),
           array_agg(m.posted_minor), min(m.expires_at)
    INTO decided_at, changed, units, counts, balances, soonest
    FROM moved m;
    able := changed = cardinality(account_ids) AND (soonest IS NULL OR soonest > decided_at);
    IF able AND units[1] <> ANY (units) THEN
        able := (SELECT bool_and(units[w.source] = units[w.target])
                 FROM unnest(sources, targets) AS w (source, target));
    END IF;
    IF NOT able THEN
        RAISE 'not at once' USING ERRCODE = 'LG001';
    END IF;

    INSERT INTO ledger_transactions
        (tenant, transaction_id, kind, method, request_id, reference, occurred_at, posted_at)
    SELECT w.tenant, w.transaction_id, 'POST', method, w.request_id, coalesce(w.reference, ''),
           coalesce(w.occurred_at, decided_at), decided_at
    FROM unnest(string_to_array(tenants, E'\x1f'), string_to_array(transaction_ids, E'\x1f'),
                string_to_array(request_ids, E'\x1f'), string_to_array(reference_list, E'\x1f'),
                occurred)
         AS w (tenant, transaction_id, request_id, reference, occurred_at);

    INSERT INTO ledger_entries
        (tenant, account_id, entry_no, transaction_id, phase, amount_minor, balance_minor)
    SELECT w.tenant, account_ids[side.account], counts[side.account] + side.entry_no,
           w.transaction_id, 0, side.amount_minor, balances[side.account] + side.sum_minor
    FROM unnest(string_to_array(leg_tenants, E'\x1f'), string_to_array(leg_transactions, E'\x1f'),
                amounts_minor, sources, source_counts, source_sums, targets, target_counts,
                target_sums)
         AS w (tenant, transaction_id, amount_minor, source, source_count, source_sum, target,
               target_count, target_sum),
    LATERAL (VALUES
        (w.source, w.source_count, -w.amount_minor, w.source_sum),
        (w.target, w.target_count, w.amount_minor, w.target_sum)
    ) AS side (account, entry_no, amount_minor, sum_minor);
    RETURN true;
EXCEPTION WHEN unique_violation OR SQLSTATE 'LG001' THEN
    RETURN false;
END $$;

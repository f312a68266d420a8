-- Claims of one coupon batch in one statement, when nothing speaks against any of them: the batch is
-- as the caller has read it, its stock has enough, and each user may have one more. It commits by
-- itself, so that the stock is never locked while anybody computes or waits for the network.
--
-- Locks are taken in the order in which the long way takes them: keys, batch, limits, uses. Texts
-- come joined by \x1f, as arrays of them cost the driver ten times as much.
--
-- true: all of it is done.  false: nothing is, because a claim may have to be refused or a request
-- has been made before; the caller then takes the long way, which finds out.
CREATE FUNCTION coupon_claim_at_once(
    -- The requests, in the order of their keys; one answer after the other, each so long.
    claim_method      text,
    of_tenant         text,
    request_ids       text,
    request_sha256s   bytea,  -- 32 bytes each
    responses         bytea,
    response_ends     integer[],  -- each answer's last byte
    -- What was read of the batch, and what follows from it for all that are given now.
    of_batch          text,
    of_revision       bigint,
    of_activity       text,
    of_version        integer,
    from_at           timestamptz,
    to_at             timestamptz,
    to_text           text,  -- the same, as events say it
    is_transferable   boolean,
    is_returned       boolean,
    given             timestamptz,
    -- Its limits, in the order of their ids; 0 of a user: no limit.
    stock_limit       text,
    user_limit        text,
    user_most         bigint,
    gate_of_limits    integer,
    limit_gates       integer[],
    -- The coupons, as the requests; each of another user. Users again, in order of their ids.
    user_ids          text,
    coupon_ids        text,
    actors            text,
    sorted_user_ids   text
) RETURNS boolean LANGUAGE plpgsql
-- The plan is made once, and must find each row by its key, however few there were then.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
SET lock_timeout = '2s'
AS $$
DECLARE
    wanted     integer := cardinality(response_ends);
    lifetime   CONSTANT timestamptz := '1970-01-01Z';
    seen       bigint;
    counts     jsonb;
BEGIN
    -- First, as it may wait for an earlier transaction with such a key, and nobody for these rows.
    INSERT INTO idempotency_records (tenant, method, request_id, request_sha256, response)
    SELECT of_tenant, claim_method, w.request_id,
           substr(request_sha256s, (32 * w.nth - 31)::int, 32),
           substr(responses, coalesce(response_ends[w.nth - 1], 0) + 1,
                  response_ends[w.nth] - coalesce(response_ends[w.nth - 1], 0))
    FROM unnest(string_to_array(request_ids, E'\x1f')) WITH ORDINALITY AS w (request_id, nth);

    PERFORM pg_advisory_xact_lock_shared(
        hashtextextended('coupon_batches ' || of_tenant || ' ' || of_batch, 0));
    PERFORM FROM coupon_batches b
    WHERE b.tenant = of_tenant AND b.batch_id = of_batch AND b.state = 'OPEN'
      AND b.revision = of_revision
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE 'not at once' USING ERRCODE = 'CP001';
    END IF;
    PERFORM FROM activities a JOIN activity_versions v USING (tenant, activity_id)
    WHERE a.tenant = of_tenant AND a.activity_id = of_activity AND a.run_state = 'PUBLISHED'
      AND a.live_version = of_version AND v.version = of_version
      AND (v.spec #>> '{schedule,ends_at}')::timestamptz > clock_timestamp();
    -- What was told to begin then must have begun, and not long ago.
    IF NOT FOUND OR clock_timestamp() NOT BETWEEN given AND given + interval '1 second' THEN
        RAISE 'not at once' USING ERRCODE = 'CP001';
    END IF;

    PERFORM pg_advisory_xact_lock_shared(gate_of_limits, gate) FROM unnest(limit_gates) AS gate;
    PERFORM FROM counter_limits l
    WHERE l.tenant = of_tenant AND l.limit_id = stock_limit AND NOT l.ended AND NOT l.is_over
      AND l.bucket_rows = 1
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE 'not at once' USING ERRCODE = 'CP001';
    END IF;
    counts := jsonb_build_array(jsonb_build_array(stock_limit, '', 0, 0, 1));
    IF user_most > 0 THEN
        PERFORM FROM counter_limits l
        WHERE l.tenant = of_tenant AND l.limit_id = user_limit AND NOT l.ended AND l.most = user_most
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE 'not at once' USING ERRCODE = 'CP001';
        END IF;
    END IF;

    UPDATE counter_uses u SET used = u.used + wanted
    WHERE (u.tenant, u.limit_id, u.subject_id, u.period_at, u.bucket)
          = (of_tenant, stock_limit, '', lifetime, 0)
      AND u.used + wanted <= u.most;
    IF NOT FOUND THEN
        RAISE 'not at once' USING ERRCODE = 'CP001';
    END IF;
    IF user_most > 0 THEN
        -- One by one in the order given, each locked until the commit.
        INSERT INTO counter_uses AS u (tenant, limit_id, subject_id, period_at, bucket, used)
        SELECT of_tenant, user_limit, w.user_id, lifetime, 0, 1
        FROM unnest(string_to_array(sorted_user_ids, E'\x1f')) AS w (user_id)
        ON CONFLICT (tenant, limit_id, subject_id, period_at, bucket) DO UPDATE
        SET used = u.used + 1 WHERE u.used < user_most;
        GET DIAGNOSTICS seen = ROW_COUNT;
        IF seen <> wanted THEN
            RAISE 'not at once' USING ERRCODE = 'CP001';
        END IF;
    END IF;

    INSERT INTO coupons
        (tenant, user_id, coupon_id, batch_id, activity_id, activity_version, usable_from,
         expires_at, transferable, returns_on_refund, source, given_at, counted, state)
    SELECT of_tenant, w.user_id, w.coupon_id, of_batch, of_activity, of_version, from_at, to_at,
           is_transferable, is_returned, 'CLAIMED', given,
           CASE WHEN user_most > 0
               THEN jsonb_build_array(
                   jsonb_build_array(user_limit, w.user_id, 0, 0, 1), counts -> 0)
               ELSE counts
           END, 'USABLE'
    FROM unnest(string_to_array(user_ids, E'\x1f'), string_to_array(coupon_ids, E'\x1f'))
         AS w (user_id, coupon_id);

    INSERT INTO outbox (tenant, subject_kind, subject_id, event_type, actor, payload)
    SELECT of_tenant, 'coupon', w.user_id, 'coupon.given', w.actor,
           jsonb_build_object(
               'coupon_id', w.coupon_id, 'batch_id', of_batch, 'activity_id', of_activity,
               'source', 'CLAIMED', 'expires_at', to_text)
    FROM unnest(string_to_array(user_ids, E'\x1f'), string_to_array(coupon_ids, E'\x1f'),
                string_to_array(actors, E'\x1f'))
         WITH ORDINALITY AS w (user_id, coupon_id, actor, nth)
    ORDER BY w.nth;
    RETURN true;
EXCEPTION WHEN unique_violation OR SQLSTATE 'CP001' THEN
    RETURN false;
END $$;

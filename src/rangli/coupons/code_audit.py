"""What must hold of codes and jobs at all times; see `audit`.

That a vanity code is never redeemed more often than it may be, the checks of `counters` say.
"""

from __future__ import annotations

from rangli.storage.audit import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "codes.are_counted",
        "I1",
        "A code set counts the codes that it has, and those that are redeemed.",
        """
        SELECT s.tenant, s.code_set_id, s.kind,
               s.count || ' codes, ' || s.redeemed || ' redeemed' AS expected,
               c.codes || ' codes, ' || c.redeemed + u.uses || ' redeemed' AS actual
        FROM coupon_code_sets s
        LEFT JOIN (
            SELECT tenant, code_set_id, count(*) AS codes, count(coupon_id) AS redeemed
            FROM coupon_codes GROUP BY tenant, code_set_id
        ) AS k USING (tenant, code_set_id)
        LEFT JOIN (
            SELECT tenant, code_set_id, count(*) AS uses FROM coupon_code_users
            GROUP BY tenant, code_set_id
        ) AS v USING (tenant, code_set_id),
        LATERAL (SELECT coalesce(k.codes, 0), coalesce(k.redeemed, 0)) AS c (codes, redeemed),
        LATERAL (SELECT coalesce(v.uses, 0)) AS u (uses)
        WHERE s.redeemed <> c.redeemed + u.uses
           OR (s.kind = 'VANITY' AND (c.codes, c.redeemed) <> (1, 0))
           OR (s.kind <> 'VANITY' AND (s.count, 0) <> (c.codes, u.uses))
        """,
    ),
    Check(
        "codes.brought_coupons",
        "I3",
        "What was redeemed has brought a coupon of its set's batch, and no two the same one.",
        """
        SELECT r.tenant, r.code_set_id, r.coupon_id, s.batch_id AS expected, c.batch_id AS actual
        FROM (
            SELECT tenant, code_set_id, coupon_id, count(*) OVER (PARTITION BY tenant, coupon_id) n
            FROM (
                SELECT tenant, code_set_id, coupon_id FROM coupon_codes
                WHERE coupon_id IS NOT NULL
                UNION ALL SELECT tenant, code_set_id, coupon_id FROM coupon_code_users
            ) AS of_both
        ) AS r
        LEFT JOIN coupon_code_sets s USING (tenant, code_set_id)
        LEFT JOIN coupons c USING (tenant, coupon_id)
        WHERE r.n <> 1 OR c.batch_id IS DISTINCT FROM s.batch_id
        """,
    ),
    Check(
        "issue_jobs.are_counted",
        "I3",
        "A job's members are given, had or failed once, and all of them when it is done.",
        """
        SELECT j.tenant, j.job_id, j.state, j.members AS expected,
               s.given || ' given, ' || s.had || ' had, ' || s.failed || ' failed, '
                   || coalesce(f.failures, 0) || ' failures' AS actual
        FROM coupon_issue_jobs j
        JOIN (
            SELECT tenant, job_id, sum(given) AS given, sum(had) AS had, sum(failed) AS failed,
                   bool_and(done) AS done
            FROM coupon_issue_shards GROUP BY tenant, job_id
        ) AS s USING (tenant, job_id)
        LEFT JOIN (
            SELECT tenant, job_id, count(*) AS failures FROM coupon_issue_failures
            GROUP BY tenant, job_id
        ) AS f USING (tenant, job_id)
        WHERE s.failed <> coalesce(f.failures, 0) OR s.given + s.had + s.failed > j.members
           OR (j.state = 'DONE' AND (NOT s.done OR s.given + s.had + s.failed <> j.members))
        """,
    ),
)

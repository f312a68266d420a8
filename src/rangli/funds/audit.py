"""What must hold of budgets at all times; each check's rows name what breaks it."""

from __future__ import annotations

from rangli.funds.model import HYSTERESIS_BPS
from rangli.storage.audit import Check

# The sweeper comes every second; this much later something is wrong with it.
_OVERDUE_S = 60

CHECKS: tuple[Check, ...] = (
    Check(
        "funds.pools_within_budget",
        "I7",
        "What a pool has reserved and spent is at most what it got and did not pass on.",
        """
        SELECT p.tenant, p.pool_id, b.posted_minor + s.posted_minor AS expected,
               b.pending_out_minor + s.posted_minor AS actual
        FROM fund_pools p
        LEFT JOIN ledger_accounts b ON (b.tenant, b.account_id) = (p.tenant, p.budget_account_id)
        LEFT JOIN ledger_accounts s ON (s.tenant, s.account_id) = (p.tenant, p.spent_account_id)
        WHERE (b.owner, b.kind, b.unit, b.floor_minor, s.owner, s.kind, s.unit, s.floor_minor)
              IS DISTINCT FROM ('pool/' || p.pool_id, 'budget', p.currency, 0,
                                'pool/' || p.pool_id, 'spent', p.currency, 0)
           OR b.posted_minor < b.pending_out_minor OR s.posted_minor < 0
        """,
    ),
    Check(
        "funds.money_follows_the_tree",
        "I7",
        "Budget moves between a pool and its parent only; a root's from and to outside.",
        """
        SELECT e.tenant, e.transaction_id, p.pool_id, e.amount_minor AS actual
        FROM fund_pools p
        JOIN ledger_entries e ON (e.tenant, e.account_id) = (p.tenant, p.budget_account_id)
        JOIN ledger_transactions t ON t.tenant = e.tenant AND t.transaction_id = e.transaction_id
             AND t.kind = 'POST'
        JOIN ledger_entries o ON o.tenant = e.tenant AND o.transaction_id = e.transaction_id
             AND o.account_id <> e.account_id
        JOIN ledger_accounts a ON (a.tenant, a.account_id) = (o.tenant, o.account_id)
        LEFT JOIN fund_pools q ON (q.tenant, q.budget_account_id) = (o.tenant, o.account_id)
        WHERE CASE WHEN q.pool_id IS NULL
                   THEN p.parent_id IS NOT NULL OR (a.owner, a.kind) <> ('house', 'funding')
                   ELSE q.parent_id IS DISTINCT FROM p.pool_id
                        AND p.parent_id IS DISTINCT FROM q.pool_id END
        """,
    ),
    Check(
        "funds.budgets_are_what_was_allocated",
        "I7",
        "A pool's budget is what its journal tells it got, less what it passed on.",
        """
        SELECT p.tenant, p.pool_id, coalesce(j.net, 0) AS expected,
               b.posted_minor + s.posted_minor AS actual
        FROM fund_pools p
        JOIN ledger_accounts b ON (b.tenant, b.account_id) = (p.tenant, p.budget_account_id)
        JOIN ledger_accounts s ON (s.tenant, s.account_id) = (p.tenant, p.spent_account_id)
        LEFT JOIN LATERAL (
            SELECT sum(e.amount_minor) AS net
            FROM ledger_entries e JOIN ledger_transactions t USING (tenant, transaction_id)
            WHERE (e.tenant, e.account_id) = (p.tenant, p.budget_account_id)
              AND e.phase = 0 AND t.kind = 'POST'
        ) j ON true
        WHERE coalesce(j.net, 0) <> b.posted_minor + s.posted_minor
        """,
    ),
    Check(
        "funds.trees_are_whole",
        "I7",
        "A pool is one below its parent, of its currency, and not open below a closed one.",
        """
        SELECT c.tenant, c.pool_id, p.pool_id AS parent_id,
               format('depth %s, %s', p.depth + 1, p.currency) AS expected,
               format('depth %s, %s, %s below %s', c.depth, c.currency, c.state, p.state) AS actual
        FROM fund_pools c LEFT JOIN fund_pools p
             ON (p.tenant, p.pool_id) = (c.tenant, c.parent_id)
        WHERE c.depth <> coalesce(p.depth, 0) + 1 OR c.currency <> p.currency
           OR (p.state = 'CLOSED' AND c.state <> 'CLOSED')
        """,
    ),
    Check(
        "funds.parts_are_legs",
        "I6",
        "Each leg of a reservation's hold has its part, between the accounts of its pool.",
        """
        SELECT w.tenant, w.reservation_id, w.leg, w.source_id AS actual,
               b.budget_account_id AS expected
        FROM (
            SELECT tenant, reservation_id, leg, r.order_id, p.funder, p.pool_id, l.source_id,
                   l.target_id
            FROM fund_reservations r
            FULL JOIN fund_reservation_parts p USING (tenant, reservation_id)
            FULL JOIN (
                SELECT l.tenant, l.hold_id AS reservation_id, l.leg, l.source_id, l.target_id
                FROM ledger_hold_legs l
                JOIN ledger_accounts s ON (s.tenant, s.account_id) = (l.tenant, l.source_id)
                JOIN ledger_accounts t ON (t.tenant, t.account_id) = (l.tenant, l.target_id)
                WHERE s.kind = 'budget' OR t.kind = 'spent'
            ) l USING (tenant, reservation_id, leg)
        ) w LEFT JOIN fund_pools b ON (b.tenant, b.pool_id) = (w.tenant, w.pool_id)
        WHERE w.order_id IS NULL OR w.funder IS NULL OR w.source_id IS NULL
           OR (w.pool_id IS NOT NULL AND (w.source_id, w.target_id)
               IS DISTINCT FROM (b.budget_account_id, b.spent_account_id))
        """,
    ),
    Check(
        "funds.parts_follow_the_shares",
        "I6",
        "Each part is a share of its activity, once, and its leg is between the share's accounts.",
        """
        SELECT p.tenant, p.reservation_id, p.leg, p.activity_id, p.version, p.funder,
               format('pool %s, %s to %s', coalesce(s.pool_id, '-'), s.source_id, s.target_id)
               AS expected,
               format('pool %s, %s to %s', coalesce(p.pool_id, '-'), l.source_id, l.target_id)
               AS actual
        FROM (
            SELECT *, count(*) OVER (PARTITION BY tenant, reservation_id, activity_id, funder)
                   AS parts, min(version) OVER (PARTITION BY tenant, reservation_id, activity_id)
                   AS first_version
            FROM fund_reservation_parts
        ) p
        LEFT JOIN ledger_hold_legs l ON (l.tenant, l.hold_id, l.leg)
             = (p.tenant, p.reservation_id, p.leg)
        LEFT JOIN fund_shares s ON (s.tenant, s.activity_id, s.version, s.funder)
             = (p.tenant, p.activity_id, p.version, p.funder)
        WHERE s.funder IS NULL OR p.parts > 1 OR p.version <> p.first_version
           OR (s.pool_id, s.source_id, s.target_id)
              IS DISTINCT FROM (p.pool_id, l.source_id, l.target_id)
        """,
    ),
    Check(
        "funds.reservations_are_their_holds",
        "I6",
        "A reservation is for the order that its hold names, in the currency of its accounts.",
        """
        SELECT r.tenant, r.reservation_id, format('order %s, %s', t.reference, a.units) AS expected,
               format('order %s, %s', r.order_id, r.currency) AS actual
        FROM fund_reservations r
        LEFT JOIN ledger_transactions t ON (t.tenant, t.hold_id) = (r.tenant, r.reservation_id)
             AND t.kind = 'HOLD'
        LEFT JOIN LATERAL (
            SELECT string_agg(DISTINCT a.unit, ' ') AS units
            FROM ledger_hold_legs l JOIN ledger_accounts a
                 ON a.tenant = l.tenant AND a.account_id IN (l.source_id, l.target_id)
            WHERE (l.tenant, l.hold_id) = (r.tenant, r.reservation_id)
        ) a ON true
        WHERE (r.order_id, r.currency) IS DISTINCT FROM (t.reference, a.units)
        """,
    ),
    Check(
        "funds.moves_equal_legs",
        "I6",
        "What moves tell was spent and refunded of a part is what its leg counts.",
        """
        SELECT tenant, reservation_id, leg,
               format('spent %s, refunded %s', coalesce(l.captured_minor, 0),
                      coalesce(l.returned_minor, 0)) AS expected,
               format('spent %s, refunded %s', coalesce(m.spent, 0), coalesce(m.refunded, 0))
               AS actual
        FROM (
            SELECT p.tenant, p.reservation_id, p.leg, l.captured_minor, l.returned_minor
            FROM fund_reservation_parts p JOIN ledger_hold_legs l
                 ON (l.tenant, l.hold_id, l.leg) = (p.tenant, p.reservation_id, p.leg)
        ) l FULL JOIN (
            SELECT tenant, reservation_id, leg,
                   coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS spent,
                   coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS refunded
            FROM fund_moves GROUP BY 1, 2, 3
        ) m USING (tenant, reservation_id, leg)
        WHERE coalesce(m.spent, 0) <> coalesce(l.captured_minor, 0)
           OR coalesce(m.refunded, 0) <> coalesce(l.returned_minor, 0)
        """,
    ),
    Check(
        "funds.moves_equal_entries",
        "I4",
        "What moves tell of a transaction is what its entries did to the accounts, on its date.",
        """
        WITH moves AS (
            SELECT m.tenant, m.transaction_id, l.target_id AS account_id,
                   sum(m.amount_minor) AS amount, min(m.occurred_at) AS at
            FROM fund_moves m JOIN ledger_hold_legs l ON (l.tenant, l.hold_id, l.leg)
                 = (m.tenant, m.reservation_id, m.leg)
            GROUP BY 1, 2, 3
        ), entries AS (
            SELECT e.tenant, e.transaction_id, e.account_id, sum(e.amount_minor) AS amount,
                   min(t.occurred_at) AS at
            FROM fund_reservations r
            JOIN ledger_transactions t ON (t.tenant, t.hold_id) = (r.tenant, r.reservation_id)
            JOIN ledger_entries e ON (e.tenant, e.transaction_id) = (t.tenant, t.transaction_id)
            JOIN ledger_accounts a ON (a.tenant, a.account_id) = (e.tenant, e.account_id)
            WHERE a.kind = 'spent' AND e.phase = 0
            GROUP BY 1, 2, 3
        )
        SELECT tenant, transaction_id, account_id, e.amount AS expected, m.amount AS actual
        FROM moves m FULL JOIN entries e USING (tenant, transaction_id, account_id)
        WHERE m.amount IS DISTINCT FROM e.amount
           OR m.at <> e.at
        """,
    ),
    Check(
        "funds.parts_count",
        "I5",
        "A part counts for its day what is set aside or spent of it; an expiry, once counted.",
        """
        SELECT p.tenant, p.reservation_id, p.leg,
               CASE WHEN p.pool_id IS NULL THEN 0
                    ELSE l.held_minor - l.released_minor - l.returned_minor END AS expected,
               p.counted_minor AS actual
        FROM fund_reservation_parts p
        JOIN fund_reservations r USING (tenant, reservation_id)
        JOIN ledger_holds h ON (h.tenant, h.hold_id) = (p.tenant, p.reservation_id)
        JOIN ledger_hold_legs l ON (l.tenant, l.hold_id, l.leg)
             = (p.tenant, p.reservation_id, p.leg)
        WHERE NOT (r.is_open AND h.state = 'EXPIRED')
          AND p.counted_minor <> CASE WHEN p.pool_id IS NULL THEN 0
              ELSE l.held_minor - l.released_minor - l.returned_minor END
        """,
    ),
    Check(
        "funds.days_equal_parts",
        "I5",
        "A pool's day is used by as much as the parts that count for it.",
        """
        SELECT tenant, pool_id, day, coalesce(p.counted, 0) AS expected,
               coalesce(d.used_minor, 0) AS actual
        FROM fund_pool_days d FULL JOIN (
            SELECT tenant, pool_id, day, sum(counted_minor) AS counted
            FROM fund_reservation_parts WHERE pool_id IS NOT NULL GROUP BY 1, 2, 3
        ) p USING (tenant, pool_id, day)
        WHERE coalesce(p.counted, 0) <> coalesce(d.used_minor, 0)
        """,
    ),
    Check(
        "funds.shares_make_the_whole",
        "I7",
        "An activity's shares make 10,000 basis points, and each pool is of its funder.",
        """
        SELECT f.tenant, f.activity_id, f.version, 10000 AS expected,
               coalesce(sum(s.share_bps), 0) AS actual
        FROM fund_activities f LEFT JOIN fund_shares s USING (tenant, activity_id, version)
        LEFT JOIN fund_pools p ON (p.tenant, p.pool_id) = (s.tenant, s.pool_id)
        GROUP BY 1, 2, 3
        HAVING coalesce(sum(s.share_bps), 0) <> 10000
            OR bool_or(s.pool_id IS NOT NULL AND (p.funder, p.currency, p.budget_account_id)
                       IS DISTINCT FROM (s.funder, f.currency, s.source_id))
        """,
    ),
    Check(
        "funds.levels",
        "I8",
        "A pool's level is that of its money, and it rests while its day's cap is reached.",
        """
        SELECT tenant, pool_id, format('%s to %s', least, most) AS expected,
               budget_level AS actual, paused_until, today, daily_cap_minor
        FROM (
            SELECT p.*, coalesce(d.used_minor, 0) AS today,
                   {reached_0} AS least, {reached_1} AS most
            FROM fund_pools p
            JOIN LATERAL (
                SELECT (b.pending_out_minor + s.posted_minor)::numeric * 10000 AS used,
                       (b.posted_minor + s.posted_minor)::numeric AS budget
                FROM ledger_accounts b, ledger_accounts s
                WHERE (b.tenant, b.account_id) = (p.tenant, p.budget_account_id)
                  AND (s.tenant, s.account_id) = (p.tenant, p.spent_account_id)
            ) m ON true
            LEFT JOIN fund_pool_days d ON (d.tenant, d.pool_id, d.day)
                 = (p.tenant, p.pool_id, (now() AT TIME ZONE p.time_zone)::date)
            -- What has expired, but is not counted so yet, may still hold a level.
            WHERE NOT EXISTS (
                SELECT FROM fund_reservation_parts q
                JOIN fund_reservations r USING (tenant, reservation_id)
                JOIN ledger_holds h ON (h.tenant, h.hold_id) = (r.tenant, r.reservation_id)
                WHERE (q.tenant, q.pool_id) = (p.tenant, p.pool_id)
                  AND r.is_open AND h.state = 'EXPIRED')
        ) l
        WHERE budget_level NOT BETWEEN least AND most
           OR (paused_until IS NULL AND daily_cap_minor > 0 AND today >= daily_cap_minor)
           OR (paused_until > now() AND (daily_cap_minor = 0 OR today < daily_cap_minor))
        """.format(
            **{
                f"reached_{index}": f"""
                   CASE WHEN used >= budget * (10000 - {below}) THEN 4
                        WHEN used >= budget * (slow_bps - {below}) THEN 3
                        WHEN used >= budget * (warn_bps - {below}) THEN 2 ELSE 1 END"""
                for index, below in enumerate((0, HYSTERESIS_BPS))
            }
        ),
    ),
    Check(
        "funds.expiries_are_counted",
        "I8",
        f"A reservation is open while its hold is, and at most {_OVERDUE_S} seconds longer.",
        f"""
        SELECT r.tenant, r.reservation_id, h.state AS expected, r.is_open AS actual
        FROM fund_reservations r LEFT JOIN ledger_holds h
             ON (h.tenant, h.hold_id) = (r.tenant, r.reservation_id)
        WHERE h.state IS NULL OR (h.state = 'PENDING' AND NOT r.is_open)
           OR (h.state IN ('POSTED', 'VOIDED') AND r.is_open)
           OR (h.state = 'EXPIRED' AND r.is_open
               AND h.ended_at < now() - interval '{_OVERDUE_S} seconds')
        """,
    ),
)

"""What must hold of limits and stock at all times; each check's rows name what breaks it."""

from __future__ import annotations

from rangli.counters.model import PERIODS_KEPT
from rangli.storage.audit import Check

# Uses of older periods may be swept.
_IN_KEPT_PERIOD = f"""(
    period_at = '1970-01-01 00:00:00+00' OR period_at >= now() - interval '{PERIODS_KEPT.days} days'
)"""
# The sweeper comes every second; this much later something is wrong with it.
_OVERDUE_S = 60

CHECKS: tuple[Check, ...] = (
    Check(
        "counters.uses_equal_counts",
        "I1",
        "What is used is what the rows of all domains say is counted, in all periods kept.",
        f"""
        SELECT tenant, limit_id, subject_id, period_at, bucket,
               coalesce(c.quantity, 0) AS expected, coalesce(u.used, 0) AS actual
        FROM (SELECT * FROM counter_uses WHERE {_IN_KEPT_PERIOD}) u FULL JOIN (
            SELECT tenant, limit_id, subject_id, period_at, bucket, sum(quantity) AS quantity
            FROM counter_counts WHERE {_IN_KEPT_PERIOD} GROUP BY 1, 2, 3, 4, 5
        ) c USING (tenant, limit_id, subject_id, period_at, bucket)
        WHERE coalesce(c.quantity, 0) <> coalesce(u.used, 0)
        """,
    ),
    Check(
        "counters.stocks_share_all",
        "I1",
        "A stock's buckets share just what it has, or what is out if that is more.",
        """
        SELECT l.tenant, l.limit_id, greatest(l.most, coalesce(sum(u.used), 0)) AS expected,
               sum(u.most) AS actual, l.bucket_rows, count(u.most) AS rows
        FROM counter_limits l LEFT JOIN counter_uses u
             ON (u.tenant, u.limit_id) = (l.tenant, l.limit_id)
        WHERE l.bucket_rows > 0
        GROUP BY 1, 2, l.most, l.bucket_rows, l.is_over
        HAVING sum(u.most) IS DISTINCT FROM greatest(l.most, sum(u.used))
            OR count(u.most) <> l.bucket_rows OR count(*) <> l.bucket_rows
            OR (sum(u.used) > l.most AND NOT l.is_over)
        """,
    ),
    Check(
        "counters.uses_within_limits",
        "I5",
        "No subject has used more than its limit has allowed, and only stocks have shares.",
        """
        SELECT u.tenant, u.limit_id, u.subject_id, u.period_at, l.most_ever AS expected,
               u.used AS actual
        FROM counter_uses u LEFT JOIN counter_limits l
             ON (l.tenant, l.limit_id) = (u.tenant, u.limit_id)
        WHERE l.limit_id IS NULL OR u.used > l.most_ever OR u.used > u.most
           OR (l.bucket_rows = 0 AND (u.most IS NOT NULL OR u.bucket <> 0))
        """,
    ),
    Check(
        "counters.expiries_are_swept",
        "I8",
        f"No reservation is reserved more than {_OVERDUE_S} seconds after its time.",
        f"""
        SELECT tenant, reservation_id, 'EXPIRED' AS expected, state AS actual, expires_at
        FROM counter_reservations
        WHERE state = 'RESERVED' AND expires_at < now() - interval '{_OVERDUE_S} seconds'
        """,
    ),
)

"""What must hold of coupons at all times; each check's rows name what breaks it.

That a stock's uses are what its coupons count, and never more than there is, the checks of
`counters` say.
"""

from __future__ import annotations

from rangli.coupons import code_audit
from rangli.storage.audit import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "coupons.count_in_their_stock",
        "I1",
        "Every coupon counts one in its batch's stock, until it is void and restocked.",
        """
        SELECT c.tenant, c.user_id, c.coupon_id, c.batch_id, c.state,
               CASE WHEN c.counted = '[]' THEN 0 ELSE 1 END AS expected,
               coalesce(sum(n.quantity), 0) AS actual
        FROM coupons c
        LEFT JOIN LATERAL counter_counted(c.counted) n
             ON n.limit_id = 'coupon/' || c.batch_id || '/stock'
        GROUP BY c.tenant, c.user_id, c.coupon_id
        HAVING coalesce(sum(n.quantity), 0)
            <> CASE WHEN c.counted = '[]' AND c.state = 'VOID' THEN 0 ELSE 1 END
        """,
    ),
    Check(
        "coupons.have_one_life",
        "I6",
        "A coupon is there once, belongs to a batch of its activity, and names an order just while"
        " that has it locked or has used it.",
        """
        SELECT c.tenant, c.coupon_id, 'there more than once' AS actual, count(*)::text AS which
        FROM coupons c GROUP BY c.tenant, c.coupon_id HAVING count(*) > 1
        UNION ALL
        SELECT c.tenant, c.coupon_id, 'of no batch of its activity', c.batch_id
        FROM coupons c LEFT JOIN coupon_batches b USING (tenant, batch_id)
        WHERE b.activity_id IS DISTINCT FROM c.activity_id
        UNION ALL
        SELECT c.tenant, c.coupon_id, c.state || ' with order', c.order_id
        FROM coupons c WHERE (c.order_id IS NOT NULL) <> (c.state IN ('LOCKED', 'USED'))
        """,
    ),
    Check(
        "coupons.grants_give_one",
        "I3",
        "A grant_key has given one coupon, and a coupon that names one is that.",
        """
        SELECT tenant, grant_key, g.coupon_id AS expected, c.coupon_id AS actual
        FROM coupon_grants g
        FULL JOIN (SELECT * FROM coupons WHERE grant_key IS NOT NULL) c USING (tenant, grant_key)
        WHERE (g.coupon_id, g.user_id, g.batch_id)
           IS DISTINCT FROM (c.coupon_id, c.user_id, c.batch_id)
        """,
    ),
    Check(
        "coupons.batches_are_counted",
        "I5",
        "Every batch has a stock that counts.",
        """
        SELECT b.tenant, b.batch_id, 'no stock' AS actual FROM coupon_batches b
        LEFT JOIN counter_limits l
             ON (l.tenant, l.limit_id) = (b.tenant, 'coupon/' || b.batch_id || '/stock')
        WHERE l.limit_id IS NULL OR l.ended OR l.owner IS DISTINCT FROM 'coupon/' || b.batch_id
        """,
    ),
    *code_audit.CHECKS,
)

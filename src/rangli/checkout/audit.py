"""What must hold of orders at all times; each check's rows name what breaks it.

That what is counted is within its limits, that reserved and spent stay within budgets, and that a
balance equals its entries, the checks of those domains say.
"""

from __future__ import annotations

from rangli.storage.audit import Check

# Sweepers come every second; this much later something is wrong with one.
_OVERDUE_S = 60

# How many units of each line (and gift) there are: of shipments, or of refunds.
_UNITS = """
SELECT o.tenant, o.order_id, u.kind, each.key AS name, sum(each.value::bigint) AS units
FROM orders o, jsonb_array_elements(o.{column}) AS one,
     LATERAL (VALUES ('line', one -> 1 -> 0), ('gift', one -> 1 -> 1)) AS u (kind, units),
     jsonb_each_text(u.units) AS each
GROUP BY 1, 2, 3, 4
"""

CHECKS: tuple[Check, ...] = (
    Check(
        "checkout.coupons_are_with_their_orders",
        "I6",
        "A reserved order's coupons are LOCKED by it, a paid one's USED by it until they return,"
        " and no coupon is LOCKED or USED by an order that does not name it.",
        """
        SELECT o.tenant, o.order_id, named AS coupon_id, o.state AS expected,
               c.state || coalesce(' by ' || c.order_id, '') AS actual
        FROM orders o CROSS JOIN LATERAL unnest(o.coupon_ids) AS named
        LEFT JOIN coupons c ON (c.tenant, c.user_id, c.coupon_id) = (o.tenant, o.user_id, named)
        WHERE CASE o.state
            WHEN 'RESERVED' THEN (c.state, c.order_id) IS DISTINCT FROM ('LOCKED', o.order_id)
            WHEN 'PARTLY_COMMITTED' THEN
                o.refunds = '[]' AND (c.state, c.order_id) IS DISTINCT FROM ('USED', o.order_id)
            WHEN 'COMMITTED' THEN
                o.refunds = '[]' AND (c.state, c.order_id) IS DISTINCT FROM ('USED', o.order_id)
            WHEN 'REFUNDED' THEN false
            ELSE c.order_id IS NOT DISTINCT FROM o.order_id
        END
        UNION ALL
        SELECT c.tenant, c.order_id, c.coupon_id, 'an order that has it', coalesce(o.state, 'none')
        FROM coupons c LEFT JOIN orders o
             ON (o.tenant, o.order_id, o.user_id) = (c.tenant, c.order_id, c.user_id)
             AND c.coupon_id = ANY (o.coupon_ids)
             AND (o.state = 'RESERVED') = (c.state = 'LOCKED')
        WHERE c.state IN ('LOCKED', 'USED') AND o.order_id IS NULL
        """,
    ),
    Check(
        "checkout.orders_count_what_they_want",
        "I5",
        "An order counts all that it wants of limits that have not ended, until it ends or some of"
        " it is refunded; one that was released or has expired counts nothing.",
        """
        SELECT o.tenant, o.order_id, w.limit_id, w.quantity AS expected,
               coalesce(c.quantity, 0) AS actual
        FROM orders o CROSS JOIN LATERAL (
            SELECT one ->> 0 AS limit_id, sum((one ->> 2)::bigint) AS quantity
            FROM jsonb_array_elements(o.wants) AS one GROUP BY 1
        ) w LEFT JOIN LATERAL (
            SELECT sum(n.quantity) AS quantity FROM counter_counted(o.counted) n
            WHERE n.limit_id = w.limit_id
        ) c ON true
        LEFT JOIN counter_limits l ON (l.tenant, l.limit_id) = (o.tenant, w.limit_id)
        WHERE CASE
            WHEN o.state IN ('RELEASED', 'EXPIRED') THEN c.quantity IS NOT NULL
            WHEN c.quantity = w.quantity OR l.ended THEN false
            ELSE o.refunds = '[]' OR c.quantity > w.quantity
        END
        """,
    ),
    Check(
        "checkout.holds_follow_their_orders",
        "I6",
        "What an order has set aside of budgets and wallets exists, ends at the same instant, and"
        " is in the state that the order's is.",
        f"""
        SELECT o.tenant, o.order_id, r.reservation_id, o.state AS expected, h.state AS actual,
               o.expires_at, h.expires_at AS hold_expires_at
        FROM orders o CROSS JOIN LATERAL (
            VALUES (o.fund_reservation_id), (o.wallet_reservation_id)
        ) AS r (reservation_id)
        LEFT JOIN ledger_holds h ON (h.tenant, h.hold_id) = (o.tenant, r.reservation_id)
        WHERE r.reservation_id IS NOT NULL AND (
            h.hold_id IS NULL OR h.expires_at <> o.expires_at OR NOT CASE o.state
                WHEN 'RESERVED' THEN h.state = 'PENDING'
                     OR (h.state = 'EXPIRED' AND o.expires_at <= now())
                WHEN 'PARTLY_COMMITTED' THEN h.state IN ('PENDING', 'POSTED')
                     OR (h.state = 'EXPIRED' AND o.expires_at <= now())
                WHEN 'EXPIRED' THEN h.state = 'EXPIRED' OR (
                    h.state = 'PENDING' AND o.expires_at <= now()
                    AND o.expires_at > now() - interval '{_OVERDUE_S} seconds')
                WHEN 'RELEASED' THEN h.state IN ('VOIDED', 'EXPIRED')
                ELSE h.state <> 'PENDING'
            END)
        """,
    ),
    Check(
        "checkout.refunds_are_bounded",
        "I6",
        "What is refunded is what its refunds say, and no more than was paid, by the wallet and"
        " elsewhere.",
        """
        SELECT o.tenant, o.order_id, p.paid AS expected, o.refunded_minor AS actual, r.refunded,
               o.external_paid_minor, o.external_refunded_minor
        FROM orders o CROSS JOIN LATERAL (
            SELECT coalesce(sum((one ->> 2)::bigint), 0) AS refunded
            FROM jsonb_array_elements(o.refunds) AS one
        ) r LEFT JOIN (
            SELECT tenant, reservation_id, sum(worth) AS tendered, sum(refunded_minor) AS back
            FROM (
                SELECT t.tenant, t.reservation_id, t.refunded_minor,
                       div(t.pays_minor * sum(l.captured_minor), t.amount) AS worth
                FROM wallet_tenders t JOIN ledger_hold_legs l
                  ON (l.tenant, l.hold_id) = (t.tenant, t.reservation_id)
                 AND l.leg >= t.leg_from AND l.leg < t.leg_from + t.leg_count
                GROUP BY t.tenant, t.reservation_id, t.tender
            ) AS of_tender GROUP BY 1, 2
        ) w ON (w.tenant, w.reservation_id) = (o.tenant, o.wallet_reservation_id)
        CROSS JOIN LATERAL (
            SELECT o.external_paid_minor + coalesce(w.tendered, 0) AS paid
        ) p
        WHERE o.refunded_minor <> r.refunded OR o.refunded_minor > p.paid
           OR o.refunded_minor <> o.external_refunded_minor + coalesce(w.back, 0)
           OR p.paid > o.payable_minor
           OR (o.state = 'COMMITTED' AND NOT o.rest_released AND p.paid <> o.payable_minor)
        """,
    ),
    Check(
        "checkout.returns_are_bounded",
        "I6",
        "No more units came back than were committed.",
        f"""
        SELECT tenant, order_id, kind, name, coalesce(s.units, 0) AS expected, r.units AS actual
        FROM ({_UNITS.format(column="refunds")}) r
        LEFT JOIN ({_UNITS.format(column="shipments")}) s USING (tenant, order_id, kind, name)
        WHERE r.units > coalesce(s.units, 0)
        """,
    ),
    Check(
        "checkout.expiries_are_swept",
        "I8",
        f"No order is reserved more than {_OVERDUE_S} seconds after its time.",
        f"""
        SELECT tenant, order_id, 'EXPIRED' AS expected, state AS actual, expires_at FROM orders
        WHERE state = 'RESERVED' AND expires_at < now() - interval '{_OVERDUE_S} seconds'
        """,
    ),
)

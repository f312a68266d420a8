"""What must hold in wallets at all times; each check's rows name what breaks it.

That balances equal their entries, that no lot is below zero, and that none keeps value after its
time, the ledger's own checks say.
"""

from __future__ import annotations

from rangli.storage.audit import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "wallet.tenders_equal_legs",
        "I4",
        "A tender's amount is what its legs hold in the user's own lots of that kind and unit.",
        """
        SELECT t.tenant, t.reservation_id, t.tender, t.amount AS expected,
               coalesce(sum(l.held_minor), 0) AS actual, count(l.leg) AS legs
        FROM wallet_tenders t JOIN wallet_reservations r USING (tenant, reservation_id)
        LEFT JOIN (
            SELECT l.*, a.owner, a.kind, a.unit FROM ledger_hold_legs l
            JOIN ledger_accounts a ON (a.tenant, a.account_id) = (l.tenant, l.source_id)
        ) l ON (l.tenant, l.hold_id) = (t.tenant, t.reservation_id)
            AND l.leg >= t.leg_from AND l.leg < t.leg_from + t.leg_count
            AND (l.owner, l.kind, l.unit) = ('user/' || r.user_id, t.kind, t.unit)
        GROUP BY t.tenant, t.reservation_id, t.tender, t.amount, t.leg_count
        HAVING coalesce(sum(l.held_minor), 0) <> t.amount OR count(l.leg) <> t.leg_count
        """,
    ),
    Check(
        "wallet.legs_belong_to_tenders",
        "I4",
        "Every leg of a reservation belongs to one of its tenders, and to one only.",
        """
        SELECT l.tenant, l.hold_id AS reservation_id, l.leg, 1 AS expected,
               count(t.tender) AS actual
        FROM ledger_hold_legs l
        JOIN wallet_reservations r ON (r.tenant, r.reservation_id) = (l.tenant, l.hold_id)
        LEFT JOIN wallet_tenders t ON (t.tenant, t.reservation_id) = (l.tenant, l.hold_id)
             AND l.leg >= t.leg_from AND l.leg < t.leg_from + t.leg_count
        GROUP BY l.tenant, l.hold_id, l.leg HAVING count(t.tender) <> 1
        """,
    ),
    Check(
        "wallet.reservations_have_holds",
        "I6",
        "A reservation has tenders and a hold, and a hold of a user's lots has a reservation.",
        """
        SELECT r.tenant, r.reservation_id, 'without a hold' AS actual FROM wallet_reservations r
        WHERE NOT EXISTS (SELECT FROM ledger_holds h
                          WHERE (h.tenant, h.hold_id) = (r.tenant, r.reservation_id))
        UNION ALL
        SELECT r.tenant, r.reservation_id, 'without tenders' FROM wallet_reservations r
        WHERE NOT EXISTS (SELECT FROM wallet_tenders t WHERE
                          (t.tenant, t.reservation_id) = (r.tenant, r.reservation_id))
        UNION ALL
        SELECT DISTINCT t.tenant, t.reservation_id, 'tenders without a reservation'
        FROM wallet_tenders t
        WHERE NOT EXISTS (SELECT FROM wallet_reservations r WHERE
                          (r.tenant, r.reservation_id) = (t.tenant, t.reservation_id))
        UNION ALL
        SELECT DISTINCT l.tenant, l.hold_id, 'hold without a reservation'
        FROM ledger_hold_legs l
        JOIN ledger_accounts a ON (a.tenant, a.account_id) = (l.tenant, l.source_id)
        WHERE a.owner LIKE 'user/%' AND a.kind IN ('balance', 'points', 'cash')
          AND NOT EXISTS (SELECT FROM wallet_reservations r
                          WHERE (r.tenant, r.reservation_id) = (l.tenant, l.hold_id))
        """,
    ),
    Check(
        "wallet.refunds_equal_journal",
        "I6",
        "What came back to lots is worth no more than is counted as refunded, and of balance and"
        " cash just that.",
        """
        SELECT t.tenant, t.reservation_id, t.tender, t.kind, t.unit,
               t.refunded_minor AS expected, sum(l.returned_minor) AS actual
        FROM wallet_tenders t JOIN ledger_hold_legs l
          ON (l.tenant, l.hold_id) = (t.tenant, t.reservation_id)
         AND l.leg >= t.leg_from AND l.leg < t.leg_from + t.leg_count
        GROUP BY t.tenant, t.reservation_id, t.tender, t.kind, t.unit, t.refunded_minor, t.amount,
                 t.pays_minor
        HAVING (t.kind <> 'points' AND sum(l.returned_minor) <> t.refunded_minor)
            OR div(t.pays_minor * sum(l.returned_minor), t.amount) > t.refunded_minor
        """,
    ),
    Check(
        "wallet.refunds_are_bounded",
        "I6",
        "No tender is refunded more money than it has paid, nor the part paid elsewhere.",
        """
        SELECT t.tenant, t.reservation_id, t.tender::text,
               div(t.pays_minor * sum(l.captured_minor), t.amount) AS expected,
               t.refunded_minor AS actual
        FROM wallet_tenders t JOIN ledger_hold_legs l
          ON (l.tenant, l.hold_id) = (t.tenant, t.reservation_id)
         AND l.leg >= t.leg_from AND l.leg < t.leg_from + t.leg_count
        GROUP BY t.tenant, t.reservation_id, t.tender, t.refunded_minor, t.amount, t.pays_minor
        HAVING t.refunded_minor > div(t.pays_minor * sum(l.captured_minor), t.amount)
        UNION ALL
        SELECT tenant, reservation_id, 'external', external_minor, external_refunded_minor
        FROM wallet_reservations WHERE external_refunded_minor > external_minor
        """,
    ),
    Check(
        "wallet.lots_have_wallets",
        "I7",
        "Every lot of a user is above zero, belongs to a wallet, and is no cash that expires.",
        """
        SELECT a.tenant, a.account_id, a.owner, a.kind, a.unit, a.expires_at,
               a.floor_minor AS floor
        FROM ledger_accounts a
        LEFT JOIN wallets w
          ON (w.tenant, 'user/' || w.user_id, w.kind) = (a.tenant, a.owner, a.kind)
        WHERE a.owner LIKE 'user/%' AND a.kind IN ('balance', 'points', 'cash')
          AND (w.user_id IS NULL OR a.floor_minor IS DISTINCT FROM 0
               OR (a.kind = 'cash' AND a.expires_at IS NOT NULL))
        """,
    ),
    Check(
        "wallet.frozen_wallets_give_nothing",
        "I7",
        "Nothing was reserved or debited out of a wallet since it is frozen.",
        """
        SELECT DISTINCT w.tenant, w.user_id, w.kind, w.frozen_at AS expected,
               t.posted_at AS actual, t.transaction_id
        FROM wallets w
        JOIN ledger_accounts a ON (a.tenant, a.owner, a.kind)
                                = (w.tenant, 'user/' || w.user_id, w.kind)
        JOIN ledger_entries e ON (e.tenant, e.account_id) = (a.tenant, a.account_id)
        JOIN ledger_transactions t
          ON (t.tenant, t.transaction_id) = (e.tenant, e.transaction_id)
        WHERE t.posted_at > w.frozen_at
          AND (t.kind = 'HOLD' OR t.method = 'rangli.v1.WalletService/Debit')
        """,
    ),
)

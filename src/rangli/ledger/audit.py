"""What must hold in the ledger at all times; each check's rows name what breaks it."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.storage.audit import Check
from rangli.storage.postgres import Connection, Record

# The sweeper comes every second; this much later something is wrong with it.
_OVERDUE_S = 60

CHECKS: tuple[Check, ...] = (
    Check(
        "ledger.transactions_sum_to_zero",
        "I4",
        "A transaction's entries sum to zero per unit, what moves and what is set aside each.",
        """
        SELECT e.tenant, e.transaction_id, a.unit,
               CASE WHEN e.phase = 0 THEN 'posted' ELSE 'pending' END AS phase,
               0 AS expected, sum(e.amount_minor) AS actual
        FROM ledger_entries e JOIN ledger_accounts a USING (tenant, account_id)
        GROUP BY 1, 2, 3, 4 HAVING sum(e.amount_minor) <> 0
        """,
    ),
    Check(
        "ledger.transactions_have_entries",
        "I4",
        "Every transaction has entries.",
        """
        SELECT t.tenant, t.transaction_id FROM ledger_transactions t
        WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE
                          (e.tenant, e.transaction_id) = (t.tenant, t.transaction_id))
        """,
    ),
    Check(
        "ledger.entries_have_transactions",
        "I4",
        "Every entry belongs to a transaction.",
        """
        SELECT e.tenant, e.account_id, e.entry_no, e.transaction_id FROM ledger_entries e
        WHERE NOT EXISTS (SELECT FROM ledger_transactions t WHERE
                          (t.tenant, t.transaction_id) = (e.tenant, e.transaction_id))
        """,
    ),
    Check(
        "ledger.entries_have_accounts",
        "I4",
        "Every entry belongs to an account.",
        """
        SELECT e.tenant, e.account_id, e.entry_no, e.transaction_id FROM ledger_entries e
        WHERE NOT EXISTS (SELECT FROM ledger_accounts a WHERE
                          (a.tenant, a.account_id) = (e.tenant, e.account_id))
        """,
    ),
    Check(
        "ledger.balances_equal_entries",
        "I4",
        "Each balance of an account is the sum of its entries.",
        """
        SELECT tenant, account_id, owner, kind, unit, name AS balance,
               expected, actual
        FROM (
            SELECT a.*, coalesce(e.posted, 0) AS posted, coalesce(e.pending_out, 0) AS pending_out,
                   coalesce(e.pending_in, 0) AS pending_in
            FROM ledger_accounts a LEFT JOIN (
                SELECT tenant, account_id,
                       sum(amount_minor) FILTER (WHERE phase = 0) AS posted,
                       -sum(amount_minor) FILTER (WHERE phase = 1) AS pending_out,
                       sum(amount_minor) FILTER (WHERE phase = 2) AS pending_in
                FROM ledger_entries GROUP BY 1, 2
            ) e USING (tenant, account_id)
        ) a CROSS JOIN LATERAL (VALUES
            ('posted', a.posted, a.posted_minor),
            ('pending_out', a.pending_out, a.pending_out_minor),
            ('pending_in', a.pending_in, a.pending_in_minor)
        ) b (name, expected, actual)
        WHERE expected <> actual
        """,
    ),
    Check(
        "ledger.entries_are_numbered",
        "I4",
        "An account's entries are numbered from 1 to its count, without gaps.",
        """
        SELECT a.tenant, a.account_id, a.owner, a.kind, a.unit, a.entry_count AS expected,
               count(e.entry_no) AS actual, min(e.entry_no) AS first, max(e.entry_no) AS last
        FROM ledger_accounts a LEFT JOIN ledger_entries e USING (tenant, account_id)
        GROUP BY 1, 2, 3, 4, 5, 6
        HAVING count(e.entry_no) <> a.entry_count
            OR coalesce(max(e.entry_no), 0) <> a.entry_count
            OR min(e.entry_no) <> 1
        """,
    ),
    Check(
        "ledger.entries_carry_balances",
        "I4",
        "Each entry tells the balance of its account after it.",
        """
        SELECT tenant, account_id, entry_no, phase, expected, balance_minor AS actual
        FROM (
            SELECT *, sum(amount_minor) OVER (
                PARTITION BY tenant, account_id, phase ORDER BY entry_no) AS expected
            FROM ledger_entries
        ) e WHERE expected <> balance_minor
        """,
    ),
    Check(
        "ledger.floors",
        "I4",
        "What an account has, less what is set aside, is not below its floor.",
        """
        SELECT tenant, account_id, owner, kind, unit, floor_minor AS expected,
               posted_minor - pending_out_minor AS actual
        FROM ledger_accounts WHERE posted_minor - pending_out_minor < floor_minor
        """,
    ),
    Check(
        "ledger.pending_equals_holds",
        "I4",
        "What is set aside on an account is what is left of its holds.",
        """
        SELECT tenant, account_id, a.owner, a.kind, a.unit,
               format('out %s, in %s', coalesce(h.out, 0), coalesce(h.in, 0)) AS expected,
               format('out %s, in %s', a.pending_out_minor, a.pending_in_minor) AS actual
        FROM ledger_accounts a FULL JOIN (
            SELECT tenant, account_id, sum(outgoing) AS out, sum(incoming) AS in
            FROM (
                SELECT tenant, held_minor - captured_minor - released_minor AS remaining,
                       source_id, target_id
                FROM ledger_hold_legs
            ) l CROSS JOIN LATERAL (VALUES
                (source_id, remaining, 0), (target_id, 0, remaining)
            ) s (account_id, outgoing, incoming)
            GROUP BY 1, 2
        ) h USING (tenant, account_id)
        WHERE coalesce(h.out, 0) <> coalesce(a.pending_out_minor, 0)
           OR coalesce(h.in, 0) <> coalesce(a.pending_in_minor, 0)
        """,
    ),
    Check(
        "ledger.holds_equal_journal",
        "I4",
        "What a hold's legs count as held, captured, returned and left is what the journal tells.",
        """
        WITH legs AS (
            SELECT l.tenant, l.hold_id, s.account_id,
                   sum(s.sign * l.held_minor) AS held,
                   sum(s.sign * l.captured_minor) AS captured,
                   -sum(s.sign * l.returned_minor) AS returned,
                   sum(s.sign * (l.held_minor - l.captured_minor - l.released_minor)) AS remaining
            FROM ledger_hold_legs l CROSS JOIN LATERAL (VALUES
                (l.source_id, -1), (l.target_id, 1)
            ) s (account_id, sign)
            GROUP BY 1, 2, 3
        ), journal AS (
            SELECT t.tenant, t.hold_id, e.account_id,
                   sum(e.amount_minor) FILTER (WHERE t.kind = 'HOLD') AS held,
                   sum(e.amount_minor) FILTER (WHERE t.kind = 'CAPTURE' AND e.phase = 0)
                       AS captured,
                   sum(e.amount_minor) FILTER (WHERE t.kind <> 'CAPTURE' AND e.phase = 0)
                       AS returned,
                   sum(e.amount_minor) FILTER (WHERE e.phase <> 0) AS remaining
            FROM ledger_transactions t JOIN ledger_entries e USING (tenant, transaction_id)
            WHERE t.hold_id IS NOT NULL
            GROUP BY 1, 2, 3
        ), words AS (
            SELECT tenant, hold_id, account_id,
                   format('held %s, captured %s, returned %s, left %s', coalesce(l.held, 0),
                          coalesce(l.captured, 0), coalesce(l.returned, 0),
                          coalesce(l.remaining, 0)) AS expected,
                   format('held %s, captured %s, returned %s, left %s', coalesce(j.held, 0),
                          coalesce(j.captured, 0), coalesce(j.returned, 0),
                          coalesce(j.remaining, 0)) AS actual
            FROM legs l FULL JOIN journal j USING (tenant, hold_id, account_id)
        )
        SELECT * FROM words WHERE expected <> actual
        """,
    ),
    Check(
        "ledger.holds_are_whole",
        "I6",
        "Every hold has its legs and the transaction that made it, and every leg its hold.",
        """
        SELECT h.tenant, h.hold_id, 'without legs' AS actual FROM ledger_holds h
        WHERE NOT EXISTS (SELECT FROM ledger_hold_legs l
                          WHERE (l.tenant, l.hold_id) = (h.tenant, h.hold_id))
        UNION ALL
        SELECT h.tenant, h.hold_id, 'without its transaction' FROM ledger_holds h
        WHERE NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.kind = 'HOLD'
                          AND (t.tenant, t.transaction_id) = (h.tenant, h.hold_id))
        UNION ALL
        SELECT DISTINCT l.tenant, l.hold_id, 'legs without a hold' FROM ledger_hold_legs l
        WHERE NOT EXISTS (SELECT FROM ledger_holds h
                          WHERE (h.tenant, h.hold_id) = (l.tenant, l.hold_id))
        UNION ALL
        SELECT DISTINCT t.tenant, t.hold_id, 'transactions without a hold'
        FROM ledger_transactions t
        WHERE t.hold_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM ledger_holds h
                          WHERE (h.tenant, h.hold_id) = (t.tenant, t.hold_id))
        """,
    ),
    Check(
        "ledger.holds_end_once",
        "I6",
        "A hold ends once, in the way its state says, and its journal tells of no other end.",
        """
        SELECT h.tenant, h.hold_id, h.state AS expected,
               format('%s captures, %s voids, %s expiries', captures, voids, expiries) AS actual
        FROM ledger_holds h CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE kind = 'CAPTURE') AS captures,
                   count(*) FILTER (WHERE kind = 'VOID') AS voids,
                   count(*) FILTER (WHERE kind = 'EXPIRE') AS expiries
            FROM ledger_transactions t
            WHERE (t.tenant, t.hold_id) = (h.tenant, h.hold_id)
        ) t
        WHERE voids <> (h.state = 'VOIDED')::int OR expiries <> (h.state = 'EXPIRED')::int
           OR (h.state = 'POSTED' AND captures = 0)
        """,
    ),
    Check(
        "ledger.ended_holds_are_empty",
        "I6",
        "Nothing is left of a hold that has ended, and something of one that has not.",
        """
        SELECT h.tenant, h.hold_id, h.state AS expected,
               format('%s left', sum(held_minor - captured_minor - released_minor)) AS actual
        FROM ledger_holds h JOIN ledger_hold_legs l USING (tenant, hold_id)
        GROUP BY 1, 2, 3
        HAVING (h.state = 'PENDING')
            <> (sum(held_minor - captured_minor - released_minor) > 0)
        """,
    ),
    Check(
        "ledger.legs_are_bounded",
        "I6",
        "No leg captures more than it holds, or returns more than it has captured.",
        """
        SELECT tenant, hold_id, leg, format('of %s held', held_minor) AS expected,
               format('captured %s, released %s, returned %s', captured_minor, released_minor,
                      returned_minor) AS actual
        FROM ledger_hold_legs
        WHERE captured_minor + released_minor > held_minor OR returned_minor > captured_minor
        """,
    ),
    Check(
        "ledger.one_effect_per_request",
        "I3",
        "A request has made at most one transaction of a kind, of each hold it names.",
        """
        SELECT tenant, method, request_id, kind, 1 AS expected, count(*) AS actual,
               min(transaction_id) AS first, max(transaction_id) AS last
        FROM ledger_transactions WHERE request_id <> ''
        GROUP BY tenant, method, request_id, kind, CASE WHEN kind <> 'HOLD' THEN hold_id END
        HAVING count(*) > 1
        """,
    ),
    Check(
        "ledger.no_hold_outlives_its_time",
        "I8",
        f"No hold is pending {_OVERDUE_S} seconds after its time.",
        f"""
        SELECT tenant, hold_id, expires_at AS expected, now() AS actual
        FROM ledger_holds
        WHERE state = 'PENDING' AND expires_at < now() - interval '{_OVERDUE_S} seconds'
        """,
    ),
    Check(
        "ledger.no_lot_outlives_its_time",
        "I8",
        f"Nothing is available of a lot {_OVERDUE_S} seconds after its time.",
        f"""
        SELECT tenant, account_id, owner, kind, unit, 0 AS expected,
               posted_minor - pending_out_minor AS actual
        FROM ledger_accounts
        WHERE expires_at < now() - interval '{_OVERDUE_S} seconds'
          AND posted_minor > pending_out_minor
        """,
    ),
)

# Of all accounts' entries, not of the balances that repeat them.
_TRIAL_BALANCE = """
SELECT a.tenant, a.unit, a.kind, count(DISTINCT a.account_id) AS accounts,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.phase = 0), 0)::bigint AS posted_minor,
       coalesce(-sum(e.amount_minor) FILTER (WHERE e.phase = 1), 0)::bigint AS pending_out_minor,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.phase = 2), 0)::bigint AS pending_in_minor
FROM ledger_accounts a LEFT JOIN ledger_entries e USING (tenant, account_id)
WHERE $1::text IS NULL OR a.tenant = $1
GROUP BY a.tenant, a.unit, a.kind ORDER BY a.tenant, a.unit, a.kind
"""


async def trial_balance(conn: Connection, *, tenant: str | None = None) -> Sequence[Record]:
    """What the accounts of each tenant, unit and kind hold together.

    Columns: tenant, unit, kind, accounts, posted_minor, pending_out_minor, pending_in_minor. Per
    tenant and unit, posted sums to zero, and what is pending out equals what is pending in.
    """
    return await conn.fetch(_TRIAL_BALANCE, tenant)

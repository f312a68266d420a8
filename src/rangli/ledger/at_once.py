"""A batch of postings in one statement, when nothing speaks against any of them.

    if not await post_at_once(conn, posts):
        book = await store.locked(conn, accounts=...)      # the long way, which knows every refusal

What a batch does to an account is known before the account is: how many entries, by how much they
move it, how low and how high it stands in between. So PostgreSQL is told all of it at once, locks
the accounts in their order, judges, and writes the journal and the balances. Nobody else waits for
rows while this process is computing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rangli.ledger.model import AMOUNT_MINOR_MAX, BALANCE_MINOR_MAX, LEGS_MAX, Cause, Kind, Leg
from rangli.storage.postgres import CHANGING, Connection

# Between the texts of an array, as none of them contains it: the driver's own arrays cost ten times
# as much. What has none in the middle is one text.
_BETWEEN = "\x1f"

# The plan is made once and must find each account by its key, however few there were then: with the
# other ways to join out of reach, that is the only one.
_BY_KEY = """
SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off
"""
_ANY_PLAN = f"""
{CHANGING}; SET LOCAL enable_seqscan = DEFAULT;
SET LOCAL enable_bitmapscan = DEFAULT; SET LOCAL enable_hashjoin = DEFAULT;
SET LOCAL enable_mergejoin = DEFAULT; SET LOCAL enable_material = DEFAULT
"""
# account: locked one by one in the order given, as in `store`. Its `lowest` and `highest` are where
#     it stands after what goes out and what comes in, beside where it stood; beyond all bounds if
#     nothing does.
# state: of all of them, in arrays; read by a leg through the account's number. The time is read
#     when all are locked.
# Text arrays are as long as they are needed: missing references are '', missing times are now.
_POST = f"""
WITH account AS MATERIALIZED (
    SELECT a.*, w.counted, w.net_minor, w.lowest_minor, w.highest_minor
    FROM unnest(string_to_array($1, E'\\x1f'), $2::text::bigint[], $3::text::bigint[],
                $4::text::bigint[], $5::text::bigint[], $6::text::bigint[])
         AS w (tenant, account_id, counted, net_minor, lowest_minor, highest_minor),
    LATERAL (
        SELECT a.tenant, a.account_id, a.unit, a.expires_at, a.floor_minor, a.frozen,
               a.posted_minor, a.pending_out_minor, a.pending_in_minor, a.entry_count
        FROM ledger_accounts a
        WHERE a.tenant = w.tenant AND a.account_id = w.account_id
        FOR UPDATE
    ) a
), leg AS MATERIALIZED (
    SELECT * FROM unnest(string_to_array($7, E'\\x1f'), string_to_array($8, E'\\x1f'),
                         $9::text::bigint[], $10::text::bigint[], $11::text::bigint[],
                         $12::text::bigint[], $13::text::bigint[], $14::text::bigint[],
                         $15::text::bigint[])
         AS w (tenant, transaction_id, amount_minor,
               source, source_no, source_minor, target, target_no, target_minor)
), locked AS MATERIALIZED (
    SELECT clock_timestamp() AS now, count(*) AS found,
           array_agg(account_id) AS ids, array_agg(entry_count) AS counts,
           array_agg(posted_minor) AS posted, array_agg(unit) AS units,
           min(unit COLLATE "C") = max(unit COLLATE "C") AS one_unit,
           min(expires_at) FILTER (WHERE lowest_minor < {BALANCE_MINOR_MAX}) AS expires_at,
           bool_and(posted_minor - pending_out_minor + lowest_minor
                        >= coalesce(floor_minor, -{BALANCE_MINOR_MAX})
                    AND posted_minor + pending_in_minor + highest_minor <= {BALANCE_MINOR_MAX}
                    AND (NOT frozen OR lowest_minor = {BALANCE_MINOR_MAX})) AS able
    FROM account
), state AS MATERIALIZED (
    SELECT *, found = $16 AND able AND coalesce(expires_at > now, true)
        AND (one_unit OR (SELECT bool_and(units[source] = units[target]) FROM leg)) AS fine
    FROM locked
), head AS (
    INSERT INTO ledger_transactions
        (tenant, transaction_id, kind, method, request_id, reference, occurred_at, posted_at)
    SELECT w.tenant, w.transaction_id, '{Kind.POST}', $17, w.request_id, coalesce(w.reference, ''),
           coalesce(w.occurred_at, state.now), state.now
    FROM state, unnest(string_to_array($18, E'\\x1f'), string_to_array($19, E'\\x1f'),
                       string_to_array($20, E'\\x1f'), string_to_array($21, E'\\x1f'),
                       $22::timestamptz[])
         AS w (tenant, transaction_id, request_id, reference, occurred_at)
    WHERE state.fine
), entry AS (
    INSERT INTO ledger_entries
        (tenant, account_id, entry_no, transaction_id, phase, amount_minor, balance_minor)
    SELECT leg.tenant, state.ids[side.account], state.counts[side.account] + side.entry_no,
           leg.transaction_id, 0, side.amount_minor,
           state.posted[side.account] + side.balance_minor
    FROM state, leg, LATERAL (VALUES
        (leg.source, leg.source_no, -leg.amount_minor, leg.source_minor),
        (leg.target, leg.target_no, leg.amount_minor, leg.target_minor)
    ) AS side (account, entry_no, amount_minor, balance_minor)
    WHERE state.fine
), balance AS (
    UPDATE ledger_accounts a
    SET posted_minor = a.posted_minor + account.net_minor,
        entry_count = a.entry_count + account.counted, swept = false
    FROM account
    WHERE a.tenant = account.tenant AND a.account_id = account.account_id
        AND (SELECT fine FROM state)
    RETURNING true
)
SELECT fine, (SELECT count(*) FROM balance) AS changed FROM state
"""


class Post(NamedTuple):
    """One posting; `transaction_id` is the caller's choice."""

    tenant: str
    transaction_id: str
    legs: Sequence[Leg]
    cause: Cause


async def post_at_once(conn: Connection, posts: Sequence[Post], *, method: str) -> bool:
    """Whether all are posted, in their order; else nothing is done, but accounts may be locked.

    method: of all the causes. It says no where `Book.post` would refuse one, and sometimes where
    that would not; never the other way round.
    """
    legs = _Legs()
    if not all(legs.add(post) for post in posts):
        return False
    accounts = legs.accounts()
    heads = _heads(posts)
    if accounts is None or heads is None:
        return False
    await conn.execute(_BY_KEY)
    row = await conn.fetchrow(_POST, *accounts, *legs.columns(), len(legs.tallies), method, *heads)
    assert row is not None  # of an aggregate
    if not row["fine"]:
        await conn.execute(_ANY_PLAN)
    elif row["changed"] != len(legs.tallies):
        raise RuntimeError(f"{row['changed']} balances changed instead of {len(legs.tallies)}")
    return bool(row["fine"])


class _Tally:
    """What the batch does to one account, up to now.

    number: its place among the batch's accounts, from 1.  lowest_minor, highest_minor: of its
    balance after what went out, and after what came in; beyond all bounds if nothing did.
    """

    __slots__ = ("count", "highest_minor", "lowest_minor", "net_minor", "number")

    def __init__(self) -> None:
        self.number = self.count = self.net_minor = 0
        self.lowest_minor, self.highest_minor = BALANCE_MINOR_MAX, -BALANCE_MINOR_MAX


class _Legs:
    """The legs of a batch, column by column, and what they do to each account."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, int], _Tally] = {}
        self._tenants: list[str] = []
        self._transaction_ids: list[str] = []
        self._amounts: list[int] = []
        # Of either side: its account, and with this entry its count and its balance.
        self._sources: list[_Tally] = []
        self._source_nos: list[int] = []
        self._source_minors: list[int] = []
        self._targets: list[_Tally] = []
        self._target_nos: list[int] = []
        self._target_minors: list[int] = []

    def add(self, post: Post) -> bool:
        """Whether it may be done at once, as far as can be seen without its accounts."""
        tenant, transaction_id, legs, _ = post
        if len(legs) != 1 and not _are_apart(legs):
            return False
        for source_id, target_id, amount in legs:
            if source_id == target_id or not 0 < amount <= AMOUNT_MINOR_MAX:
                return False
            source = self._tally((tenant, source_id))
            source.count += 1
            source.net_minor = net_minor = source.net_minor - amount
            if net_minor < source.lowest_minor:
                source.lowest_minor = net_minor
            self._sources.append(source)
            self._source_nos.append(source.count)
            self._source_minors.append(net_minor)
            target = self._tally((tenant, target_id))
            target.count += 1
            target.net_minor = net_minor = target.net_minor + amount
            if net_minor > target.highest_minor:
                target.highest_minor = net_minor
            self._targets.append(target)
            self._target_nos.append(target.count)
            self._target_minors.append(net_minor)
            self._tenants.append(tenant)
            self._transaction_ids.append(transaction_id)
            self._amounts.append(amount)
        return True

    def _tally(self, key: tuple[str, int]) -> _Tally:
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = _Tally()
        return tally

    def accounts(self) -> list[str] | None:
        """In their order, and numbered so; None if one is moved beyond all bounds."""
        order = sorted(self.tallies)
        tallies = [self.tallies[key] for key in order]
        for number, tally in enumerate(tallies, 1):
            tally.number = number
        lowest = [tally.lowest_minor for tally in tallies]
        highest = [tally.highest_minor for tally in tallies]
        if min(lowest) <= -BALANCE_MINOR_MAX or max(highest) >= BALANCE_MINOR_MAX:
            return None
        return [
            _BETWEEN.join([tenant for tenant, _ in order]),
            _integers([account_id for _, account_id in order]),
            _integers([tally.count for tally in tallies]),
            _integers([tally.net_minor for tally in tallies]),
            _integers(lowest),
            _integers(highest),
        ]

    def columns(self) -> list[str]:
        """Once the accounts are numbered."""
        return [
            _BETWEEN.join(self._tenants),
            _BETWEEN.join(self._transaction_ids),
            _integers(self._amounts),
            _integers([tally.number for tally in self._sources]),
            _integers(self._source_nos),
            _integers(self._source_minors),
            _integers([tally.number for tally in self._targets]),
            _integers(self._target_nos),
            _integers(self._target_minors),
        ]


def _are_apart(legs: Sequence[Leg]) -> bool:
    """Whether no account gives and takes: what comes in may not go out again in the same posting."""
    sources = {leg.source_id for leg in legs}
    return 1 <= len(legs) <= LEGS_MAX and sources.isdisjoint(leg.target_id for leg in legs)


def _heads(posts: Sequence[Post]) -> list[object] | None:
    """The transactions' columns; None if a text cannot be told from its neighbours."""
    causes = [post.cause for post in posts]
    references = [cause.reference for cause in causes]
    times = [cause.occurred_at for cause in causes]
    texts = [
        [post.tenant for post in posts],
        [post.transaction_id for post in posts],
        [cause.request_id for cause in causes],
        references if any(references) else [],
    ]
    joined = [_BETWEEN.join(column) for column in texts]
    if any(
        text.count(_BETWEEN) != max(len(column) - 1, 0)
        for text, column in zip(joined, texts, strict=True)
    ):
        return None
    return [*joined, times if any(times) else []]


def _integers(values: list[int]) -> str:
    """As PostgreSQL writes an array; a list is written faster than its members are joined."""
    return f"{{{str(values)[1:-1]}}}"

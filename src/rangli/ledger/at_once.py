"""A batch of postings in one statement, when nothing speaks against any of them.

    batch = AtOnce()
    if all(batch.add(...) for ...) and await batch.write(conn):
        ...                                                # committed, in the order they were added
    else:
        ...                                                # the long way, which knows every refusal

What a batch does to an account is known before the account is: how many entries, by how much they
move it, how low and how high it stands in between. So PostgreSQL is told all of it at once and does
it alone: nobody waits for accounts while this process computes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TypeAlias

from rangli.ledger.checks import Move
from rangli.ledger.model import AMOUNT_MINOR_MAX, BALANCE_MINOR_MAX, LEGS_MAX
from rangli.storage.postgres import Connection

# Between the texts of a column. What has it inside is not done at once.
_BETWEEN = "\x1f"
_POST = f"""
SELECT ledger_post_at_once($1, $2, $3, $4, $5, $6, $7, $8,
    {", ".join(f"${number}::text::bigint[]" for number in range(9, 14))}, {BALANCE_MINOR_MAX},
    $14, $15, {", ".join(f"${number}::text::bigint[]" for number in range(16, 23))})
"""
# tenant, request_id, the request's hash, transaction_id, reference, occurred_at
Head: TypeAlias = tuple[str, str, bytes, str, str, datetime | None]
_KEY = itemgetter(0, 1)
_SOURCE, _TARGET = 3, 6  # of a leg


class _Tally:
    """What the batch does to one account, up to now.

    number: its place among the batch's accounts, from 1.  lowest_minor, highest_minor: of its
    balance after what went out, and after what came in; beyond all bounds if nothing did.
    """

    __slots__ = ("count", "highest_minor", "lowest_minor", "net_minor", "number")

    def __init__(self) -> None:
        self.number = self.count = self.net_minor = 0
        self.lowest_minor, self.highest_minor = BALANCE_MINOR_MAX, -BALANCE_MINOR_MAX


class AtOnce:
    """Postings of one method, in their order, with what they do to each account."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._heads: list[Head] = []
        self._tallies: defaultdict[tuple[str, int], _Tally] = defaultdict(_Tally)
        # tenant, transaction_id, amount, and of either side its account, its count and its sum
        self._legs: list[tuple[str, str, int, _Tally, int, int, _Tally, int, int]] = []

    def add(self, head: Head, moves: Sequence[Move]) -> bool:
        """Whether it may be done at once, as far as can be seen without its accounts."""
        if len(moves) != 1 and not _are_apart(moves):
            return False
        self._heads.append(head)
        tenant, _, _, transaction_id, _, _ = head
        tallies = self._tallies
        for source_id, target_id, amount in moves:
            if source_id == target_id or not 0 < amount <= AMOUNT_MINOR_MAX:
                return False
            source, target = tallies[tenant, source_id], tallies[tenant, target_id]
            source.count = source_count = source.count + 1
            source.net_minor = source_sum = source.net_minor - amount
            source.lowest_minor = min(source.lowest_minor, source_sum)
            target.count = target_count = target.count + 1
            target.net_minor = target_sum = target.net_minor + amount
            target.highest_minor = max(target.highest_minor, target_sum)
            self._legs.append(
                (tenant, transaction_id, amount, source, source_count, source_sum, target,
                 target_count, target_sum)
            )  # fmt: skip
        return True

    async def write(self, conn: Connection) -> bool:
        """Whether all of it is done and committed, or nothing is.

        Says no where `Book.post` would refuse a posting or its request has been made before, and
        sometimes where neither is so; never the other way round.
        """
        accounts = self._accounts()
        heads = self._head_columns()
        if accounts is None or heads is None:
            return False
        return bool(
            await conn.fetchval(_POST, self._method, *heads, *accounts, *self._leg_columns())
        )

    def _head_columns(self) -> list[object] | None:
        """In the order of the keys; None if a text cannot be told from its neighbours."""
        columns = zip(*sorted(self._heads, key=_KEY), strict=True)
        tenants, request_ids, sha256s, transaction_ids, references, times = columns
        texts = [
            _joined(tenants),
            _joined(request_ids),
            _joined(transaction_ids),
            _joined(references) if any(references) else "",
        ]
        if None in texts:
            return None
        return [
            *texts[:2], b"".join(sha256s), *texts[2:], times if any(times) else (),
        ]  # fmt: skip

    def _accounts(self) -> list[str] | None:
        """In the order of the keys, numbered so; None if one is moved beyond all bounds."""
        order = sorted(self._tallies)
        tallies = [self._tallies[key] for key in order]
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

    def _leg_columns(self) -> list[str]:
        columns = list(zip(*self._legs, strict=True))
        for side in (_SOURCE, _TARGET):
            columns[side] = tuple([tally.number for tally in columns[side]])
        return [
            _BETWEEN.join(columns[0]),
            _BETWEEN.join(columns[1]),
            *[_integers(column) for column in columns[2:]],
        ]


def _are_apart(moves: Sequence[Move]) -> bool:
    """Whether no account gives and takes: what comes in may not go out in the same posting."""
    sources = {source_id for source_id, _, _ in moves}
    return 1 <= len(moves) <= LEGS_MAX and sources.isdisjoint(
        target_id for _, target_id, _ in moves
    )


def _joined(texts: Sequence[str]) -> str | None:
    joined = _BETWEEN.join(texts)
    # Of nothing PostgreSQL makes no text, instead of an empty one.
    return joined if joined and joined.count(_BETWEEN) == len(texts) - 1 else None


def _integers(values: Iterable[int]) -> str:
    """As PostgreSQL writes an array; a list is written faster than its members are joined."""
    return f"{{{str([*values])[1:-1]}}}"

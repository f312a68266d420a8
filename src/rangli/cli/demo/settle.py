"""What the baskets took of the budgets: posted, settled per funder and period, reconciled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import pandas as pd
from google.rpc import code_pb2
from tqdm import tqdm

from rangli.cli.demo.baskets import Answers
from rangli.cli.demo.data import week_bounds
from rangli.cli.demo.outcome import Settled
from rangli.client import RangliClient
from rangli.v1.fund_service_pb2 import (
    RECONCILE_SOURCE_ORDER,
    BatchSpendRequest,
    ReconcileRequest,
)

# As many as the server takes into one transaction. Nearly all baskets are charged to one pool, that
# of the price book: one batch is committed while another is on its way, more would only wait.
_BATCH = 250
_IN_FLIGHT = 2
# Rows that others hold too long, or a server under load: the same request again is safe.
_ATTEMPTS = 5
# A period of the settlement.
_WEEKS = 4
_TRY_AGAIN = {code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED, code_pb2.DEADLINE_EXCEEDED}
_KEYS = ["period", "funder", "activity_id"]


class SettleFailed(Exception):
    """A budget refused a basket's discounts; the message says which and why."""


async def settle(
    client: RangliClient, answers: Answers, wanted: pd.DataFrame, *, weeks: int
) -> Settled:
    """Post all baskets, then hold the settlement and the journal against the other calculation.

    wanted: the independent calculation's orders of these weeks: basket_id, week, activity_id,
        funder, amount_minor.
    Raises SettleFailed and CallRefused.
    """
    spends = answers.spends()
    post_s = await _post(client, spends)
    periods = list(_periods(weeks))
    settled = await _settlement(client, periods)
    rows = [
        ReconcileRequest.Row(
            source=RECONCILE_SOURCE_ORDER,
            order_id=str(row.basket_id),
            activity_id=row.activity_id,
            funder=row.funder,
            amount_minor=row.amount_minor,
        )
        for row in wanted.itertuples(index=False)
    ]
    whole = periods[0][1], periods[-1][2]
    reconciled = await client.funds.reconcile(*whole, rows)
    return Settled(
        orders=len(spends),
        post_s=post_s,
        amounts=_beside(settled, _by_period(wanted, weeks)),
        reconciled_orders=wanted["basket_id"].nunique(),
        differences=reconciled.differences_total,
    )


async def _post(client: RangliClient, spends: Sequence[BatchSpendRequest.Item]) -> float:
    starts = iter(range(0, len(spends), _BATCH))
    began = time.perf_counter()
    with tqdm(desc="Posting to budgets", total=len(spends), unit=" baskets") as bar:

        async def some() -> None:
            for start in starts:
                batch = spends[start : start + _BATCH]
                await _spend(client, batch)
                bar.update(len(batch))

        await asyncio.gather(*(some() for _ in range(_IN_FLIGHT)))
    return time.perf_counter() - began


async def _spend(client: RangliClient, spends: Sequence[BatchSpendRequest.Item]) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        answer = await client.funds.batch_spend(spends)
        refused = [
            (spend, item.error)
            for spend, item in zip(spends, answer, strict=True)
            if item.HasField("error")
        ]
        if not refused:
            return
        for spend, error in refused:
            if error.code not in _TRY_AGAIN or attempt == _ATTEMPTS:
                raise SettleFailed(f"basket {spend.order_id}: {error.message}")
        spends = [spend for spend, _ in refused]
        await asyncio.sleep(0.2 * attempt)


def _periods(weeks: int) -> Iterator[tuple[str, datetime, datetime]]:
    for first in range(1, weeks + 1, _WEEKS):
        last = min(first + _WEEKS - 1, weeks)
        yield _named(first, last), week_bounds(first)[0], week_bounds(last)[1]


def _named(first: int, last: int) -> str:
    return f"weeks {first} to {last}"


async def _settlement(
    client: RangliClient, periods: Sequence[tuple[str, datetime, datetime]]
) -> pd.DataFrame:
    """What the service says that each funder bore of each activity in each period."""
    rows = []
    for period, starts_at, ends_at in periods:
        rows += [
            (period, row.funder, row.activity_id, row.net_minor)
            for row in (await client.funds.settlement(starts_at, ends_at)).rows
        ]
    return pd.DataFrame(rows, columns=[*_KEYS, "settled_minor"])


def _by_period(orders: pd.DataFrame, weeks: int) -> pd.DataFrame:
    first = (orders["week"] - 1) // _WEEKS * _WEEKS + 1
    last = (first + _WEEKS - 1).clip(upper=weeks)
    period = [_named(*both) for both in zip(first, last, strict=True)]
    summed = orders.assign(period=period).groupby(_KEYS, as_index=False)["amount_minor"].sum()
    return summed.rename(columns={"amount_minor": "wanted_minor"})


def _beside(settled: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Both beside each other; 0 where only one of them has something to tell."""
    both = settled.merge(wanted, on=_KEYS, how="outer")
    money = ["settled_minor", "wanted_minor"]
    both[money] = both[money].fillna(0).astype("int64")
    return both

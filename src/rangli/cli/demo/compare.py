"""The service against the independent calculation, and both against the tills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rangli.cli.demo import book, oracle
from rangli.cli.demo.data import Journey, households_left_out
from rangli.cli.demo.offers import BOOK_ID, MANUFACTURER, RETAILER

AMOUNTS = ["payable_minor", "book_minor", "retailer_minor", "manufacturer_minor"]


@dataclass(frozen=True, slots=True)
class Fit:
    """On which share of lines a price book reproduces the till's retail discount.

    chain, store: books derived from all lines, on all lines.
    left_out: a chain-wide book derived without every fifth household, on the lines of those.
    left_out_known: the same where that book has an entry for product and week.
    left_out_store: as left_out, with prices by store.
    """

    chain: float
    store: float
    left_out: float
    left_out_known: float
    left_out_store: float


def fit(lines: pd.DataFrame, chain: pd.DataFrame, store: pd.DataFrame) -> Fit:
    """The shares of reproduced lines, by the oracle's arithmetic on all lines."""
    left_out = households_left_out(lines)
    theirs, others = lines[left_out], lines[~left_out]
    without = book.derive(others, "chain")
    known = theirs[["product_id", "week"]].merge(without, how="left")["off_minor"].notna()
    return Fit(
        chain=float(_reproduced(lines, chain).mean()),
        store=float(_reproduced(lines, store).mean()),
        left_out=float(_reproduced(theirs, without).mean()),
        left_out_known=float(_reproduced(theirs, without)[known.to_numpy()].mean()),
        left_out_store=float(_reproduced(theirs, book.derive(others, "store")).mean()),
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """What the independent calculation says.

    lines: of every line, the columns of `AMOUNTS`.
    orders: what each basket takes of each activity from each funder, nothing left out: basket_id,
        activity_id, funder, amount_minor.
    """

    lines: pd.DataFrame
    orders: pd.DataFrame


def expected(
    journey: Journey, prices: pd.DataFrame, worth: pd.DataFrame, presented: pd.DataFrame
) -> Expected:
    """The independent calculation on all lines."""
    taken = oracle.book_discount(journey.lines, prices)
    pairs = oracle.eligible(
        presented,
        worth,
        lines=journey.lines,
        coupons=journey.coupons,
        campaigns=journey.campaigns,
        audiences=journey.audiences,
    )
    coupons = oracle.coupon_discount(journey.lines, taken, pairs)
    return Expected(
        lines=oracle.price(journey.lines, taken, coupons)[AMOUNTS],
        orders=_orders(journey.lines, taken, coupons.merge(presented, on="credential_id")),
    )


def _orders(lines: pd.DataFrame, book_minor: np.ndarray, coupons: pd.DataFrame) -> pd.DataFrame:
    booked = lines[["basket_id"]].assign(
        activity_id=BOOK_ID, funder=RETAILER, amount_minor=book_minor
    )
    given = [
        coupons[["basket_id", "activity_id"]].assign(
            funder=funder, amount_minor=coupons[f"{funder}_minor"]
        )
        for funder in (RETAILER, MANUFACTURER)
    ]
    keys = ["basket_id", "activity_id", "funder"]
    summed = pd.concat([booked, *given]).groupby(keys, as_index=False)["amount_minor"].sum()
    return summed[summed["amount_minor"] > 0].reset_index(drop=True)


def differing(lines: pd.DataFrame, answered: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """The lines on which the service and the independent calculation are not equal to the cent."""
    wanted = wanted.loc[lines.index]
    differs = (answered[AMOUNTS] != wanted[AMOUNTS]).any(axis=1)
    facts = lines[["basket_id", "position", "product_id", "quantity", "list_minor"]]
    return facts.join(answered.add_prefix("service_")).join(wanted.add_prefix("expected_"))[differs]


def redemptions(
    presented: pd.DataFrame, acted: pd.DataFrame, refused: pd.Series, lines: pd.DataFrame
) -> pd.DataFrame:
    """What became of each presented credential whose basket is among `lines`.

    Columns: those of `presented`; recorded_coupon_minor and recorded_match_minor of the traced
    line; acted_on (-1: it gave nothing), manufacturer_minor, retailer_minor; reason if it gave
    nothing; exact: the same line, and the same cents from manufacturer and retailer.
    """
    rows = presented[presented["line"].isin(lines.index)]
    recorded = lines.loc[rows["line"], ["coupon_minor", "match_minor"]].to_numpy()
    rows = rows.assign(
        recorded_coupon_minor=recorded[:, 0], recorded_match_minor=recorded[:, 1]
    ).merge(acted, on="credential_id", how="left")
    numbers = ["acted_on", "manufacturer_minor", "retailer_minor"]
    rows[numbers] = rows[numbers].astype("float64").fillna({"acted_on": -1}).fillna(0)
    rows = rows.astype(dict.fromkeys(numbers, "int64"))
    rows["reason"] = rows["credential_id"].map(refused).fillna("")
    rows["exact"] = (
        (rows["acted_on"] == rows["line"])
        & (rows["manufacturer_minor"] == rows["recorded_coupon_minor"])
        & (rows["retailer_minor"] == rows["recorded_match_minor"])
    )
    return rows


def by_week(
    lines: pd.DataFrame, wanted: pd.DataFrame, answered: pd.DataFrame, traced: pd.DataFrame
) -> pd.DataFrame:
    """Recorded and computed discount of each week, by funder.

    Computed: by the service where it was asked, else (`replayed` False) by the independent
    calculation. Columns: retailer_recorded, retailer_computed, manufacturer_recorded,
    manufacturer_computed, replayed; traced_recorded and traced_computed: the manufacturer's on
    lines that redemptions were traced to, and by their coupons. The index is the week.
    """
    computed = wanted[["retailer_minor", "manufacturer_minor"]].copy()
    computed.loc[answered.index] = answered[computed.columns]
    columns = pd.DataFrame(
        {
            "week": lines["week"],
            "retailer_recorded": lines["retail_minor"] + lines["match_minor"],
            "retailer_computed": computed["retailer_minor"],
            "manufacturer_recorded": lines["coupon_minor"],
            "manufacturer_computed": computed["manufacturer_minor"],
            "traced_recorded": lines["coupon_minor"].where(lines.index.isin(traced["line"]), 0),
            # No other coupons than those of traced redemptions are presented.
            "traced_computed": computed["manufacturer_minor"],
        }
    )
    weeks = columns.groupby("week").sum()
    weeks["replayed"] = weeks.index.isin(lines.loc[answered.index, "week"].unique())
    return weeks


def coupon_above_price(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines whose recorded coupon is larger than what the shop took for the line."""
    price_minor = lines["list_minor"] - lines["retail_minor"] - lines["match_minor"]
    return lines.assign(price_minor=price_minor)[lines["coupon_minor"] > price_minor]


def _reproduced(lines: pd.DataFrame, prices: pd.DataFrame) -> np.ndarray:
    same: np.ndarray = oracle.book_discount(lines, prices) == lines["retail_minor"].to_numpy()
    return same

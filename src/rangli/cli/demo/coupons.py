"""Coupons: redemptions traced to the lines they paid for, and what each coupon is worth.

The data set says which household redeemed which coupon of which campaign on which day, not where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pandas as pd

_COUPON = ["coupon_upc", "campaign_id"]


def trace(redemptions: pd.DataFrame, coupons: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The redemptions with `candidates` (how many lines may be meant) and `line` (-1: none).

    A line may be meant if it carries a coupon discount, in a basket of the same household on the
    same local date, on a product of that coupon in that campaign. One discount was paid by one
    coupon, so a line is given to one redemption only: as many redemptions as possible get one,
    those with fewest products to choose from first.
    """
    discounted = lines.loc[
        lines["coupon_minor"] > 0, ["household_id", "local_date", "product_id"]
    ].reset_index(names="line")
    meant = (
        redemptions.reset_index(names="redemption")
        .merge(coupons, on=_COUPON)
        .merge(
            discounted,
            left_on=["household_id", "redeemed_on", "product_id"],
            right_on=["household_id", "local_date", "product_id"],
        )
        .sort_values(["redemption", "line"])
    )
    choices: dict[int, list[int]] = defaultdict(list)
    for redemption, line in zip(meant["redemption"], meant["line"], strict=True):
        choices[redemption].append(line)
    products = redemptions.merge(
        coupons.groupby(_COUPON).size().rename("products"), on=_COUPON, how="left"
    )["products"]
    given = match(choices, order=sorted(choices, key=lambda one: (products[one], one)))
    return redemptions.assign(
        candidates=[len(choices.get(one, ())) for one in redemptions.index],
        line=[given.get(one, -1) for one in redemptions.index],
    )


def match(choices: Mapping[int, Sequence[int]], order: Sequence[int]) -> dict[int, int]:
    """Give each chooser one of its choices, none twice: as many as possible, earlier ones first."""
    holder: dict[int, int] = {}

    def place(chooser: int, tried: set[int]) -> bool:
        for choice in choices[chooser]:
            if choice not in tried:
                tried.add(choice)
                # Taken ones move on if they have another choice.
                if choice not in holder or place(holder[choice], tried):
                    holder[choice] = chooser
                    return True
        return False

    for chooser in order:
        place(chooser, set())
    return {chooser: choice for choice, chooser in holder.items()}


def derive(traced: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """What each coupon of each campaign is worth, by its traced lines: the most frequent face.

    Face = coupon_minor + match_minor of the line; of equally frequent ones the smallest. Who pays:
    the most frequent split of that face, of equals the one with the smaller manufacturer's part.
    Columns: coupon_upc, campaign_id, activity_id, face_minor, manufacturer_bps. Coupons none of
    whose redemptions could be traced are not in it: nobody knows what they are worth.
    """
    seen = traced[traced["line"] >= 0].merge(
        lines[["coupon_minor", "match_minor"]], left_on="line", right_index=True
    )
    seen["face_minor"] = seen["coupon_minor"] + seen["match_minor"]
    face = _most_frequent(seen, _COUPON, ["face_minor"])
    split = _most_frequent(
        seen.merge(face, on=[*_COUPON, "face_minor"]), _COUPON, ["coupon_minor", "face_minor"]
    )
    # Rounded to a basis point: on faces below 50.00 never a cent away from the recorded split.
    bps = (split["coupon_minor"] * 20_000 + split["face_minor"]) // (2 * split["face_minor"])
    names = split["coupon_upc"].astype(str) + ":c" + split["campaign_id"].astype(str)
    return split.assign(activity_id="coupon:" + names, manufacturer_bps=bps)[
        [*_COUPON, "activity_id", "face_minor", "manufacturer_bps"]
    ]


def presented(traced: pd.DataFrame, worth: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The credentials the baskets present: one for each traced redemption, whatever comes of it.

    Columns: credential_id, activity_id, basket_id, line (the traced one).
    """
    found = traced[traced["line"] >= 0].reset_index(names="redemption")
    found = found.merge(worth[[*_COUPON, "activity_id"]], on=_COUPON)
    found["basket_id"] = lines["basket_id"].to_numpy()[found["line"]]
    found["credential_id"] = "redemption:" + found["redemption"].astype(str)
    return found[["credential_id", "activity_id", "basket_id", "line"]].sort_values(
        ["basket_id", "activity_id", "credential_id"], ignore_index=True
    )


def _most_frequent(rows: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    counts = rows[[*keys, *values]].value_counts(sort=False).rename("seen").reset_index()
    order = counts.sort_values(
        [*keys, "seen", *values], ascending=[True] * len(keys) + [False] + [True] * len(values)
    )
    return order.drop_duplicates(keys)[[*keys, *values]].reset_index(drop=True)

"""The budgets that pay for the demo's offers: whose they are, how large, and in which tree."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rangli.cli.demo.offers import BOOK_ID, MANUFACTURER, RETAILER, pool_id

# A third more than is recorded: at three quarters used no pool warns anybody.
_MARGIN = (4, 3)


@dataclass(frozen=True, slots=True)
class Budget:
    """A pool to make. amount_minor: what it gets, that of its children included.

    parent_id: "" is a root, which gets its money from outside.
    """

    pool_id: str
    parent_id: str
    display_name: str
    funder: str
    amount_minor: int


def budgets(lines: pd.DataFrame, presented: pd.DataFrame, worth: pd.DataFrame) -> list[Budget]:
    """All pools, parents first: by funder, department and year, then one for each campaign.

    The price book gets what the tills recorded, a campaign the faces of the redemptions that were
    traced to it, both by share and with a margin.
    """
    leaves = [
        Budget(
            pool_id(RETAILER, BOOK_ID),
            f"{RETAILER}:2017",
            "Till prices",
            RETAILER,
            _with_margin(int(lines["retail_minor"].sum())),
        )
    ]
    faces = presented.merge(worth, on="activity_id")
    for funder, bps in (
        (RETAILER, 10_000 - faces["manufacturer_bps"]),
        (MANUFACTURER, faces["manufacturer_bps"]),
    ):
        borne = (faces["face_minor"] * bps).groupby(faces["campaign_id"]).sum()
        leaves += [
            Budget(
                pool_id(funder, f"c{campaign_id}"),
                f"{funder}:2017",
                f"Coupons of campaign {campaign_id}",
                funder,
                _with_margin(int(minor_bps) // 10_000 + 1),
            )
            for campaign_id, minor_bps in borne.items()
            if minor_bps
        ]
    return [*_above(leaves), *leaves]


def _above(leaves: list[Budget]) -> list[Budget]:
    """What stands above the campaigns, each with the money of all below it."""
    above = []
    for funder, department in ((RETAILER, "Marketing"), (MANUFACTURER, "Trade marketing")):
        total = sum(leaf.amount_minor for leaf in leaves if leaf.funder == funder)
        tree = (
            (funder, "", funder.capitalize()),
            (f"{funder}:marketing", funder, department),
            (f"{funder}:2017", f"{funder}:marketing", "Plan of 2017"),
        )
        above += [Budget(pool, parent, words, funder, total) for pool, parent, words in tree]
    return above


def _with_margin(amount_minor: int) -> int:
    more, of = _MARGIN
    return amount_minor * more // of + 1

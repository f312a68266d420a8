"""What came of the demo, and its figures."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rangli.cli.demo import compare
from rangli.cli.demo.book import Scope
from rangli.cli.demo.compare import Fit
from rangli.cli.demo.data import Journey
from rangli.cli.demo.offers import MANUFACTURER, RETAILER
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse

Figures = dict[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and how long it took.

    publish_s: from the first import until the last activity was live on every connection.
    live_s: of that, from the answer to the last publication on.
    """

    scope: Scope
    price_entries: int
    audiences: int
    coupons: int
    coupons_without_face: int
    budgets: int
    product_sets: int
    store_sets: int
    import_s: float
    publish_s: float
    live_s: float


@dataclass(frozen=True, slots=True)
class Settled:
    """What the replayed baskets took of the budgets.

    orders: baskets that took something; post_s: how long it took to post them.
    amounts: by period, funder and activity_id settled_minor, as the service reports it, and
        wanted_minor, as the independent calculation says.
    reconciled_orders: the independent calculation's baskets, held against the journal;
        differences: how many amounts of theirs it did not have.
    """

    orders: int
    post_s: float
    amounts: pd.DataFrame
    reconciled_orders: int
    differences: int

    @property
    def unequal(self) -> pd.DataFrame:
        """The amounts that are not equal to the cent."""
        return self.amounts[self.amounts["settled_minor"] != self.amounts["wanted_minor"]]

    def of(self, funder: str) -> int:
        """What the service has settled with the funder, minor units."""
        return int(self.amounts.loc[self.amounts["funder"] == funder, "settled_minor"].sum())


@dataclass(frozen=True, slots=True)
class Ordered:
    """What became of one week's baskets at the checkout.

    claims_too_late: of as many batches, all empty, one claim more was refused.
    unequal: orders that cost, or gave back, another amount than the independent calculation says.
    refunded: whole or in part; coupons_back: usable again after it.
    settled, wanted: what each funder bears, by the service and by the other calculation.
    """

    week: int
    batches: int
    claims: int
    claims_too_late: int
    claim_s: float
    orders: int
    order_s: float
    unequal: tuple[str, ...]
    released: int
    refunded: int
    refunded_minor: int
    coupons_used: int
    coupons_back: int
    settled: dict[str, int]
    wanted: dict[str, int]


@dataclass(frozen=True, slots=True)
class Sold:
    """A flash sale.

    claimants: who all claimed at once; winners: who got one; same_again: winners whose repeated
    claim got the same coupon; returned: given back; winners_then: who got those, of the losers.
    shed: calls that were refused for load, and sent again.
    """

    stock: int
    claimants: int
    winners: int
    same_again: int
    returned: int
    winners_then: int
    took_s: float
    shed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that the demo has found out.

    lines, answered: the replayed lines and the service's amounts for them.
    wanted: the independent calculation's amounts for all lines of the journey.
    traced: the redemptions with the line they were traced to; redeemed: what became of those whose
        baskets were replayed.
    shown: the basket to explain and its answer.
    settled: what the budgets were charged with.
    ordered, sold: what the checkout and the flash sale came to.
    audit: what the audit of the own server's stores came to; "" of a running one's.
    """

    journey: Journey
    published: Published
    weeks: int
    lines: pd.DataFrame
    answered: pd.DataFrame
    wanted: pd.DataFrame
    differing: pd.DataFrame
    traced: pd.DataFrame
    redeemed: pd.DataFrame
    fit: Fit
    baskets: int
    replay_s: float
    connections: int
    workers: int
    shown: tuple[QuoteRequest, QuoteResponse]
    settled: Settled
    ordered: Ordered
    sold: Sold
    audit: str = ""


def figures(outcome: Outcome) -> Figures:
    """The flat object of `--report`."""
    lines, answered, redeemed, fit = (
        outcome.lines,
        outcome.answered,
        outcome.redeemed,
        outcome.fit,
    )
    published = outcome.published
    above = compare.coupon_above_price(outcome.journey.lines)
    return {
        "weeks": outcome.weeks,
        "book": published.scope,
        "baskets": outcome.baskets,
        "baskets_per_s": round(outcome.baskets / outcome.replay_s, 1),
        "replay_s": round(outcome.replay_s, 3),
        "workers": outcome.workers,
        "connections": outcome.connections,
        "lines": len(lines),
        "lines_equal_oracle": len(lines) - len(outcome.differing),
        "lines_exact": int((answered["book_minor"] == lines["retail_minor"]).sum()),
        "price_entries": published.price_entries,
        "coupons_published": published.coupons,
        "coupons_without_face": published.coupons_without_face,
        "import_s": round(published.import_s, 3),
        "publish_s": round(published.publish_s, 3),
        "live_s": round(published.live_s, 3),
        "discount_minor_retailer": int(answered["retailer_minor"].sum()),
        "recorded_minor_retailer": int((lines["retail_minor"] + lines["match_minor"]).sum()),
        "discount_minor_manufacturer": int(answered["manufacturer_minor"].sum()),
        "recorded_minor_manufacturer": int(lines["coupon_minor"].sum()),
        "redemptions": len(outcome.traced),
        "redemptions_with_a_line": int((outcome.traced["candidates"] > 0).sum()),
        "redemptions_traced_all_weeks": int((outcome.traced["line"] >= 0).sum()),
        "redemptions_traced": len(redeemed),
        "redemptions_applied": int((redeemed["acted_on"] >= 0).sum()),
        "redemptions_exact": int(redeemed["exact"].sum()),
        "redeemed_minor_retailer": int(redeemed["retailer_minor"].sum()),
        "redeemed_recorded_minor_retailer": int(redeemed["recorded_match_minor"].sum()),
        "redeemed_minor_manufacturer": int(redeemed["manufacturer_minor"].sum()),
        "redeemed_recorded_minor_manufacturer": int(redeemed["recorded_coupon_minor"].sum()),
        "budgets": published.budgets,
        "orders_posted": outcome.settled.orders,
        "orders_posted_per_s": round(outcome.settled.orders / outcome.settled.post_s, 1),
        "post_s": round(outcome.settled.post_s, 3),
        "settled_minor_retailer": outcome.settled.of(RETAILER),
        "settled_minor_manufacturer": outcome.settled.of(MANUFACTURER),
        "settled_amounts_unequal": len(outcome.settled.unequal),
        "orders_reconciled": outcome.settled.reconciled_orders,
        "reconcile_differences": outcome.settled.differences,
        "checkout_week": outcome.ordered.week,
        "checkout_claims": outcome.ordered.claims,
        "checkout_orders": outcome.ordered.orders,
        "checkout_orders_per_s": round(outcome.ordered.orders / outcome.ordered.order_s, 1),
        "checkout_released": outcome.ordered.released,
        "checkout_refunded": outcome.ordered.refunded,
        "checkout_unequal": len(outcome.ordered.unequal),
        "flash_stock": outcome.sold.stock,
        "flash_claimants": outcome.sold.claimants,
        "flash_winners": outcome.sold.winners,
        "flash_claims_per_s": round(outcome.sold.claimants / outcome.sold.took_s, 1),
        "lines_coupon_above_price_all_weeks": len(above),
        "share_book_chain": round(fit.chain, 6),
        "share_book_store": round(fit.store, 6),
        "share_left_out_chain": round(fit.left_out, 6),
        "share_left_out_chain_with_entry": round(fit.left_out_known, 6),
        "share_left_out_store": round(fit.left_out_store, 6),
    }

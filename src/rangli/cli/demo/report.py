"""What the demo has to tell, as tables for the terminal and the page."""

from __future__ import annotations

import pandas as pd

from rangli.cli.demo import compare
from rangli.cli.demo.data import Journey
from rangli.cli.demo.explain import explained
from rangli.cli.demo.offers import MANUFACTURER, RETAILER
from rangli.cli.demo.outcome import (
    Figures,
    Ordered,
    Outcome,
    Published,
    Settled,
    Sold,
    figures,
)
from rangli.cli.table import Table, percent, usd

_SETTLED = ("settled_minor", "wanted_minor")


def tables(outcome: Outcome) -> list[Table]:
    """Everything worth telling, in order."""
    told = figures(outcome)
    return [
        _data_set(outcome.journey),
        _catalogue(outcome.published),
        _replayed(told),
        _shares(told),
        _funders(told),
        _settlement(outcome.settled, told),
        _redemptions(outcome, told),
        _ordered(outcome.ordered),
        _sold(outcome.sold),
        above_price(outcome.journey.lines, shown=3),
        *explained(*outcome.shown),
        *([differences(outcome.differing, shown=20)] if len(outcome.differing) else []),
        *([_unequal(outcome.settled)] if len(outcome.settled.unequal) else []),
    ]


def above_price(lines: pd.DataFrame, *, shown: int | None) -> Table:
    """The lines whose coupon is larger than their price; None shows all."""
    above = compare.coupon_above_price(lines)
    rows = [
        [
            str(row.basket_id),
            str(row.product_id),
            str(row.local_date.date()),
            usd(row.list_minor),
            usd(row.price_minor),
            usd(row.coupon_minor),
        ]
        for row in above.head(shown or len(above)).itertuples()
    ]
    return Table(
        f"Coupon larger than the price: {len(above)} lines of the year",
        ["basket", "product", "date", "list", "price", "coupon"],
        rows,
        frozenset({3, 4, 5}),
        "The service never takes more than what is left to pay.",
    )


def differences(differing: pd.DataFrame, *, shown: int) -> Table:
    """Lines on which the service and the independent calculation disagree."""
    return Table(
        f"DIFFERENT from the independent calculation: {len(differing)} lines",
        list(differing.columns),
        [[str(value) for value in row] for row in differing.head(shown).itertuples(index=False)],
    )


def _unequal(settled: Settled) -> Table:
    rows = settled.unequal
    return Table(
        f"DIFFERENT from the independent calculation: {len(rows)} settled amounts",
        list(rows.columns),
        [[str(value) for value in row] for row in rows.head(20).itertuples(index=False)],
    )


def _settlement(settled: Settled, told: Figures) -> Table:
    """What each funder owes for each period, and for all of them."""
    columns = [f"{funder}_{kind}" for funder in (RETAILER, MANUFACTURER) for kind in _SETTLED]
    wide = settled.amounts.pivot_table(
        index="period", columns="funder", values=list(_SETTLED), aggfunc="sum", sort=False
    )
    wide = wide.sort_index(key=lambda periods: periods.str.split().str[1].astype(int))
    wide.columns = [f"{funder}_{kind}" for kind, funder in wide.columns]
    wide = wide.reindex(columns=columns).fillna(0).astype("int64")
    rows = [[str(period), *map(usd, row)] for period, *row in wide.itertuples()]
    return Table(
        "Settlement with the funders, USD",
        ["", RETAILER, "calculated", MANUFACTURER, "calculated"],
        [*rows, ["all", *(usd(total) for total in wide.sum())]],
        frozenset({1, 2, 3, 4}),
        "Calculated: by the independent calculation. "
        f"{told['orders_posted']:,} baskets were posted to {told['budgets']} budgets, "
        f"{told['orders_posted_per_s']:,.0f} a second. {told['orders_reconciled']:,} baskets of "
        f"that calculation held against the journal: {told['reconcile_differences']} differences.",
    )


def _data_set(journey: Journey) -> Table:
    lines = journey.lines
    rows = [
        ["lines", f"{journey.lines_read:,}"],
        ["usable", f"{len(lines):,}: something was sold, at a list price above 0"],
        ["as one unit", f"{journey.lines_as_one_unit:,}: their list does not divide by quantity"],
        ["baskets", f"{lines['basket_id'].nunique():,}"],
        ["households", f"{lines['household_id'].nunique():,}"],
        ["stores", f"{lines['store_id'].nunique():,}"],
    ]
    return Table("Data set: Complete Journey, 2017", rows=rows)


def _catalogue(published: Published) -> Table:
    sets = [
        f"{published.audiences} audiences",
        f"{published.product_sets} product sets",
        *([f"{published.store_sets} store sets"] if published.store_sets else []),
    ]
    rows = [
        ["budgets", f"{published.budgets} pools of two funders"],
        ["price entries", f"{published.price_entries:,} ({published.scope})"],
        ["coupons", f"{published.coupons} published"],
        ["", f"{published.coupons_without_face} redeemed ones left out: no line tells their face"],
        ["sets", ", ".join(sets)],
        ["price entries imported in", f"{published.import_s:.1f} s"],
        ["all live on every connection after", f"{published.publish_s:.1f} s"],
        ["of that, after the last publication", f"{published.live_s:.2f} s"],
    ]
    return Table("Catalogue", rows=rows)


def _replayed(told: Figures) -> Table:
    rows = [
        ["weeks", f"1 to {told['weeks']} of 53"],
        ["baskets", f"{told['baskets']:,}"],
        ["lines", f"{told['lines']:,}"],
        ["baskets per second", f"{told['baskets_per_s']:,.0f}"],
        ["over", f"{told['connections']} connections to {told['workers'] or 'running'} workers"],
    ]
    return Table("Replay over gRPC", rows=rows)


def _shares(told: Figures) -> Table:
    rows = [
        [
            "service = independent calculation",
            percent(int(told["lines_equal_oracle"]) / int(told["lines"])),
            f"{told['lines_equal_oracle']:,} of {told['lines']:,} replayed lines, per funder",
        ],
        [
            "service = till's retail discount",
            percent(int(told["lines_exact"]) / int(told["lines"])),
            "replayed lines",
        ],
        ["book by product and week", percent(told["share_book_chain"]), "of all lines"],
        ["book by product, store and week", percent(told["share_book_store"]), "of all lines"],
        [
            "households left out of the book",
            percent(told["share_left_out_chain"]),
            "their lines, book by product and week of the others",
        ],
        [
            "  where that book has an entry",
            percent(told["share_left_out_chain_with_entry"]),
            "their lines of a product and week that others bought",
        ],
        [
            "  with a book by store too",
            percent(told["share_left_out_store"]),
            "their lines, book by product, store and week of the others",
        ],
    ]
    return Table(
        "How exact",
        ["", "share", "of"],
        rows,
        frozenset({1}),
        "The first must be 100 %. The others say how far a book of one price per product and week "
        "can go (independent arithmetic, all weeks; left out: every fifth household id).",
    )


def _funders(told: Figures) -> Table:
    rows = [
        [
            what,
            funder,
            usd(told[f"{computed}_minor_{funder}"]),
            usd(told[f"{recorded}_minor_{funder}"]),
        ]
        for what, computed, recorded in (
            ("all replayed lines", "discount", "recorded"),
            ("traced coupons", "redeemed", "redeemed_recorded"),
        )
        for funder in (RETAILER, MANUFACTURER)
    ]
    return Table(
        "Discount by funder, USD",
        ["", "", "computed", "recorded"],
        rows,
        frozenset({2, 3}),
        "Most recorded coupons belong to no redemption of the data set and cannot be presented.",
    )


def _ordered(ordered: Ordered) -> Table:
    """What the checkout did with a week's baskets."""
    equal = ordered.orders - len(set(ordered.unequal))
    rows = [
        [
            "coupons claimed",
            f"{ordered.claims:,}",
            f"of {ordered.batches} batches, {ordered.claims / ordered.claim_s:,.0f} a second",
        ],
        [
            "one claim more",
            f"{ordered.claims_too_late:,}",
            f"refused, of {ordered.batches} that came once all were given",
        ],
        [
            "orders",
            f"{ordered.orders:,}",
            "evaluated, reserved, committed or released:"
            f" {ordered.orders / ordered.order_s:,.0f} a second",
        ],
        ["to the cent", f"{equal:,}", "as the independent calculation prices and refunds them"],
        ["released", f"{ordered.released:,}", "everything went back"],
        [
            "refunded",
            f"{ordered.refunded:,}",
            f"whole or in part: {usd(ordered.refunded_minor)} USD",
        ],
        ["coupons used", f"{ordered.coupons_used:,}", f"{ordered.coupons_back:,} came back"],
        *(
            [f"{funder} bears", usd(minor), f"calculated: {usd(ordered.wanted[funder])}"]
            for funder, minor in ordered.settled.items()
        ),
    ]
    return Table(
        f"Checkout: the baskets of week {ordered.week}, as if it were this one",
        rows=rows,
        right=frozenset({1}),
    )


def _sold(sold: Sold) -> Table:
    """How the flash sale went."""
    rows = [
        ["claims at once", f"{sold.claimants:,}", f"{sold.claimants / sold.took_s:,.0f} a second"],
        ["won", f"{sold.winners:,}", f"of {sold.stock:,} units"],
        ["asked again", f"{sold.same_again:,}", "winners got the same coupon"],
        ["gave back", f"{sold.returned:,}", ""],
        ["won then", f"{sold.winners_then:,}", "of the losers who asked again"],
        ["sent away for load", f"{sold.shed:,}", "and came again"],
    ]
    return Table(f"Flash sale of {sold.stock:,} units", rows=rows, right=frozenset({1}))


def _redemptions(outcome: Outcome, told: Figures) -> Table:
    redeemed = outcome.redeemed
    exact = redeemed["exact"]
    applied = redeemed["acted_on"] >= 0
    refused = redeemed.loc[~applied, "reason"].value_counts()
    same_line = redeemed["acted_on"] == redeemed["line"]
    rows = [
        ["in the data set", f"{told['redemptions']:,}", "household, coupon, campaign, day"],
        ["with a line that may be meant", f"{told['redemptions_with_a_line']:,}", "all weeks"],
        [
            "traced",
            f"{told['redemptions_traced_all_weeks']:,}",
            "all weeks; a line vouches for one redemption only",
        ],
        ["presented", f"{len(redeemed):,}", "their baskets were replayed"],
        ["applied", f"{told['redemptions_applied']:,}", ""],
        ["reproduced exactly", f"{int(exact.sum()):,}", "same line, same cents from each funder"],
        ["same line, other amount", f"{int((same_line & ~exact).sum()):,}", ""],
        ["another line", f"{int((applied & ~same_line).sum()):,}", "the dearest unit it fits"],
        *([reason.lower(), f"{count:,}", "refused"] for reason, count in refused.items()),
    ]
    return Table("Redemptions", rows=rows, right=frozenset({1}))

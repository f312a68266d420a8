"""A data set small enough to know every answer: two promotions, three coupons, seven baskets."""

import pandas as pd

from rangli.cli.demo.data import Journey, clean_lines, clean_products

_COLUMNS = [
    "household_id", "store_id", "basket_id", "product_id", "quantity",
    "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc", "week",
    "transaction_timestamp",
]  # fmt: skip

# Weeks 10 and 11 lie on both sides of the change to summer time, 2017-03-12 02:00 local.
SUNDAY_LATE = "2017-03-06 04:59:59"  # 23:59:59 on Sunday in New York: still week 10
MONDAY = "2017-03-06 05:00:00"  # midnight in New York: week 11
SUMMER_SUNDAY_LATE = "2017-03-13 03:59:59"  # 23:59:59 again, one hour earlier in UTC: week 11
SUMMER_MONDAY = "2017-03-13 04:00:00"  # week 12


def raw(*rows: tuple) -> pd.DataFrame:
    """Transactions as the data set has them; a short row ends with 0, 0, 0, week 11, MONDAY."""
    defaults = (0.0, 0.0, 0.0, 11, MONDAY)
    full = [(*row, *defaults[len(row) - 6 :]) for row in rows]
    frame = pd.DataFrame(full, columns=_COLUMNS)
    frame["transaction_timestamp"] = pd.to_datetime(frame["transaction_timestamp"])
    money = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]
    return frame.astype(dict.fromkeys(money, "float64"))


def lines(*rows: tuple) -> pd.DataFrame:
    """The same, cleaned."""
    return clean_lines(raw(*rows))


def days(*texts: str) -> pd.Series:
    return pd.to_datetime(pd.Series(list(texts)))


def journey() -> Journey:
    transactions = raw(
        # household, store, basket, product, quantity, sales, retail, coupon, match, week, at
        (1, 7, 100, 11, 2, 1.70, 0.30, 0.00, 0.00),  # 0.15 off each
        (1, 7, 100, 12, 1, 2.50, 0.00, 1.00, 0.50),  # coupon 1.50, of which the shop 0.50
        (1, 7, 100, 13, 3, 0.79, 0.20, 0.00, 0.00),  # 0.20 off three: no whole cents each
        (2, 7, 101, 11, 1, 0.85, 0.15, 0.00, 0.00),
        (2, 8, 102, 11, 1, 1.00, 0.00, 0.00, 0.00),  # this store had no promotion
        (5, 8, 103, 12, 1, 0.40, 0.00, 1.00, 0.50, 11, SUMMER_SUNDAY_LATE),  # coupon > price
        (5, 8, 104, 14, 2, 2.00, 0.00, 0.00, 0.00, 12, SUMMER_MONDAY),
        (1, 7, 105, 12, 2, 5.50, 0.00, 1.00, 0.50, 12, SUMMER_MONDAY),
        (3, 7, 106, 12, 1, 2.50, 0.00, 1.00, 0.50),  # not in the campaign's audience
        (3, 7, 106, 14, 0, 1.00),  # nothing sold
    )
    return Journey(
        lines=clean_lines(transactions),
        products=clean_products(
            pd.DataFrame(
                {
                    "product_id": [11, 12, 13],
                    "brand": ["National", "Private", "National"],
                    "department": ["GROCERY", "GROCERY", "FUEL"],
                    "product_category": ["BREAD", "MILK/CREAM", None],
                    "product_type": ["RYE", "FRESH", "GAS"],
                }
            )
        ),
        audiences=pd.DataFrame({"campaign_id": [1, 1, 2], "household_id": [1, 5, 2]}),
        campaigns=pd.DataFrame(
            {
                "campaign_id": [1, 2],
                "starts_on": days("2017-03-01", "2017-03-01"),
                "ends_on": days("2017-03-12", "2017-04-01"),
            }
        ),
        coupons=pd.DataFrame(
            {"coupon_upc": [900, 900, 901], "campaign_id": [1, 1, 2], "product_id": [11, 12, 14]}
        ),
        redemptions=pd.DataFrame(
            {
                "household_id": [1, 5, 1, 3, 2],
                "coupon_upc": [900, 900, 900, 900, 901],
                "campaign_id": [1, 1, 1, 1, 2],
                # The third is a day after the campaign; the last left no trace.
                "redeemed_on": days(
                    "2017-03-06", "2017-03-12", "2017-03-13", "2017-03-06", "2017-03-06"
                ),
            }
        ),
        lines_read=10,
        lines_as_one_unit=0,
    )

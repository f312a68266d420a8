"""The price book, derived from the tills: the most frequent unit discount per product and week."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

Scope = Literal["chain", "store"]
KEYS: dict[Scope, list[str]] = {
    "chain": ["product_id", "week"],
    "store": ["product_id", "store_id", "week"],
}


def derive(lines: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """One price entry for each product and week (and store) that was sold: its usual discount.

    A line's unit discount is the exact fraction retail_minor / quantity; the most frequent one of
    the lines wins, of equally frequent ones the smallest. Columns: the keys of the scope, then
    off_minor and per_quantity, the fraction in lowest terms (0 is 0/1). An entry that takes nothing
    off is an entry too: it says that the product had no promotion that week.
    """
    keys = KEYS[scope]
    off = lines["retail_minor"].to_numpy()
    quantity = lines["quantity"].to_numpy()
    divisor = np.gcd(off, quantity)
    seen = lines[keys].assign(off_minor=off // divisor, per_quantity=quantity // divisor)
    counts = seen.value_counts(sort=False).rename("lines").reset_index()
    # As floats these fractions are told apart: numerators and denominators are small.
    counts["size"] = counts["off_minor"] / counts["per_quantity"]
    order = [*([True] * len(keys)), False, True]
    best = counts.sort_values([*keys, "lines", "size"], ascending=order)
    return best.drop_duplicates(keys)[[*keys, "off_minor", "per_quantity"]].reset_index(drop=True)

"""What an activity can do to a price: one effect a file, all of them in this list.

A new effect is a message in `activity.proto`, a file here that compiles it to `TierOp`s, a line in
the union and one in the list, and a scenario in `tests/pricing/scenarios`.
"""

from __future__ import annotations

from rangli.activities.effects.amount_off import AmountOff
from rangli.activities.effects.percent_off import PercentOff
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.effects.set_price import SetPrice
from rangli.activities.effects.threshold_off import ThresholdOff

Effect = SetPrice | PercentOff | AmountOff | ThresholdOff | PriceBook

EFFECTS: dict[str, type[Effect]] = {
    "set_price": SetPrice,
    "percent_off": PercentOff,
    "amount_off": AmountOff,
    "threshold_off": ThresholdOff,
    "price_book": PriceBook,
}

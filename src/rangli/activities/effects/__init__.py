"""What an activity can do to a price: one effect a file, all of them in this list.

A new effect is a message in `activity.proto` (with its line in `Effect`), a file here that compiles
it to `EffectOp`s, a line in this list, and a scenario in `tests/pricing/scenarios`; and a template
names it, so that operators find it. Bounds, forms, stored specs, the wire and both kernels follow
by themselves, as long as the operations of `program.py` can express it.

So came the last one. `earn` is the message `Earn`, `earn.py`, `| Earn` below and
`scenarios/earnings.yaml`, offered by the template "earning"; no other file knows of it, except that
answers have a place for what is earned.
"""

from __future__ import annotations

from typing import get_args

from rangli.activities.effects.amount_off import AmountOff
from rangli.activities.effects.bundle import Bundle
from rangli.activities.effects.buy_get import BuyGet
from rangli.activities.effects.earn import Earn
from rangli.activities.effects.gift import Gift
from rangli.activities.effects.n_for_price import NForPrice
from rangli.activities.effects.nth_unit import NthUnit
from rangli.activities.effects.percent_off import PercentOff
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.effects.set_price import SetPrice
from rangli.activities.effects.shipping_off import ShippingOff
from rangli.activities.effects.threshold_off import ThresholdOff
from rangli.activities.effects.trade_up import TradeUp

Effect = (
    SetPrice
    | PercentOff
    | AmountOff
    | ThresholdOff
    | PriceBook
    | NthUnit
    | BuyGet
    | NForPrice
    | Bundle
    | Gift
    | TradeUp
    | ShippingOff
    | Earn
)

EFFECTS: dict[str, type[Effect]] = {kind.__struct_config__.tag: kind for kind in get_args(Effect)}

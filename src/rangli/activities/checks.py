"""What is wrong with an activity's spec: all that takes more than one field to tell."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities import conditions as of_conditions
from rangli.activities import limits as of_limits
from rangli.activities.amounts import Amounts, of_one_currency, without_prices
from rangli.activities.bounds import unprintable
from rangli.activities.effects.bundle import Bundle
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.measures import ConditionBase
from rangli.activities.spec import ActivitySpec, Entitlement, FundingShare
from rangli.core.errors import Violation
from rangli.core.ids import printable
from rangli.core.money import BPS, known_currency


def violations(spec: ActivitySpec, path: str) -> list[Violation]:
    """What the fields' own bounds cannot say; the template's part is the template's."""
    found = spec.schedule.violations(f"{path}.schedule")
    if not known_currency(spec.currency):
        found.append(Violation(f"{path}.currency", 'must be an ISO 4217 code such as "USD"'))
    for name in ("stores", "users"):
        target = getattr(spec, name)
        if target is not None:
            found += target.violations(f"{path}.{name}")
    own = _of_amounts(spec, path)
    # What is wrong with the activity's own parts is said once.
    found += own or _of_further_amounts(spec, path)
    if spec.stacking is not None:
        found += spec.stacking.violations(f"{path}.stacking")
    if spec.discount_base is ConditionBase.OTHER_PRICE:
        words = "discounts are not computed on the other price basis"
        found.append(Violation(f"{path}.discount_base", words))
    currencies = {spec.currency, *(stated.currency for _, stated in spec.stated(path))}
    found += of_limits.violations(spec.limits, f"{path}.limits", one_currency=len(currencies) == 1)
    if spec.limits and isinstance(spec.effect, PriceBook):
        found.append(Violation(f"{path}.limits", "a price book has none"))
    if spec.value_basis is not None and isinstance(spec.effect, PriceBook):
        words = "does not go with price_book; see price_basis"
        found.append(Violation(f"{path}.value_basis", words))
    if spec.public_code and spec.entitlement is not Entitlement.CREDENTIAL:
        words = "goes with entitlement CREDENTIAL only"
        found.append(Violation(f"{path}.public_code", words))
    found += unprintable(f"{path}.channels", spec.channels)
    found += _of_funding(spec.funding, f"{path}.funding")
    return found


def _of_funding(funding: Sequence[FundingShare], path: str) -> list[Violation]:
    found = [
        Violation(f"{path}[{index}].funder", "must hold no invisible characters")
        for index, share in enumerate(funding)
        if not printable(share.funder)
    ]
    if sum(share.share_bps for share in funding) != BPS:
        found.append(Violation(path, "shares must make 10,000 bps in all"))
    if len({share.funder for share in funding}) != len(funding):
        found.append(Violation(path, "each funder once"))
    if sum(share.takes_remainder for share in funding) > 1:
        found.append(Violation(path, "at most one share takes the remainder"))
    return found


def _of_amounts(spec: ActivitySpec, path: str) -> list[Violation]:
    """What is wrong with all that may hold amounts."""
    found = spec.products.violations(f"{path}.products") if spec.products is not None else []
    found += of_conditions.violations(spec.conditions, f"{path}.conditions")
    found += _of_effects(spec, path)
    if spec.multiplier is not None:
        found += spec.multiplier.violations(f"{path}.multiplier")
    return found


def _of_further_amounts(spec: ActivitySpec, path: str) -> list[Violation]:
    if spec.amounts and isinstance(spec.effect, PriceBook):
        words = "must be absent: entries of a price book are of one currency"
        return [Violation(f"{path}.amounts", words)]
    found = []
    seen = {(spec.currency, "")}
    for amounts, (at, stated) in zip(spec.amounts, spec.stated(path), strict=True):
        if not known_currency(stated.currency):
            words = 'must be an ISO 4217 code such as "USD"'
            found.append(Violation(f"{at}.currency", words))
        if amounts.more_effects and amounts.effect is None:
            found.append(Violation(f"{at}.effect", "is required beside more_effects"))
        if without_prices(stated.products) != without_prices(spec.products):
            words = "may differ from the activity's in list prices only"
            found.append(Violation(f"{at}.products", words))
        carts = {(stated.currency, channel) for channel in amounts.channels or ("",)}
        if not carts.isdisjoint(seen):
            words = "other amounts are for carts of this currency and channel already"
            found.append(Violation(at, words))
        seen |= carts
        found += _left_in_own_currency(spec, amounts, stated, at)
        found += unprintable(f"{at}.channels", amounts.channels)
        found += [
            Violation(f"{at}.channels[{index}]", "the activity is not for this channel")
            for index, channel in enumerate(amounts.channels)
            if spec.channels and channel not in spec.channels
        ]
        found += _of_amounts(stated, at)
    return found


def _left_in_own_currency(
    spec: ActivitySpec, amounts: Amounts, stated: ActivitySpec, path: str
) -> list[Violation]:
    """Parts with amounts that would be read in a currency they are not stated in."""
    if stated.currency == spec.currency:
        return []
    own = {
        "products": spec.products,
        "conditions": spec.conditions,
        "effect": spec.effects,
        "multiplier": spec.multiplier,
    }
    words = f"is required: the activity's own is in {spec.currency}"
    left = [name for name, part in own.items() if of_one_currency(part)]
    left += ["cap_minor"] if spec.cap_minor else []
    return [Violation(f"{path}.{name}", words) for name in left if name not in amounts.given()]


def _of_effects(spec: ActivitySpec, path: str) -> list[Violation]:
    found = []
    for at, effect in spec.placed_effects(path):
        here = f"{at}.{effect.__struct_config__.tag}"
        found += effect.violations(here)
        if isinstance(effect, PriceBook) and spec.more_effects:
            found.append(Violation(at, "a price book is an activity's only effect"))
        if isinstance(effect, Bundle) and spec.products is not None:
            found += effect.outside(spec.products, here)
    if any(effect.uncounted() for effect in spec.effects):
        found += _counting_all(spec, path)
    return found


def _counting_all(spec: ActivitySpec, path: str) -> list[Violation]:
    """Conditions that count all of the cart, though some products must not count."""
    return [
        Violation(f"{placed.path}.compare.with_delivery", "does not go with trade_up")
        for placed in of_conditions.walk(spec.conditions, f"{path}.conditions")
        if isinstance(placed.condition, of_conditions.Compare) and placed.condition.with_delivery
    ]

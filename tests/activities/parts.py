"""Parts of specs by chance, from few names and small amounts, so that they meet often."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Drawn = st.SearchStrategy[dict[str, Any]]

SKUS = ["a", "b", "c", "d"]
CATEGORIES = ["x", "x/y", "x/y/z", "w"]
BRANDS = ["p", "q"]
TAGS = ["t", "u"]
CODES = ["SPRING", "spring", "May-25"]
METHODS = ["express", "post"]
RULES = [
    "facts.orders > 1",
    "lines.exists(l, l.quantity > 1 && 't0' in l.tags)",
    "list_minor > 500",
]
_BASES = ["RUNNING", "LIST", "GROUP_START", "ORIGINAL"]


def some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=2)


def _named(prefix: str, members: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{prefix}_{member}" for member in members])


def _of(required: dict[str, Any] | None = None, /, **optional: Any) -> Drawn:
    return st.fixed_dictionaries(required or {}, optional=optional)


def _included() -> Drawn:
    return _of(
        all=st.booleans(),
        skus=some(SKUS),
        set_ids=some(["products1", "products2"]),
        category_paths=some(CATEGORIES),
        brands=some(BRANDS),
        tags=some(TAGS),
    )


def product_targets() -> Drawn:
    included = _included().filter(lambda target: any(target.values()))
    excluded = st.none() | st.tuples(included, _prices()).map(lambda both: both[0] | both[1])
    return st.tuples(included, _prices(), excluded).map(
        lambda all_: all_[0] | all_[1] | ({"exclude": all_[2]} if all_[2] is not None else {})
    )


def _prices() -> Drawn:
    """Mostly none."""
    some_prices = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
        lambda both: {"min_list_minor": min(both), "max_list_minor": max(both)}
    )
    return st.just({}) | st.just({}) | some_prices


_amounts = st.integers(1, 60)
_prices_minor = st.integers(0, 60)
_rates = st.integers(1, 10_000)
_limits = st.integers(0, 4)
_picks = _named("UNIT_PICK", ["DEAREST", "CHEAPEST", "FIRST", "LAST"])
_pers = _named("AMOUNT_PER", ["POOL", "UNIT", "LINE"])
_caps = st.integers(0, 30)


def _off_units(required: dict[str, Any], /, **optional: Any) -> Drawn:
    """A limit of units goes with UNIT only."""
    per_unit = {"per": st.just("AMOUNT_PER_UNIT"), **required}
    return _of(required, per=_pers, **optional) | _of(
        per_unit, unit_limit=_limits, pick=_picks, **optional
    )


def benefits() -> Drawn:
    return (
        _of({"off_bps": _rates})
        | _of({"amount_off_minor": _amounts})
        | _of({"price_minor": _prices_minor})
    )


@st.composite
def _thresholds(draw: st.DrawFn) -> dict[str, Any]:
    by_amount = draw(st.booleans())
    name = "min_amount_minor" if by_amount else "min_quantity"
    minima = draw(
        st.lists(st.integers(1, 150 if by_amount else 6), min_size=1, max_size=3, unique=True)
    )
    tiers = [{name: least, **draw(benefits())} for least in sorted(minima)]
    for tier in tiers:
        if by_amount and "amount_off_minor" in tier:
            tier["amount_off_minor"] = min(tier["amount_off_minor"], tier[name])
        if "off_bps" in tier:
            tier["cap_minor"] = draw(_caps)
    fields: dict[str, Any] = {"tiers": tiers, "per": draw(_pers)}
    if draw(st.booleans()) and not by_amount:
        fields |= {"graduated": True, "per": "AMOUNT_PER_UNIT", "pick": draw(_picks)}
    elif draw(st.booleans()):
        fields["counted"] = draw(product_targets())
    if len(tiers) == 1 and "amount_off_minor" in tiers[0] and "graduated" not in fields:
        fields["every_multiple"] = draw(st.booleans())
    if by_amount:
        fields["base"] = draw(_named("CONDITION_BASE", [*_BASES, "OTHER_PRICE"]))
    return fields


EFFECTS: dict[str, Drawn] = {
    "set_price": _off_units({"price_minor": _prices_minor}),
    "percent_off": _off_units({"off_bps": _rates}, cap_minor=_caps)
    | _of(
        {
            "off_bps": _rates,
            "per": st.just("AMOUNT_PER_LINE"),
            "unit_limit": st.integers(1, 4),
            "limit_bounds_money": st.just(True),
        },
        cap_minor=_caps,
    ),
    "amount_off": _off_units({"amount_minor": _amounts}, cap_minor=_caps),
    "threshold_off": _thresholds(),
    "nth_unit": _of(
        {"n": st.integers(2, 4), "benefit": benefits()},
        pick=_named("UNIT_PICK", ["CHEAPEST", "DEAREST"]),
        repeat_max=_limits,
    ),
    "buy_get": _of(
        {"buy_quantity": st.integers(1, 3), "get_quantity": st.integers(1, 3)},
        get_products=product_targets(),
        benefit=benefits(),
        buy_pick=_picks,
        get_pick=_picks,
        repeat_max=_limits,
        partial=st.booleans(),
        spread=st.booleans(),
    ),
    "n_for_price": _of(
        {"quantity": st.integers(2, 4), "price_minor": _prices_minor},
        pick=_picks,
        repeat_max=_limits,
    ),
    "bundle": _of(
        {
            "parts": st.lists(
                _of({"products": product_targets(), "quantity": st.integers(1, 2)}),
                min_size=1,
                max_size=3,
            ),
            "benefit": benefits(),
        },
        pick=_picks,
        repeat_max=_limits,
    ),
    "gift": _of(
        {"sku": st.sampled_from(SKUS), "worth_minor": _prices_minor},
        quantity=st.integers(1, 3),
        mode=_named("GIFT_MODE", ["ADD", "FREE", "TOP_UP"]),
    ),
    "trade_up": _of(
        {
            "products": product_targets(),
            "price_minor": _prices_minor,
            "unit_limit": st.integers(1, 3),
        },
        pick=_picks,
    ),
    "shipping_off": _of({"benefit": benefits()}, methods=some(METHODS), cap_minor=_caps),
    "earn": _of(
        {"kind": _named("EARNING_KIND", ["POINTS", "BALANCE"]), "amount": _amounts},
        subject=st.just("club"),
    )
    | _of({"kind": st.just("EARNING_KIND_POINTS"), "rate_bps": _rates})
    | _of({"kind": st.just("EARNING_KIND_COUPON"), "subject": st.just("a0"), "amount": _limits}),
}
EFFECTS["earn"] = EFFECTS["earn"].filter(lambda earn: earn.get("amount") != 0)

_products = {"products": product_targets()}
_bases = _named("CONDITION_BASE", [*_BASES, "OTHER_PRICE"])
_comparisons = _named("COMPARISON", ["AT_LEAST", "ABOVE", "EQUAL", "AT_MOST", "BELOW"])
_leaves = st.one_of(
    _of({"amount_minor": st.integers(1, 120)}, base=_bases, **_products).map(
        lambda fields: {"min_amount": fields}
    ),
    _of({"quantity": st.integers(1, 5)}, **_products).map(lambda f: {"min_quantity": f}),
    _of(
        {"measure": st.just("MEASURE_AMOUNT"), "value": st.integers(0, 120)},
        comparison=_comparisons,
        base=_bases,
        **_products,
    ).map(lambda fields: {"compare": fields}),
    _of(
        {
            "measure": _named("MEASURE", ["QUANTITY", "LINE_QUANTITY", "DISTINCT"]),
            "value": st.integers(0, 6),
        },
        comparison=_comparisons,
        with_delivery=st.booleans(),
    ).map(lambda fields: {"compare": fields}),
    _of({"name": st.just("orders"), "number": st.integers(-1, 3)}, comparison=_comparisons).map(
        lambda fields: {"fact_is": fields}
    ),
    st.just({"fact_is": {"name": "tier", "texts": ["gold", "silver"]}}),
    st.sampled_from(RULES).map(lambda text: {"rule": {"expression": text}}),
    st.sampled_from(METHODS).map(lambda method: {"delivered_by": {"methods": [method]}}),
    st.sampled_from(["a0", "a1"]).map(lambda name: {"presents": {"activity_ids": [name]}}),
)


def _joined(inner: Drawn) -> Drawn:
    several = st.lists(inner, min_size=1, max_size=2)
    return st.tuples(st.sampled_from(["all_of", "any_of", "not_any"]), several).map(
        lambda both: {both[0]: {"conditions": both[1]}}
    )


def conditions() -> Drawn:
    """A condition, of which others may be part, at most three deep."""
    return _leaves | _joined(_leaves | _joined(_leaves))


POOLS = ["pool1", "pool2"]
_funding = st.sampled_from([(10_000,), (5_000, 5_000), (3_333, 3_333, 3_334), (1, 9_999)])
_pool = st.just({}) | st.sampled_from(POOLS).map(lambda pool_id: {"pool_id": pool_id})


@st.composite
def further(draw: st.DrawFn) -> dict[str, Any]:
    """What every kind of activity may have beside its effects; of all that a little."""
    shares = enumerate(draw(_funding))
    funding = [{"funder": f"f{number}", "share_bps": bps, **draw(_pool)} for number, bps in shares]
    remainder = draw(st.none() | st.sampled_from(funding))
    if remainder is not None:
        remainder["takes_remainder"] = True
    chosen = draw(st.lists(st.sampled_from(sorted(_FURTHER)), unique=True, max_size=2))
    return {"funding": funding, **{name: draw(_FURTHER[name]) for name in chosen}}


def _multipliers() -> Drawn:
    counted = {"measure": _named("MEASURE", ["QUANTITY", "DISTINCT"]), "every": st.integers(1, 3)}
    amount = {"measure": st.just("MEASURE_AMOUNT"), "every": st.integers(1, 60)}
    return _of(counted, most=_limits, **_products) | _of(
        amount, base=_named("CONDITION_BASE", [*_BASES, "OTHER_PRICE"]), most=_limits
    )


def _roundings() -> Drawn:
    modes = ["HALF_UP", "HALF_DOWN", "HALF_EVEN", "DOWN", "UP"]
    leftovers = ["LARGEST_ERROR", "FIRST", "LAST", "DEAREST", "CARRY"]
    return _of(
        mode=_named("ROUNDING_MODE", modes),
        of=_named("ROUNDING_OF", ["DISCOUNT", "PRICE"]),
        weight=_named("SHARE_WEIGHT", ["RUNNING", "LIST", "QUANTITY", "EQUAL", "OTHER_PRICE"]),
        share_mode=_named("ROUNDING_MODE", modes),
        leftover=_named("LEFTOVER", leftovers),
    )


_labels = some(["red", "blue"])
_FURTHER: dict[str, st.SearchStrategy[Any]] = {
    "first_effect_only": st.booleans(),
    "cap_minor": _caps,
    "multiplier": _multipliers(),
    "stacking": _of(
        labels=_labels,
        exclusion_group=st.sampled_from(["", "one"]),
        combines_with=_labels,
        exclusive=st.integers(0, 5).map(lambda n: n == 0),
        stop=_of(
            {"scope": _named("STOP_SCOPE", ["LINE", "GROUP", "ALL"])}, if_matched=st.booleans()
        ),
        skip_reduced=st.booleans(),
    ),
    "rounding": _roundings(),
    "discount_base": _named("CONDITION_BASE", _BASES),
    "price_basis": _named("PRICE_BASIS", ["GROSS", "NET"]),
    "value_basis": _named("PRICE_BASIS", ["GROSS", "NET"]),
    "cap_basis": _named("PRICE_BASIS", ["GROSS", "NET"]),
    "when_short": _named("WHEN_SHORT", ["CUT", "REFUSE"]),
    "refund_policy": _named("REFUND_POLICY", ["KEEP", "CLAWBACK", "REQUIRE_RETURN", "REPRICE"]),
}

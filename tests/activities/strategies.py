"""Small catalogues and carts by chance, from few names, so that they meet often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue
from rangli.activities.entries import REMOVED, Entry
from rangli.activities.live import LiveActivity
from rangli.activities.model import RunState
from rangli.activities.program import Op
from rangli.core.clock import micros
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.world import NOW, spec

SKUS = ["a", "b", "c", "d"]
CATEGORIES = ["x", "x/y", "x/y/z", "w"]
BRANDS = ["p", "q"]
TAGS = ["t", "u"]
STORES = ["s1", "s2"]
USERS = ["ann", "bob"]
SETS = {"products1": "PRODUCT", "products2": "PRODUCT", "stores1": "STORE", "users1": "USER"}
MEMBERS = {"PRODUCT": SKUS, "STORE": STORES, "USER": USERS}


def some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=2)


def _included() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "all": st.booleans(),
            "skus": some(SKUS),
            "set_ids": some(["products1", "products2"]),
            "category_paths": some(CATEGORIES),
            "brands": some(BRANDS),
            "tags": some(TAGS),
        },
    )


def product_targets() -> st.SearchStrategy[dict[str, Any]]:
    included = _included().filter(lambda target: any(target.values()))
    excluded = st.none() | _included()
    return st.tuples(included, excluded).map(
        lambda both: both[0] if both[1] is None else {**both[0], "exclude": both[1]}
    )


_amounts = st.integers(1, 60)
_rates = st.integers(1, 10_000)
_effects: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "set_price": st.fixed_dictionaries({"price_minor": st.integers(0, 60)}),
    "percent_off": st.fixed_dictionaries(
        {"off_bps": _rates}, optional={"cap_minor": st.integers(0, 30)}
    ),
    "amount_off": st.fixed_dictionaries(
        {"amount_minor": _amounts},
        optional={"per": st.sampled_from(["AMOUNT_PER_LINE", "AMOUNT_PER_POOL"])},
    )
    | st.fixed_dictionaries(
        {"amount_minor": _amounts, "per": st.just("AMOUNT_PER_UNIT")},
        optional={"unit_limit": st.integers(0, 4)},
    ),
    "threshold_off": st.fixed_dictionaries(
        {
            "tiers": st.lists(
                st.tuples(st.integers(1, 150), st.integers(1, 100)),
                min_size=1,
                max_size=3,
                unique_by=lambda tier: tier[0],
            ).map(
                lambda tiers: [
                    {"min_amount_minor": least, "amount_off_minor": min(least, off)}
                    for least, off in sorted(tiers)
                ]
            )
        }
    ),
}
_kinds = [
    ("promotion_price", "set_price"),
    ("promotion_price", "percent_off"),
    ("promotion_price", "amount_off"),
    ("item_discount", "percent_off"),
    ("item_discount", "amount_off"),
    ("item_coupon", "set_price"),
    ("item_coupon", "amount_off"),
    ("order_threshold", "threshold_off"),
    ("order_coupon", "threshold_off"),
    ("order_coupon", "percent_off"),
]
_funding = st.sampled_from([(10_000,), (5_000, 5_000), (3_333, 3_333, 3_334), (1, 9_999)])
_conditions = st.fixed_dictionaries(
    {"min_amount": st.fixed_dictionaries({"amount_minor": st.integers(1, 120)})}
) | st.fixed_dictionaries(
    {
        "min_quantity": st.fixed_dictionaries(
            {"quantity": st.integers(1, 5)}, optional={"products": product_targets()}
        )
    }
)


@st.composite
def specs(draw: st.DrawFn) -> ab.ActivitySpec:
    template_id, effect = draw(st.sampled_from(_kinds))
    fields: dict[str, Any] = {effect: draw(_effects[effect]), "products": draw(product_targets())}
    if template_id != "promotion_price":
        fields["conditions"] = draw(st.lists(_conditions, max_size=2))
    if draw(st.booleans()):
        fields["stores"] = draw(st.sampled_from([{"store_ids": ["s1"]}, {"set_ids": ["stores1"]}]))
    if draw(st.booleans()):
        fields["users"] = draw(
            st.sampled_from([{"set_ids": ["users1"]}, {"user_groups": ["gold"]}])
        )
    funding = draw(_funding)
    fields["funding"] = [{"funder": f"f{n}", "share_bps": bps} for n, bps in enumerate(funding)]
    if draw(st.integers(0, 3)) == 0:
        fields["schedule"] = draw(
            st.sampled_from([{"ends_at": NOW}, {"starts_at": NOW + timedelta(seconds=1)}])
        )
    return spec(template_id, priority=draw(st.integers(-1, 1)), **fields)


@st.composite
def activities(draw: st.DrawFn, activity_id: str, version: int = 1) -> LiveActivity:
    run_state = draw(st.sampled_from([RunState.PUBLISHED] * 4 + [RunState.PAUSED]))
    stated = draw(specs() | st.just(spec("price_book", price_book={})))
    return compiled.live(activity_id, stated, version=version, run_state=run_state)


def set_members(set_id: str) -> st.SearchStrategy[tuple[str, list[str]]]:
    kind = SETS[set_id]
    members = st.lists(st.sampled_from(MEMBERS[kind]), unique=True)
    return members.map(lambda chosen: (kind, chosen))


def entries(*, starts: int = 4) -> st.SearchStrategy[Entry]:
    """Entries of few products, stores and starts, around NOW."""
    day_us = 86_400_000_000
    return st.builds(
        lambda sku, stores, start, days, op, value, per: Entry(
            sku,
            stores,
            micros(NOW) + (start - starts // 2) * day_us,
            micros(NOW) + (start - starts // 2 + days) * day_us,
            op,
            0 if op == REMOVED else value,
            per if op == Op.UNIT_OFF else 1,
        ),
        st.sampled_from(SKUS[:3]),
        st.sampled_from(["", "stores1", "stores2"]),
        st.integers(0, starts - 1),
        st.integers(1, 3),
        st.sampled_from([REMOVED, int(Op.UNIT_PRICE), int(Op.UNIT_OFF), int(Op.LINE_PERCENT)]),
        st.integers(0, 100),
        st.integers(1, 4),
    )


@dataclass
class Offers:
    """A catalogue and what it was made of."""

    catalogue: Catalogue
    activities: list[LiveActivity]
    sets: Mapping[str, tuple[str, list[str]]]
    entries: list[Entry] = field(default_factory=list)


@st.composite
def offers(draw: st.DrawFn) -> Offers:
    made = [draw(activities(f"a{number}")) for number in range(draw(st.integers(0, 6)))]
    sets = {set_id: draw(set_members(set_id)) for set_id in SETS}
    rows = draw(st.lists(entries(), max_size=6))
    books = {activity.activity_id: compiled.book(rows) for activity in made if activity.is_book}
    return Offers(compiled.catalogue(made, sets=sets, books=books), made, sets, rows)


def cart_lines(line_id: str) -> st.SearchStrategy[qb.CartLine]:
    return st.builds(
        lambda sku, quantity, list_minor, tags, store_id, position, facts: qb.CartLine(
            line_id=line_id,
            sku=sku,
            quantity=quantity,
            list_minor=list_minor,
            tags=tags,
            store_id=store_id,
            position=position,
            **facts,
        ),
        st.sampled_from(SKUS),
        st.integers(1, 4),
        st.integers(0, 60),
        some(TAGS),
        st.sampled_from(["", *STORES]),
        st.integers(-1, 1),
        st.fixed_dictionaries(
            {},
            optional={
                "category_path": st.sampled_from([*CATEGORIES, "x/other", ""]),
                "brand": st.sampled_from([*BRANDS, "other"]),
            },
        ),
    )


@st.composite
def carts(draw: st.DrawFn, made: list[LiveActivity]) -> qb.QuoteRequest:
    lines = [draw(cart_lines(f"l{number}")) for number in range(draw(st.integers(1, 5)))]
    names = [activity.activity_id for activity in made] + ["unknown"]
    credentials = [
        qb.Credential(credential_id=f"c{number}", activity_id=name)
        for number, name in enumerate(draw(st.lists(st.sampled_from(names), max_size=4)))
    ]
    for credential in credentials:
        if draw(st.booleans()):
            expires_at = NOW + timedelta(hours=draw(st.integers(-1, 2)))
            credential.expires_at.FromDatetime(expires_at.astimezone(UTC))
    return qb.QuoteRequest(
        currency="USD",
        lines=lines,
        credentials=credentials,
        store_id=draw(st.sampled_from(["", *STORES])),
        user_id=draw(st.sampled_from(["", *USERS])),
        user_groups=draw(st.sampled_from([[], ["gold"], ["silver"]])),
        explain=draw(st.booleans()),
    )


@st.composite
def quotes(draw: st.DrawFn) -> tuple[Offers, qb.QuoteRequest]:
    """A catalogue and a cart that it may have something for."""
    made = draw(offers())
    return made, draw(carts(made.activities))

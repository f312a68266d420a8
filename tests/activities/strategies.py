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
from rangli.activities.program import Kind
from rangli.activities.spec import Entitlement
from rangli.activities.templates import TEMPLATES
from rangli.core.clock import micros
from rangli.funds.model import Level, PoolLevel
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.activities.parts import (
    BRANDS,
    CATEGORIES,
    CODES,
    EFFECTS,
    POOLS,
    SKUS,
    TAGS,
    conditions,
    further,
    product_targets,
    some,
)
from tests.world import NOW, spec

STORES = ["s1", "s2"]
USERS = ["ann", "bob"]
SETS = {"products1": "PRODUCT", "products2": "PRODUCT", "stores1": "STORE", "users1": "USER"}
MEMBERS = {"PRODUCT": SKUS, "STORE": STORES, "USER": USERS}


@st.composite
def specs(draw: st.DrawFn) -> ab.ActivitySpec:
    """A spec of any template, with any of its effects, conditions and further fields."""
    template = draw(
        st.sampled_from([t for t in TEMPLATES.values() if t.effects != ("price_book",)])
    )
    kinds = draw(st.lists(st.sampled_from(template.effects), min_size=1, max_size=2))
    effect, *more = [{kind: draw(EFFECTS[kind])} for kind in kinds]
    fields: dict[str, Any] = {**effect, **draw(further()), "more_effects": more}
    if template.needs_products:
        fields["products"] = draw(st.just({"all": True}) | product_targets())
        if "bundle" in kinds:
            fields["products"]["all"] = True  # whatever its parts are
    if template.conditions:
        fields["conditions"] = draw(st.just([]) | st.lists(conditions(), max_size=2))
    fields["layer"] = f"LAYER_{draw(st.sampled_from(template.layers)).name}"
    entitlement = draw(st.sampled_from(template.entitlements))
    fields["entitlement"] = f"ENTITLEMENT_{entitlement.name}"
    if entitlement is Entitlement.CREDENTIAL and draw(st.booleans()):
        fields["public_code"] = draw(st.sampled_from(CODES))
    if draw(st.integers(0, 3)) == 0:
        fields["stores"] = draw(st.sampled_from([{"store_ids": ["s1"]}, {"set_ids": ["stores1"]}]))
    if draw(st.integers(0, 3)) == 0:
        fields["users"] = draw(
            st.sampled_from([{"set_ids": ["users1"]}, {"user_groups": ["gold"]}])
        )
    if draw(st.integers(0, 7)) == 0:
        fields["schedule"] = draw(
            st.sampled_from([{"ends_at": NOW}, {"starts_at": NOW + timedelta(seconds=1)}])
        )
    if draw(st.integers(0, 3)) == 0:
        fields["amounts"] = draw(_further_amounts(kinds, fields))
    if "trade_up" in kinds:  # whose goods must not count
        for each in (fields, *fields.get("amounts", ())):
            counted = [c for c in each.get("conditions", ()) if "with_delivery" not in str(c)]
            each["conditions"] = counted
    return spec(template.template_id, priority=draw(st.integers(-1, 1)), **fields)


@st.composite
def _further_amounts(
    draw: st.DrawFn, kinds: list[str], fields: dict[str, Any]
) -> list[dict[str, Any]]:
    """Amounts for euros, and for one channel: of all parts that the activity has."""
    made = []
    for carts in ({"currency": "EUR"}, {"channels": ["app"]}):
        effect, *more = [{kind: draw(EFFECTS[kind])} for kind in kinds]
        amounts: dict[str, Any] = {**carts, "effect": effect, "more_effects": more}
        if fields.get("conditions"):
            amounts["conditions"] = draw(st.lists(conditions(), min_size=1, max_size=2))
        if "cap_minor" in fields:
            amounts["cap_minor"] = draw(st.integers(0, 30))
        if "multiplier" in fields:
            amounts["multiplier"] = {
                "measure": "MEASURE_QUANTITY",
                "every": draw(st.integers(1, 3)),
            }
        if "products" in fields:
            low = draw(st.integers(0, 40))
            prices = {"min_list_minor": low, "max_list_minor": draw(st.integers(low, 60))}
            amounts["products"] = {**fields["products"], **prices}
        made.append(amounts)
    return made[: draw(st.integers(1, 2))]


@st.composite
def activities(draw: st.DrawFn, activity_id: str, version: int = 1) -> LiveActivity:
    run_state = draw(st.sampled_from([RunState.PUBLISHED] * 4 + [RunState.PAUSED]))
    is_book = draw(st.integers(0, 5)) == 0
    stated = spec("price_book", price_book={}) if is_book else draw(specs())
    return compiled.live(activity_id, stated, version=version, run_state=run_state)


def set_members(set_id: str) -> st.SearchStrategy[tuple[str, list[str]]]:
    kind = SETS[set_id]
    members = st.lists(st.sampled_from(MEMBERS[kind]), unique=True)
    return members.map(lambda chosen: (kind, chosen))


def entries(*, starts: int = 4) -> st.SearchStrategy[Entry]:
    """Entries of few products, stores and starts, around NOW."""
    day_us = 86_400_000_000
    return st.builds(
        lambda sku, stores, start, days, kind, value, per: Entry(
            sku,
            stores,
            micros(NOW) + (start - starts // 2) * day_us,
            micros(NOW) + (start - starts // 2 + days) * day_us,
            kind,
            0 if kind == REMOVED else value,
            per if kind == Kind.OFF else 1,
        ),
        st.sampled_from(SKUS[:3]),
        st.sampled_from(["", "stores1", "stores2"]),
        st.integers(0, starts - 1),
        st.integers(1, 3),
        st.sampled_from([REMOVED, int(Kind.PRICE), int(Kind.OFF), int(Kind.PERCENT)]),
        st.integers(0, 100),
        st.integers(1, 4),
    )


@st.composite
def pool_levels(draw: st.DrawFn) -> dict[str, PoolLevel]:
    """Mostly there is money left."""
    levels = {}
    for pool_id in POOLS:
        level = draw(st.sampled_from([Level.OK, Level.OK, *Level]))
        until = draw(st.sampled_from([None, NOW, NOW + timedelta(seconds=1)]))
        levels[pool_id] = PoolLevel(level, until if level is Level.PAUSED else None)
    return levels


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
    levels = draw(pool_levels())
    catalogue = compiled.catalogue(made, sets=sets, books=books, pool_levels=levels)
    return Offers(catalogue, made, sets, rows)


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
        for number, name in enumerate(draw(st.lists(st.sampled_from(names), max_size=6)))
    ]
    for credential in credentials:
        if draw(st.booleans()):
            expires_at = NOW + timedelta(hours=draw(st.integers(-1, 2)))
            credential.expires_at.FromDatetime(expires_at.astimezone(UTC))
    return qb.QuoteRequest(
        currency=draw(st.sampled_from(["USD", "USD", "USD", "EUR"])),
        channel=draw(st.sampled_from(["", "web", "app"])),
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

"""Hints without a server: asked for, followed, and carts that have some."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue
from rangli.core.money import share_half_up
from rangli.pricing.answer_rpc import message
from rangli.pricing.asked import asked
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.hint_rpc import hint_message
from rangli.pricing.hints import hints
from rangli.pricing.quote import priced, quote
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.activities.strategies import Offers
from tests.pricing.carts import Problem
from tests.world import NOW, cart, coupon, line, spec


def hinted(catalogue: Catalogue, request: qb.QuoteRequest) -> list[qb.Hint]:
    made = asked(catalogue, cart_of(request, NOW))
    return [hint_message(hint) for hint in hints(made, priced(made))]


def answered(catalogue: Catalogue, request: qb.QuoteRequest) -> qb.QuoteResponse:
    return message(quote(catalogue, cart_of(request, NOW)))


def followed(request: qb.QuoteRequest, hint: qb.Hint) -> qb.QuoteRequest:
    """What the caller sends who follows the hint, as its comments say."""
    after = qb.QuoteRequest()
    after.CopyFrom(request)
    more = {change.line_id: change.units for change in hint.more}
    for told in after.lines:
        told.quantity += more.pop(told.line_id, 0)
    assert not more
    kept = [told for told in after.lines if told.quantity]
    if hint.like_line_id:
        (like,) = [told for told in request.lines if told.line_id == hint.like_line_id]
        added = qb.CartLine(
            line_id="more",
            sku=like.sku,
            quantity=1,
            list_minor=hint.amount_minor,
            tags=like.tags,
            store_id=like.store_id,
            position=2**31 - 1,
        )
        for name in ("category_path", "brand"):
            if like.HasField(name):
                setattr(added, name, getattr(like, name))
        if like.HasField("other_list_minor"):
            other = like.other_list_minor
            if like.list_minor:
                other = share_half_up(hint.amount_minor, other, like.list_minor)
            added.other_list_minor = other
        kept.append(added)
    del after.lines[:]
    after.lines.extend(kept)
    shown = [c for c in after.credentials if c.credential_id != hint.credential_id]
    del after.credentials[:]
    after.credentials.extend(shown)
    codes = [code for code in after.codes if code.casefold() != hint.code.casefold()]
    del after.codes[:]
    after.codes.extend(codes)
    return after


@st.composite
def _lines(draw: st.DrawFn, line_id: str) -> qb.CartLine:
    list_minor, quantity = draw(st.integers(1, 60)), draw(st.integers(1, 4))
    made = line(line_id, list_minor, quantity, sku=draw(st.sampled_from("abc")))
    made.position = draw(st.integers(-1, 1))
    if draw(st.integers(0, 5)) == 0:
        made.floor_minor = draw(st.integers(0, list_minor))
    if draw(st.integers(0, 5)) == 0:
        made.outside_off_minor = draw(st.integers(0, list_minor * quantity))
    return made


@st.composite
def close(draw: st.DrawFn) -> Problem:
    """Offers that are nearly reached, or stand in each other's way, and a cart of a few lines."""
    amounts, units, bps = st.integers(1, 400), st.integers(1, 12), st.sampled_from([500, 5_000])
    off = st.fixed_dictionaries({"off_bps": bps}) | st.fixed_dictionaries(
        {"amount_off_minor": st.integers(1, 60)}
    )
    comparisons = ["AT_LEAST", "ABOVE", "EQUAL", "AT_MOST", "BELOW"]

    def tiers(name: str, least: st.SearchStrategy[int]) -> dict[str, Any]:
        minima = draw(st.lists(least, min_size=1, max_size=2, unique=True).map(sorted))
        return {"tiers": [{name: minimum, **draw(off)} for minimum in minima]}

    def compare() -> dict[str, Any]:
        measure = draw(st.sampled_from(["AMOUNT", "QUANTITY", "LINE_QUANTITY", "DISTINCT"]))
        found = {
            "measure": f"MEASURE_{measure}",
            "comparison": f"COMPARISON_{draw(st.sampled_from(comparisons))}",
            "value": draw(amounts if measure == "AMOUNT" else units),
        }
        one = {"compare": found}
        return {"not_any": {"conditions": [one]}} if draw(st.integers(0, 4)) == 0 else one

    def stated() -> ab.ActivitySpec:
        fields: dict[str, Any] = {"conditions": [compare() for _ in range(draw(st.integers(0, 2)))]}
        kinds = {
            "order_threshold": lambda: {
                "threshold_off": tiers("min_amount_minor", st.integers(60, 400))
            },
            "order_coupon": lambda: {"threshold_off": tiers("min_quantity", units)},
            "item_discount": lambda: {"percent_off": {"off_bps": draw(bps)}},
            "item_coupon": lambda: {"amount_off": {"amount_minor": draw(st.integers(1, 60))}},
            "nth_unit": lambda: {"nth_unit": {"n": 3, "benefit": {"off_bps": 5_000}}},
            "n_for_price": lambda: {"n_for_price": {"quantity": 3, "price_minor": draw(amounts)}},
        }
        template_id = draw(st.sampled_from(sorted(kinds)))
        stacking = {"exclusive": draw(st.integers(0, 3)) == 0}
        skus = draw(st.sampled_from([["a"], ["b"], []]))
        products = {"skus": skus} if skus else {"all": True}
        fields |= kinds[template_id]()
        return spec(template_id, stacking=stacking, products=products, **fields)

    live = [compiled.live(f"x{number}", stated()) for number in range(draw(st.integers(1, 4)))]
    lines = [draw(_lines(f"l{number}")) for number in range(draw(st.integers(1, 3)))]
    request = cart(*lines, policy_id=draw(st.sampled_from(["", "best"])))
    request.credentials.extend(
        coupon(each.activity_id, each.activity_id) for each in live if each.credential
    )
    return Offers(compiled.catalogue(live), live, {}), request

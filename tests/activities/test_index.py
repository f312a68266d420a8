"""The inverted index finds exactly what asking every activity would find."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import evolve
from rangli.activities.matching import ProductFacts, category_and_above, matches
from rangli.activities.model import RunState
from rangli.activities.scope import Deliveries, Products, lines_of
from rangli.activities.targets import DeliveryTarget, ProductTarget, Remainder
from rangli.core.clock import micros
from rangli.v1 import activity_pb2 as ab
from rangli.wire.convert import to_struct
from tests.activities import compiled
from tests.activities.parts import SKUS, product_targets, some
from tests.activities.strategies import Offers, cart_lines, offers
from tests.world import NOW, spec

thorough = settings(max_examples=100, deadline=None)
_NOW_US = micros(NOW)


def facts_of(line, sets: dict) -> ProductFacts:
    return ProductFacts(
        line.sku,
        category_and_above(line.category_path) if line.HasField("category_path") else None,
        line.brand if line.HasField("brand") else None,
        tuple(line.tags),
        tuple(name for name, (_, members) in sets.items() if line.sku in members),
        line.list_minor,
    )


def stated(target: ProductTarget, line, sets: dict, *, unknown: bool = False) -> bool:
    """Whether the line is in the target's lists, as the proto says it; `unknown` counts as in."""
    if line.list_minor < target.min_list_minor:
        return False
    if target.max_list_minor and line.list_minor > target.max_list_minor:
        return False
    above = [""] if not line.HasField("category_path") else line.category_path.split("/")
    paths = ["/".join(above[:depth]) for depth in range(1, len(above) + 1)]
    found = [
        target.all,
        line.sku in target.skus,
        any(line.sku in sets[name][1] for name in target.set_ids),
        bool(set(line.tags) & set(target.tags)),
    ]
    if line.HasField("category_path"):
        found.append(bool(set(paths) & set(target.category_paths)))
    else:
        found.append(unknown and bool(target.category_paths))
    if line.HasField("brand"):
        found.append(line.brand in target.brands)
    else:
        found.append(unknown and bool(target.brands))
    return any(found)


@thorough
@given(product_targets(), cart_lines("l"), st.lists(st.sampled_from(SKUS)), some(SKUS))
def test_a_product_is_in_a_target_as_the_words_say(target, line, members1, members2) -> None:
    sets = {"products1": ("PRODUCT", members1), "products2": ("PRODUCT", members2)}
    message = ab.ProductTarget(**{k: v for k, v in target.items() if k != "exclude"})
    if "exclude" in target:
        message.exclude.MergeFrom(ab.ProductTarget(**target["exclude"]))
        message.exclude.SetInParent()
    struct = to_struct(message, ProductTarget, "products")

    found = matches(Products.of(struct), facts_of(line, sets))

    excluded = struct.exclude is not None and stated(struct.exclude, line, sets, unknown=True)
    assert found == (stated(struct, line, sets) and not excluded)


@thorough
@given(offers(), st.lists(cart_lines("l"), min_size=1, max_size=4))
def test_the_index_finds_what_asking_everybody_finds(made: Offers, lines) -> None:
    index = made.catalogue.index
    products = {k: v for k, v in made.sets.items() if v[0] == "PRODUCT"}
    for line in lines:
        expected = facts_of(line, products)
        category = line.category_path if line.HasField("category_path") else None
        brand = line.brand if line.HasField("brand") else None
        facts = index.facts(line.sku, category, brand, tuple(line.tags), line.list_minor)
        assert set(facts.set_ids) == set(expected.set_ids)

        everything = {
            a
            for a in made.activities
            if any(each.products and matches(each.products, facts) for each in a.variants)
        }
        assert names(index.touching(facts)) == names(everything)
        for at_us in (_NOW_US - 1, _NOW_US, 2**62):
            acting = {a for a in everything if not a.credential and a.until_us > at_us}
            assert names(index.acting(facts, at_us)) == names(acting)


def names(found) -> list[str]:
    return sorted(activity.activity_id for activity in found)


def test_a_category_covers_what_is_below_it_and_no_namesake() -> None:
    assert category_and_above("a/b/c") == ("a/b/c", "a/b", "a")
    assert category_and_above("ab") == ("ab",)
    assert category_and_above(None) is None


def test_what_is_over_stands_behind_what_runs_so_that_searches_stop_before_it() -> None:
    discount = {"off_bps": 1}
    over = [
        compiled.live(
            f"old{n}", spec("item_discount", percent_off=discount, schedule={"ends_at": NOW})
        )
        for n in range(50)
    ]
    held = compiled.live(
        "held", spec("item_discount", percent_off=discount), run_state=RunState.PAUSED
    )
    running = compiled.live("running", spec("item_discount", percent_off=discount))

    index = compiled.catalogue([held, *over, running]).index

    posted = index.open_by_term["all"]
    assert (posted[0], posted[-1], len(posted)) == (running, held, 52)
    facts = index.facts("a", None, None, (), 100)
    assert index.acting(facts, _NOW_US) == [running]
    assert len(index.acting(facts, _NOW_US - 1)) == 51
    assert len(index.touching(facts)) == 52


def one(target: ProductTarget, list_minor: int, *, sku: str = "a") -> bool:
    facts = ProductFacts(sku, None, None, (), (), list_minor)
    return matches(Products.of(target), facts)


def test_a_price_band_holds_its_ends() -> None:
    band = ProductTarget(all=True, min_list_minor=10, max_list_minor=20)

    assert [price for price in range(30) if one(band, price)] == list(range(10, 21))


def test_what_is_excluded_by_price_is_cleared_outside_of_the_band() -> None:
    # Whether it is one of the brand is not known, but it costs too much to be excluded.
    dear = ProductTarget(all=True, exclude=ProductTarget(brands=("p",), max_list_minor=20))

    assert not one(dear, 20)
    assert one(dear, 21)


def test_a_remainder_and_what_it_leaves_out_share_all_lines_among_them() -> None:
    club = ProductTarget(brands=("p",), exclude=ProductTarget(category_paths=("x",)))
    rest = lines_of(Remainder(ProductTarget(all=True), (club,)))
    assert isinstance(rest, Products)

    for brand in (None, "p", "q"):
        for categories in (None, ("x",), ("w",)):
            facts = ProductFacts("a", categories, brand, (), (), 5)
            assert matches(rest, facts) is not matches(Products.of(club), facts)


def test_deliveries_are_told_by_their_methods() -> None:
    assert lines_of(DeliveryTarget(("post", "post"))) == Deliveries(frozenset({"post"}))


def test_an_activity_for_some_prices_acts_on_them_only() -> None:
    band = {"all": True, "max_list_minor": 50}
    cheap = compiled.live("cheap", spec("item_discount", percent_off={"off_bps": 1}, products=band))
    index = compiled.catalogue([cheap]).index

    for list_minor, expected in ((50, [cheap]), (51, [])):
        facts = index.facts("a", None, None, (), list_minor)
        assert index.acting(facts, _NOW_US) == index.touching(facts) == expected


def test_a_public_code_finds_its_activities_in_any_letter_case() -> None:
    coupons = [
        compiled.live(name, spec("item_coupon", percent_off={"off_bps": 1}, public_code=code))
        for name, code in (("b", "Spring-25"), ("a", "SPRING-25"), ("c", "MAY"))
    ]
    plain = compiled.live("d", spec("item_coupon", percent_off={"off_bps": 1}))

    made = compiled.catalogue([*coupons, plain])

    assert made.by_code == {"spring-25": ("a", "b"), "may": ("c",)}
    assert evolve(made, 2, activities={"a": None, "c": None}).by_code == {"spring-25": ("b",)}

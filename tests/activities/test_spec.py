"""A spec that says something impossible is refused, naming the field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from rangli.activities.spec import decode, encode
from rangli.core.errors import Invalid
from rangli.v1 import activity_pb2 as ab
from rangli.wire.convert import fill
from tests.activities.compiled import completed
from tests.world import spec

Spoil = Callable[[ab.ActivitySpec], object]


def discount(**fields: object) -> ab.ActivitySpec:
    return spec("item_discount", percent_off={"off_bps": 1000}, **fields)


def threshold(*tiers: dict[str, int], every_multiple: bool = False) -> ab.ActivitySpec:
    return spec("order_threshold", threshold_off={"tiers": tiers, "every_multiple": every_multiple})


def violated(wrong: ab.ActivitySpec) -> list[str]:
    with pytest.raises(Invalid) as refused:
        completed(wrong)
    assert all(violation.description for violation in refused.value.violations)
    return [violation.field for violation in refused.value.violations]


def put(path: str, value: object) -> Spoil:
    """Sets a field: a list adds to what is there, a dict fills a message."""

    def spoil(message: Any) -> None:
        *above, last = path.split(".")
        for name in above:
            message = getattr(message, name)
        if isinstance(value, list):
            for item in value:
                added = getattr(message, last)
                added.add(**item) if isinstance(item, dict) else added.append(item)
        elif isinstance(value, dict):
            message.ClearField(last)
            kind = message.DESCRIPTOR.fields_by_name[last].message_type.name
            getattr(message, last).CopyFrom(getattr(ab, kind)(**value))
        else:
            setattr(message, last, value)

    return spoil


def clear(path: str) -> Spoil:
    """Leaves a field out."""

    def spoil(message: Any) -> None:
        *above, last = path.split(".")
        for name in above:
            message = getattr(message, name)
        message.ClearField(last)

    return spoil


def windows(*windows: dict[str, object]) -> Spoil:
    return put("schedule.weekly_windows", list(windows))


def if_quantity(**fields: object) -> Spoil:
    return put("conditions", [{"min_quantity": {"quantity": 1, **fields}}])


def if_amount(**fields: object) -> Spoil:
    return put("conditions", [{"min_amount": fields}])


def effect(**kind: object) -> Spoil:
    return put("effect", kind)


def multiplier(**fields: object) -> Spoil:
    return put("multiplier", fields)


def band(path: str) -> Spoil:
    """Prices that no unit can have."""

    def spoil(message: ab.ActivitySpec) -> None:
        put(f"{path}.all", True)(message)
        put(f"{path}.min_list_minor", 6)(message)
        put(f"{path}.max_list_minor", 5)(message)

    return spoil


NUMBERED = [str(number) for number in range(1001)]
FUNDER = {"funder": "x", "share_bps": 1}
MON = {"days": [1], "to_minute": 60}
DAWN = {"day_start_minute": 1_440}
TAKEN = {"most": 1, "name": "user-lifetime-uses"}
SPOILT: list[tuple[str, Spoil]] = [
    ("template_id", clear("template_id")),
    ("template_id", put("template_id", "nonsense")),
    ("template_id", put("template_id", "item_discount\n")),
    ("template_id", put("template_id", "{item}")),
    ("display_name", clear("display_name")),
    ("display_name", put("display_name", "n" * 201)),
    ("display_name", put("display_name", "a\0b")),
    ("description", put("description", "n" * 2001)),
    ("description", put("description", "\x1b[31m")),
    ("currency", clear("currency")),
    ("currency", put("currency", "usd")),
    ("entitlement", put("entitlement", 99)),
    ("entitlement", put("entitlement", ab.ENTITLEMENT_CREDENTIAL)),
    ("layer", put("layer", 77)),
    ("layer", put("layer", ab.LAYER_SHIPPING)),
    ("priority", put("priority", 1001)),
    ("priority", put("priority", -1001)),
    ("schedule", clear("schedule")),
    ("schedule.starts_at", clear("schedule.starts_at")),
    ("schedule.starts_at", put("schedule.starts_at.nanos", -1)),
    ("schedule.ends_at", put("schedule.ends_at.seconds", 2**60)),
    ("schedule.ends_at", lambda s: s.schedule.ends_at.CopyFrom(s.schedule.starts_at)),
    ("schedule.time_zone", clear("schedule.time_zone")),
    ("schedule.time_zone", put("schedule.time_zone", "Mars/Olympus")),
    ("schedule.time_zone", put("schedule.time_zone", "../../etc/passwd")),
    ("schedule.time_zone", put("schedule.time_zone", "America")),
    ("schedule.weekly_windows[0].days", windows({"to_minute": 5})),
    ("schedule.weekly_windows[1].days[1]", windows(MON, {"days": [1, 8], "to_minute": 5})),
    ("schedule.weekly_windows[0].days[0]", windows({**MON, "days": [0]})),
    ("schedule.weekly_windows[0].to_minute", windows({"days": [1]})),
    ("schedule.weekly_windows[0].to_minute", windows({**MON, "to_minute": 1441})),
    ("schedule.weekly_windows[0].to_minute", windows({**MON, "from_minute": 60})),
    ("schedule.weekly_windows[0].from_minute", windows({**MON, "from_minute": -1})),
    ("schedule.weekly_windows", windows(*[MON] * 22)),
    ("products", clear("products")),
    ("products", put("products", {})),
    ("products.skus", put("products.skus", NUMBERED)),
    ("products.skus[0]", put("products.skus", [""])),
    ("products.skus[1]", put("products.skus", ["a", "s" * 101])),
    ("products.skus[0]", put("products.skus", ["a\u202eb"])),
    ("products.skus[0]", put("products.skus", ["a\r\nb"])),
    ("products.set_ids[0]", put("products.set_ids", ["{x}"])),
    ("products.set_ids[0]", put("products.set_ids", ["a\n"])),
    ("products.set_ids", put("products.set_ids", NUMBERED[:101])),
    ("products.category_paths[0]", put("products.category_paths", ["bread/"])),
    ("products.category_paths[0]", put("products.category_paths", ["/bread"])),
    ("products.category_paths[0]", put("products.category_paths", ["c" * 201])),
    ("products.brands[0]", put("products.brands", ["\u200b"])),
    ("products.tags[0]", put("products.tags", [""])),
    ("products.exclude.brands[0]", put("products.exclude.brands", ["a\tb"])),
    ("products.exclude.exclude", put("products.exclude.exclude.all", True)),
    ("products.exclude", put("products.exclude.max_list_minor", 5)),
    ("products.min_list_minor", put("products.min_list_minor", -1)),
    ("products.max_list_minor", put("products.max_list_minor", 10**12 + 1)),
    ("products.max_list_minor", band("products")),
    ("products.exclude.max_list_minor", band("products.exclude")),
    ("stores", put("stores", {})),
    ("stores", put("stores.exclude_store_ids", ["s1"])),
    ("stores.store_ids[0]", put("stores.store_ids", ["\n"])),
    ("stores.set_ids[0]", put("stores.set_ids", ["a b"])),
    ("users", put("users.exclude_set_ids", ["staff"])),
    ("users.user_groups[0]", put("users.user_groups", ["\x7f"])),
    ("channels[0]", put("channels", [""])),
    ("channels[0]", put("channels", ["a\nb"])),
    ("channels", put("channels", NUMBERED[:51])),
    ("conditions[0]", put("conditions", [{}])),
    ("conditions[0].min_amount.amount_minor", if_amount()),
    ("conditions[0].min_amount.amount_minor", if_amount(amount_minor=10**13 + 1)),
    ("conditions[0].min_amount.base", if_amount(amount_minor=1, base=9)),
    ("conditions[0].min_quantity.products", if_quantity(products={})),
    ("conditions[0].min_quantity.products.skus[0]", if_quantity(products={"skus": ["\n"]})),
    ("conditions", put("conditions", [{"min_quantity": {"quantity": 1}}] * 11)),
    ("effect", clear("effect")),
    ("effect", clear("effect.kind")),
    ("effect", effect(set_price={"price_minor": 1})),
    ("effect.percent_off.off_bps", effect(percent_off={"off_bps": 10_001})),
    ("effect.percent_off.off_bps", effect(percent_off={})),
    ("effect.percent_off.off_bps", effect(percent_off={"off_bps": -1})),
    ("effect.percent_off.cap_minor", effect(percent_off={"off_bps": 1, "cap_minor": -1})),
    (
        "effect.percent_off.per",
        effect(percent_off={"off_bps": 1, "unit_limit": 1, "limit_bounds_money": True}),
    ),
    (
        "effect.percent_off.unit_limit",
        effect(percent_off={"off_bps": 1, "per": 3, "limit_bounds_money": True}),
    ),
    (
        "effect.percent_off.unit_limit",
        effect(percent_off={"off_bps": 1, "per": 3, "unit_limit": 1}),
    ),
    (
        "effect.percent_off.pick",
        effect(
            percent_off={
                "off_bps": 1,
                "per": 3,
                "unit_limit": 1,
                "pick": 2,
                "limit_bounds_money": True,
            }
        ),
    ),
    ("effect.amount_off.amount_minor", effect(amount_off={})),
    ("effect.amount_off.amount_minor", effect(amount_off={"amount_minor": 2**62})),
    ("effect.amount_off.per", effect(amount_off={"amount_minor": 1, "per": 8})),
    ("effect.amount_off.unit_limit", effect(amount_off={"amount_minor": 1, "unit_limit": 1})),
    ("more_effects[0]", put("more_effects", [{}])),
    ("more_effects", put("more_effects", [{"percent_off": {"off_bps": 1}}] * 10)),
    ("cap_minor", put("cap_minor", -1)),
    ("cap_minor", put("cap_minor", 10**13 + 1)),
    ("multiplier.measure", multiplier(every=1)),
    ("multiplier.measure", multiplier(measure="MEASURE_LINE_QUANTITY", every=1)),
    ("multiplier.every", multiplier(measure="MEASURE_AMOUNT")),
    ("multiplier.every", multiplier(measure="MEASURE_QUANTITY", every=10**9 + 1)),
    ("multiplier.most", multiplier(measure="MEASURE_AMOUNT", every=1, most=-1)),
    ("multiplier.base", multiplier(measure="MEASURE_DISTINCT", every=1, base=2)),
    ("multiplier.products", multiplier(measure="MEASURE_AMOUNT", every=1, products={})),
    ("stacking.labels[1]", put("stacking.labels", ["a", ""])),
    ("stacking.labels[0]", put("stacking.labels", ["\u200b"])),
    ("stacking.labels", put("stacking.labels", NUMBERED[:11])),
    ("stacking.exclusion_group", put("stacking.exclusion_group", "g" * 101)),
    ("stacking.exclusion_group", put("stacking.exclusion_group", "\u2066")),
    ("stacking.combines_with", put("stacking.combines_with", NUMBERED[:11])),
    ("stacking.combines_with[0]", put("stacking.combines_with", ["a\u200b"])),
    ("stacking.stop.scope", put("stacking.stop.if_matched", True)),
    ("stacking.stop.scope", put("stacking.stop.scope", 9)),
    ("rounding.mode", put("rounding.mode", 9)),
    ("rounding.of", put("rounding.of", 9)),
    ("rounding.weight", put("rounding.weight", 9)),
    ("rounding.share_mode", put("rounding.share_mode", 9)),
    ("rounding.leftover", put("rounding.leftover", 9)),
    ("discount_base", put("discount_base", ab.CONDITION_BASE_OTHER_PRICE)),
    ("discount_base", put("discount_base", 99)),
    ("price_basis", put("price_basis", 99)),
    ("when_short", put("when_short", 99)),
    ("refund_policy", put("refund_policy", 99)),
    ("funding", clear("funding")),
    ("funding[0].share_bps", lambda s: setattr(s.funding[0], "share_bps", 10_001)),
    ("funding", lambda s: setattr(s.funding[0], "share_bps", 9_999)),
    ("funding", put("funding", [FUNDER])),
    ("funding[0].funder", lambda s: setattr(s.funding[0], "funder", "")),
    ("funding[0].funder", lambda s: setattr(s.funding[0], "funder", "a\u2066b")),
    ("funding[0].pool_id", lambda s: setattr(s.funding[0], "pool_id", "no pool")),
    ("slow_share_bps", put("slow_share_bps", -1)),
    ("slow_share_bps", put("slow_share_bps", 10_001)),
    ("limits", put("limits", [{"subject": 2, "most": 1, "name": f"l{n}"} for n in range(11)])),
    ("limits[0].subject", put("limits", [{"most": 1}])),
    ("limits[0].subject", put("limits", [{"subject": 7, "most": 1}])),
    ("limits[0].period", put("limits", [{"subject": 2, "most": 1, "period": 7}])),
    ("limits[0].measure", put("limits", [{"subject": 2, "most": 1, "measure": 4}])),
    ("limits[0].most", put("limits", [{"subject": 2}])),
    ("limits[0].most", put("limits", [{"subject": 2, "most": 10**13 + 1}])),
    ("limits[0].day_start_minute", put("limits", [{"subject": 2, "most": 1} | DAWN])),
    ("limits[0].name", put("limits", [{"subject": 2, "most": 1, "name": "No"}])),
    ("limits[0].name", put("limits", [{"subject": 2, "most": 1, "name": "l" * 41}])),
    ("limits[1].name", put("limits", [{"subject": 2, "most": 1}, {"subject": 2, "most": 2}])),
    ("limits[1].name", put("limits", [{"subject": 2, "most": 1}, {"subject": 3} | TAKEN])),
]


@pytest.mark.parametrize(
    ("field", "spoil"), SPOILT, ids=[f"{n}-{field}" for n, (field, _) in enumerate(SPOILT)]
)
def test_the_field_that_is_wrong_is_named(field: str, spoil: Spoil) -> None:
    wrong = discount()

    spoil(wrong)

    assert violated(wrong) == [f"spec.{field}"]


def test_each_funder_bears_one_share() -> None:
    twice = [{"funder": "shop", "share_bps": 5000}] * 2

    assert violated(discount(funding=twice)) == ["spec.funding"]


def test_one_funder_at_most_takes_the_remainder() -> None:
    both = [
        {"funder": name, "share_bps": 5000, "takes_remainder": True} for name in ("shop", "brand")
    ]

    assert violated(discount(funding=both)) == ["spec.funding"]


def test_nobody_at_all_is_a_share_too_and_survives() -> None:
    kept = completed(discount(slow_share_bps=0))

    assert kept.slow_share_bps == decode(encode(kept)).slow_share_bps == 0
    assert fill(ab.ActivitySpec(), kept).slow_share_bps == 0
    assert fill(ab.ActivitySpec(), kept).HasField("slow_share_bps")
    assert completed(discount()).slow_share_bps == 5_000


@pytest.mark.parametrize(
    ("tiers", "field"),
    [
        ([], "tiers"),
        ([{"min_amount_minor": 100}], "tiers[0]"),
        ([{"amount_off_minor": 100}], "tiers[0]"),
        ([{"min_amount_minor": 5, "amount_off_minor": 6}], "tiers[0].amount_off_minor"),
        ([{"min_amount_minor": 5, "off_bps": 10_001}], "tiers[0].off_bps"),
        ([{"min_amount_minor": 5, "amount_off_minor": 5, "cap_minor": 1}], "tiers[0].cap_minor"),
        ([{"min_amount_minor": 5, "off_bps": 1}] * 2, "tiers[1].min_amount_minor"),
        (
            [{"min_amount_minor": 5, "off_bps": 1}, {"min_amount_minor": 4, "off_bps": 2}],
            "tiers[1].min_amount_minor",
        ),
        ([{"min_amount_minor": n + 1, "off_bps": 1} for n in range(21)], "tiers"),
    ],
)
def test_tiers_must_rise_and_give_one_thing_each(tiers: list[dict[str, int]], field: str) -> None:
    assert violated(threshold(*tiers)) == [f"spec.effect.threshold_off.{field}"]


@pytest.mark.parametrize(
    "tiers",
    [
        [{"min_amount_minor": 100, "off_bps": 1}],
        [{"min_amount_minor": n, "amount_off_minor": 1} for n in (100, 200)],
    ],
)
def test_only_a_single_amount_can_be_given_again_and_again(tiers: list[dict[str, int]]) -> None:
    found = violated(threshold(*tiers, every_multiple=True))

    assert found == ["spec.effect.threshold_off.every_multiple"]


def test_a_price_book_names_no_products_and_has_no_conditions() -> None:
    wrong = spec("price_book", price_book={}, products={"all": True})
    wrong.conditions.add(min_quantity={"quantity": 1})

    assert violated(wrong) == ["spec.conditions[0]", "spec.products"]


def test_a_spec_stored_long_ago_reads_as_it_did() -> None:
    stored = """{"template_id": "order_threshold", "display_name": "Spend", "currency": "USD",
        "entitlement": "OPEN", "layer": "STORE_ORDER", "products": {"all": true},
        "schedule": {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
            "time_zone": "UTC", "weekly_windows": []},
        "conditions": [{"type": "min_amount", "amount_minor": 5, "base": "LIST", "products": null}],
        "effect": {"type": "threshold_off", "every_multiple": false, "tiers": [
            {"min_amount_minor": 9, "amount_off_minor": null, "off_bps": 10, "cap_minor": 0}]},
        "funding": [{"funder": "retailer", "share_bps": 10000}]}"""

    spec_again = decode(stored)

    assert spec_again == completed(
        spec(
            "order_threshold",
            display_name="Spend",
            layer="LAYER_STORE_ORDER",
            conditions=[{"min_amount": {"amount_minor": 5, "base": "CONDITION_BASE_LIST"}}],
            threshold_off={"tiers": [{"min_amount_minor": 9, "off_bps": 10}]},
        )
    )


def test_a_price_book_is_an_activitys_only_effect() -> None:
    both = spec("price_book", price_book={}, more_effects=[{"price_book": {}}])

    assert violated(both) == ["spec.effect", "spec.more_effects[0]"]


def test_what_is_for_deliveries_names_no_products() -> None:
    free = {"benefit": {"off_bps": 10_000}}

    assert violated(spec("shipping_discount", shipping_off=free, products={"all": True})) == [
        "spec.products"
    ]


def test_a_public_code_is_for_what_needs_a_credential() -> None:
    coupon = spec("item_coupon", percent_off={"off_bps": 1}, public_code="May-25")

    assert completed(coupon).public_code == "May-25"
    assert violated(discount(public_code="May-25")) == ["spec.public_code"]


@pytest.mark.parametrize("code", ["ab", "a b", "über", "a_b_c", "abc\n", "a" * 51])
def test_a_public_code_is_letters_digits_and_hyphens(code: str) -> None:
    coupon = spec("item_coupon", percent_off={"off_bps": 1}, public_code=code)

    assert violated(coupon) == ["spec.public_code"]


def test_all_sets_that_an_activity_names_are_known_with_their_kinds() -> None:
    def products(set_id: str) -> dict[str, object]:
        return {"set_ids": [set_id], "exclude": {"set_ids": [f"not-{set_id}"]}}

    quantity = {"min_quantity": {"quantity": 1, "products": products("deep")}}
    stated = spec(
        "bundle",
        bundle={
            "parts": [{"products": products("part"), "quantity": 1}],
            "benefit": {"off_bps": 1},
        },
        products=products("own"),
        conditions=[{"not_any": {"conditions": [{"all_of": {"conditions": [quantity]}}]}}],
        multiplier={"measure": "MEASURE_DISTINCT", "every": 1, "products": products("times")},
        stores={"set_ids": ["region"], "exclude_set_ids": ["islands"]},
        users={"set_ids": ["members"]},
    )

    named = completed(stated).set_ids()

    of_products = {"own", "part", "deep", "times"}
    assert {name for name, kind in named.items() if kind == "PRODUCT"} == of_products | {
        f"not-{name}" for name in of_products
    }
    assert {name for name, kind in named.items() if kind == "STORE"} == {"region", "islands"}
    assert {name for name, kind in named.items() if kind == "USER"} == {"members"}


def test_all_that_is_wrong_beyond_single_fields_is_told_at_once() -> None:
    wrong = discount(currency="EURO", schedule={"time_zone": "Nowhere"})
    wrong.funding[0].share_bps = 1

    assert violated(wrong) == ["spec.schedule.time_zone", "spec.currency", "spec.funding"]


def test_texts_may_have_lines_and_any_script() -> None:
    words = "第二件半价\n\tنيمبها 🎉"

    stated = completed(discount(description=words, display_name="让利"))

    assert stated.description == words


def test_instants_keep_their_microseconds() -> None:
    at = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=UTC)

    assert completed(discount(schedule={"starts_at": at})).schedule.starts_at == at

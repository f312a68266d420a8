"""A message becomes its struct and back, and nothing is lost on the way, nor through JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.activities import spec as specs
from rangli.activities.spec import ActivitySpec
from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid
from rangli.v1 import activity_pb2 as ab
from rangli.wire.convert import enum_number, fill, micros_of, set_timestamp, to_struct
from tests.world import spec

_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
_names = st.lists(_text, max_size=3)
_ids = st.from_regex(r"[A-Za-z0-9_.:-]{1,20}", fullmatch=True)
_instants = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))


def _maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _targets(depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    fields: dict[str, Any] = {
        "all": st.just(True),
        "skus": _names,
        "set_ids": st.lists(_ids, max_size=3),
        "category_paths": _names,
        "brands": _names,
        "tags": _names,
    }
    return _maybe(**fields, **({"exclude": _targets(depth - 1)} if depth else {}))


# Defaults that are said are left out on the way back, so only what differs from them is said.
_PERS = {"set_price": [1, 3], "percent_off": [2, 3], "amount_off": [2, 3], "threshold_off": [2, 3]}
_benefits = st.one_of(
    st.fixed_dictionaries({"off_bps": st.integers(1, 10_000)}),
    st.fixed_dictionaries({"price_minor": st.integers(0, 10**12)}),
)
_tiers = st.fixed_dictionaries(
    {"min_amount_minor": st.integers(1, 10**13)},
    optional={"amount_off_minor": st.integers(1, 10**12), "cap_minor": st.integers(1, 10**13)},
)
_amounts = st.integers(1, 10**12)
_effects: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "set_price": _maybe(pick=st.integers(2, 4)).map(lambda said: {**said, "price_minor": 0}),
    "percent_off": st.fixed_dictionaries(
        {"off_bps": st.integers(1, 10_000)}, optional={"cap_minor": st.integers(0, 9)}
    ),
    "amount_off": st.fixed_dictionaries({"amount_minor": _amounts}),
    "threshold_off": st.fixed_dictionaries(
        {"tiers": st.lists(_tiers, min_size=1, max_size=3)},
        optional={"every_multiple": st.booleans(), "counted": _targets()},
    ),
    "price_book": st.just({}),
    "nth_unit": st.fixed_dictionaries({"n": st.integers(2, 100), "benefit": _benefits}),
    "buy_get": st.fixed_dictionaries(
        {"buy_quantity": st.just(1), "get_quantity": st.just(2)},
        optional={"benefit": _benefits, "get_products": _targets(), "partial": st.booleans()},
    ),
    "gift": st.fixed_dictionaries(
        {"sku": _text, "worth_minor": st.just(0)},
        optional={"quantity": st.integers(2, 1000), "mode": st.integers(2, 3)},
    ),
    "earn": st.fixed_dictionaries(
        {"kind": st.integers(1, 3)}, optional={"amount": _amounts, "subject": _text}
    ),
}


@st.composite
def _kinds(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(_effects)))
    fields = draw(_effects[name])
    if name in _PERS and draw(st.booleans()):
        fields = {**fields, "per": draw(st.sampled_from(_PERS[name]))}
    return {name: fields}


_leaves = st.one_of(
    st.fixed_dictionaries(
        {"amount_minor": st.integers(1, 10**13), "base": st.integers(2, 5)},
        optional={"products": _targets()},
    ).map(lambda said: {"min_amount": said}),
    st.fixed_dictionaries(
        {"quantity": st.integers(1, 10**9)}, optional={"products": _targets()}
    ).map(lambda said: {"min_quantity": said}),
    st.fixed_dictionaries(
        {"measure": st.integers(1, 4), "value": st.integers(0, 10**13)},
        optional={"comparison": st.integers(2, 5), "with_delivery": st.booleans()},
    ).map(lambda said: {"compare": said}),
    st.fixed_dictionaries({"name": _text}, optional={"number": st.integers(-9, 9)}).map(
        lambda said: {"fact_is": said}
    ),
)
_conditions = st.recursive(
    _leaves,
    lambda inner: st.tuples(
        st.sampled_from(["all_of", "any_of", "not_any"]), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda both: {both[0]: {"conditions": both[1]}}),
    max_leaves=6,
)
_windows = st.fixed_dictionaries(
    {
        "days": st.lists(st.integers(1, 7), min_size=1, max_size=7),
        "to_minute": st.integers(1, 1440),
    },
    optional={"from_minute": st.integers(0, 1439)},
)
_funding = st.fixed_dictionaries({"funder": _text, "share_bps": st.integers(1, 10_000)})
_specs = st.fixed_dictionaries(
    {
        "template_id": _ids,
        "display_name": _text,
        "currency": _text,
        "schedule": st.fixed_dictionaries(
            {"starts_at": _instants, "ends_at": _instants, "time_zone": _text},
            optional={"weekly_windows": st.lists(_windows, max_size=2)},
        ),
        "effect": _kinds(),
        "funding": st.lists(_funding, min_size=1, max_size=3),
    },
    optional={
        "description": _text,
        "entitlement": st.integers(1, 2),
        "layer": st.integers(1, 7),
        "priority": st.integers(-1000, 1000),
        "products": _targets(),
        "stores": _maybe(store_ids=_names, exclude_set_ids=st.lists(_ids, max_size=2)),
        "users": _maybe(user_groups=_names, set_ids=st.lists(_ids, max_size=2)),
        "channels": _names,
        "conditions": st.lists(_conditions, max_size=3),
        "more_effects": st.lists(_kinds(), max_size=2),
        "multiplier": st.fixed_dictionaries(
            {"measure": st.integers(1, 4), "every": st.integers(1, 10**13)}
        ),
        "stacking": _maybe(
            labels=_names,
            exclusive=st.booleans(),
            stop=st.fixed_dictionaries({"scope": st.integers(1, 3)}),
        ),
        "rounding": _maybe(mode=st.integers(1, 5), of=st.integers(1, 2)),
        "discount_base": st.integers(1, 5),
        "public_code": st.from_regex(r"[A-Za-z0-9-]{3,50}", fullmatch=True),
        "when_short": st.just(2),
        "refund_policy": st.integers(2, 4),
    },
).map(lambda fields: ab.ActivitySpec(**fields))


@settings(max_examples=150, deadline=None)
@given(_specs)
def test_a_spec_survives_the_struct_and_its_json(message: ab.ActivitySpec) -> None:
    struct = to_struct(message, ActivitySpec, "spec")

    stored = specs.decode(specs.encode(struct))

    assert stored == struct
    back = fill(ab.ActivitySpec(), stored)
    assert to_struct(back, ActivitySpec, "spec") == struct
    assert back == message


def test_what_is_default_anyway_is_left_out_on_the_way_back() -> None:
    said = spec("item_discount", amount_off={"amount_minor": 1, "per": "AMOUNT_PER_POOL"})
    said.refund_policy = ab.REFUND_POLICY_KEEP

    back = fill(ab.ActivitySpec(), to_struct(said, ActivitySpec, "spec"))

    assert back.effect.amount_off == ab.AmountOff(amount_minor=1)
    assert back.refund_policy == ab.REFUND_POLICY_UNSPECIFIED


def test_a_condition_within_conditions_is_named_by_its_path() -> None:
    deep = spec("item_discount", percent_off={"off_bps": 1})
    deep.conditions.add(min_quantity={"quantity": 1})
    inner = deep.conditions.add().all_of.conditions.add().not_any.conditions
    inner.add(min_quantity={"quantity": 1})
    inner.add(min_quantity={"quantity": 0})

    with pytest.raises(Invalid) as refused:
        to_struct(deep, ActivitySpec, "spec")

    (violation,) = refused.value.violations
    assert violation.field == (
        "spec.conditions[1].all_of.conditions[0].not_any.conditions[1].min_quantity.quantity"
    )


def test_zero_is_kept_where_it_says_something() -> None:
    free = spec("promotion_price", set_price={"price_minor": 0})

    back = fill(ab.ActivitySpec(), to_struct(free, ActivitySpec, "spec"))

    assert back.effect.set_price.HasField("price_minor")
    assert back.effect.set_price.price_minor == 0


def test_a_kind_without_fields_is_kept() -> None:
    book = spec("price_book", price_book={})

    assert fill(ab.ActivitySpec(), to_struct(book, ActivitySpec, "spec")) == book


def test_unknown_fields_are_ignored() -> None:
    good = spec("item_discount", percent_off={"off_bps": 1})
    newer = ab.ActivitySpec.FromString(good.SerializeToString() + b"\xaa\x06\x03abc")

    assert to_struct(newer, ActivitySpec, "spec") == to_struct(good, ActivitySpec, "spec")


def test_an_enum_number_is_found_by_its_member() -> None:
    assert enum_number(ab.ActivityState.DESCRIPTOR, "RUNNING") == ab.ACTIVITY_STATE_RUNNING
    with pytest.raises(KeyError):
        enum_number(ab.ActivityState.DESCRIPTOR, "NONSENSE")


class _Strict(msgspec.Struct, kw_only=True):
    template_id: int  # of another type than the message's


def test_a_struct_that_does_not_fit_its_message_is_told_by_field() -> None:
    with pytest.raises(Invalid) as refused:
        to_struct(ab.ActivitySpec(template_id="x"), _Strict, "at")

    assert refused.value.violations[0].field == "at.template_id"
    assert refused.value.violations[0].description == "expected int, got str"


@given(_instants)
def test_an_instant_survives_the_timestamp(at: datetime) -> None:
    message = Timestamp()

    set_timestamp(message, at)

    assert instant(micros_of(message, "at")) == at
    assert micros_of(message, "at") == micros(at)


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [
        (2**63 - 1, 0),
        (-(2**63), 0),
        (253_402_300_800, 0),
        (253_402_300_799, 0),  # 9999-12-31: tomorrow in some time zone
        (-62_135_596_800, 0),
        (0, -1),
        (0, 1_000_000_000),
    ],
)
def test_a_timestamp_out_of_range_is_refused(seconds: int, nanos: int) -> None:
    with pytest.raises(Invalid) as refused:
        micros_of(Timestamp(seconds=seconds, nanos=nanos), "at")

    assert refused.value.violations[0].field == "at"

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


_tiers = st.fixed_dictionaries(
    {"min_amount_minor": st.integers(1, 10**13)},
    optional={"amount_off_minor": st.integers(1, 10**12), "cap_minor": st.integers(1, 10**13)},
)
_kinds = st.one_of(
    st.fixed_dictionaries(
        {"set_price": st.fixed_dictionaries({"price_minor": st.integers(0, 10**12)})}
    ),
    st.fixed_dictionaries(
        {
            "percent_off": st.fixed_dictionaries(
                {"off_bps": st.integers(1, 10_000)}, optional={"cap_minor": st.integers(0, 9)}
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "amount_off": st.fixed_dictionaries(
                {"amount_minor": st.integers(1, 10**12), "per": st.integers(1, 3)}
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "threshold_off": st.fixed_dictionaries(
                {"tiers": st.lists(_tiers, min_size=1, max_size=3)},
                optional={"every_multiple": st.booleans()},
            )
        }
    ),
    st.just({"price_book": {}}),
)
_conditions = st.one_of(
    st.fixed_dictionaries(
        {
            "min_amount": st.fixed_dictionaries(
                {"amount_minor": st.integers(1, 10**13), "base": st.integers(1, 2)},
                optional={"products": _targets()},
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "min_quantity": st.fixed_dictionaries(
                {"quantity": st.integers(1, 10**9)}, optional={"products": _targets()}
            )
        }
    ),
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
        "effect": _kinds,
        "funding": st.lists(_funding, min_size=1, max_size=3),
    },
    optional={
        "description": _text,
        "entitlement": st.integers(1, 2),
        "layer": st.integers(1, 6),
        "priority": st.integers(-1000, 1000),
        "products": _targets(),
        "stores": _maybe(store_ids=_names, exclude_set_ids=st.lists(_ids, max_size=2)),
        "users": _maybe(user_groups=_names, set_ids=st.lists(_ids, max_size=2)),
        "channels": _names,
        "conditions": st.lists(_conditions, max_size=3),
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
    assert _plain(back) == _plain(message)


def _plain(message: ab.ActivitySpec) -> ab.ActivitySpec:
    """Without what says no more than leaving it out: empty targets stay, RUNNING and POOL go."""
    plain = ab.ActivitySpec()
    plain.CopyFrom(message)
    for condition in plain.conditions:
        if condition.min_amount.base == ab.CONDITION_BASE_RUNNING:
            condition.min_amount.base = 0
    if plain.effect.amount_off.per == ab.AMOUNT_PER_POOL:
        plain.effect.amount_off.per = 0
    return plain


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

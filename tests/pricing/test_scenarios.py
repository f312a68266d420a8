"""The files in `scenarios/`: what activities make of carts, on both kernels.

A file has a `title`, `activities` (specs as protobuf JSON, what is left out of them being filled in
below), and if it needs them `sets` ([kind, members]), `entries` (by price book) and a `policy` of
the tenant's own (protobuf JSON). Each of its `cases` prices a `cart`:

    lines       by line_id: the list price of one unit, or the fields of CartLine
    deliveries  by delivery_id: the fee, or the fields of DeliveryGroup
    coupons     names of activities, each presented with a credential of the same name
    limits      by activity: the fields of LimitLeft
    facts       by name: a number or a text
    pays        by line_id and delivery_id: what is left to pay, in minor units
    applied     what took something off or gives something, in acting order: [activity, discount]
    not_applied by credential, else by code, else by activity: the reason, or fields of NotApplied
    refused     in place of all these: why the whole cart is refused

All answers hold to `invariants.py`. Checked if given:

    units       by line: what was taken off it, in order: [activity, first unit, units, amount]
    added       gifts: [activity, sku, units]
    earnings    [activity, kind, amount]
    funders     who pays how much in all
    layers      what they come to
    figures     by activity that applied: fields of AppliedActivity
    answer      fields of QuoteResponse
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from google.protobuf.json_format import MessageToDict, ParseDict

from rangli.activities.catalogue import Catalogue, Policies, evolve
from rangli.activities.entry_rpc import _entry
from rangli.activities.policies.spec import PolicySpec
from rangli.core.errors import Refused
from rangli.pricing import _stacking, stacking
from rangli.pricing import quote as quoting
from rangli.pricing.answer_rpc import message
from rangli.pricing.cart_rpc import cart_of
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.v1 import policy_pb2
from rangli.v1 import pricing_service_pb2 as qb
from rangli.wire.convert import to_struct
from tests.activities import compiled
from tests.pricing import invariants
from tests.world import NOW


class _Loader(yaml.SafeLoader):
    """Leaves instants as they are written; protobuf JSON wants text."""

    yaml_implicit_resolvers: ClassVar[Any] = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_FILES = sorted(Path(__file__).with_name("scenarios").glob("*.yaml"))
_YEAR = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}


@pytest.fixture(params=[_stacking.price, stacking.price], ids=["compiled", "reference"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quoting, "price", request.param)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("file", _FILES, ids=[file.stem for file in _FILES])
def test_scenario(file: Path) -> None:
    scenario = read(file)
    catalogue = catalogue_of(scenario)

    for number, case in enumerate(scenario["cases"]):
        assert told(catalogue, case) == expected(case), f"{scenario['title']}: case {number}"


def test_every_scenario_is_small_and_has_a_title_of_its_own() -> None:
    assert len(_FILES) >= 25
    assert max(len(file.read_text().splitlines()) for file in _FILES) <= 40
    assert len({read(file)["title"] for file in _FILES}) == len(_FILES)


def read(file: Path) -> dict[str, Any]:
    """What a scenario's file says."""
    return yaml.load(file.read_text(), _Loader)


def catalogue_of(scenario: dict[str, Any]) -> Catalogue:
    """What the scenario publishes."""
    activities = {name: _spec(name, said) for name, said in scenario["activities"].items()}
    catalogue = compiled.catalogue(
        [compiled.live(name, spec) for name, spec in activities.items()],
        sets=scenario.get("sets"),
        books={name: _book(rows) for name, rows in scenario.get("entries", {}).items()},
    )
    if "policy" not in scenario:
        return catalogue
    said = {"policy_id": "own", "display_name": "Own", **scenario["policy"]}
    policy = to_struct(ParseDict(said, policy_pb2.StackingPolicy()), PolicySpec, "policy")
    assert not policy.violations("policy")
    return evolve(catalogue, 1, policies=Policies({"own": policy}, {"": policy}))


def _spec(name: str, said: dict[str, Any]) -> ab.ActivitySpec:
    filled = {
        "display_name": name,
        "currency": "USD",
        "funding": [{"funder": "retailer", "share_bps": 10_000}],
        **said,
        "schedule": {**_YEAR, "time_zone": "UTC", **said.get("schedule", {})},
    }
    if said["template_id"] not in ("price_book", "shipping_discount", "shipping_coupon"):
        filled.setdefault("products", {"all": True})
    return ParseDict(filled, ab.ActivitySpec())


def _book(rows: list[dict[str, Any]]) -> Any:
    return compiled.book(_entry(ParseDict({**_YEAR, **row}, pb.PriceEntry())) for row in rows)


def request_of(cart: dict[str, Any]) -> qb.QuoteRequest:
    """The cart as it is asked for."""
    given = {key: value for key, value in cart.items() if key not in _SHORT}
    given.setdefault("currency", "USD")
    given["lines"] = [
        {"line_id": line_id, "sku": line_id, "quantity": 1, **_fields(said, "list_minor")}
        for line_id, said in cart.get("lines", {}).items()
    ]
    given["deliveries"] = [
        {"delivery_id": delivery_id, **_fields(said, "fee_minor")}
        for delivery_id, said in cart.get("deliveries", {}).items()
    ]
    given.setdefault("credentials", [])
    given["credentials"] = given["credentials"] + [
        {"credential_id": name, "activity_id": name} for name in cart.get("coupons", ())
    ]
    given["limits_left"] = [
        {"activity_id": name, **left} for name, left in cart.get("limits", {}).items()
    ]
    given["facts"] = [
        {"name": name, "text" if isinstance(value, str) else "number": value}
        for name, value in cart.get("facts", {}).items()
    ]
    return ParseDict(given, qb.QuoteRequest())


_SHORT = {"lines", "deliveries", "coupons", "limits", "facts"}


def _fields(said: Any, name: str) -> dict[str, Any]:
    return said if isinstance(said, dict) else {name: said}


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """What the case says the answer is."""
    if "refused" in case:
        return {"refused": case["refused"]}
    return {
        "pays": case["pays"],
        "applied": case.get("applied", []),
        "not_applied": {
            name: _fields(said, "reason") for name, said in case.get("not_applied", {}).items()
        },
        **{name: case[name] for name in _CHECKED if name in case},
    }


def told(catalogue: Catalogue, case: dict[str, Any]) -> dict[str, Any]:
    """What the answer says of what the case expects."""
    request = request_of(case["cart"])
    try:
        answer = message(quoting.quote(catalogue, cart_of(request, NOW)))
    except Refused as refused:
        return {"refused": refused.metadata["reason"]}
    invariants.check(request, answer)
    return {
        "pays": {
            **{line.line_id: line.payable_minor for line in answer.lines},
            **{each.delivery_id: each.payable_minor for each in answer.deliveries},
        },
        "applied": [[item.activity_id, item.discount_minor] for item in answer.applied],
        "not_applied": {
            item.credential_id or item.code or item.activity_id: _why(item)
            for item in answer.not_applied
        },
        **{name: read_of(answer, case[name]) for name, read_of in _CHECKED.items() if name in case},
    }


def _why(item: qb.NotApplied) -> dict[str, Any]:
    said = _plain(item)
    if "measure" in said:
        said = {"required": 0, "actual": 0, **said}
    names = ("reason", "measure", "required", "actual", "beaten_by", "beaten_by_minor")
    return {name: said[name] for name in names if name in said}


def _plain(item: Any) -> dict[str, Any]:
    """A message's fields, enum values without their prefix, 64 bits as numbers."""
    said = MessageToDict(item, preserving_proto_field_name=True)
    for name, value in said.items():
        if isinstance(value, str):
            enum = item.DESCRIPTOR.fields_by_name[name].enum_type
            if enum is not None:
                said[name] = value.removeprefix(_PREFIX[enum.name])
            elif item.DESCRIPTOR.fields_by_name[name].type in _INT64:
                said[name] = int(value)
    return said


_INT64 = {3}  # FieldDescriptor.TYPE_INT64
_PREFIX = {
    "NotAppliedReason": "NOT_APPLIED_REASON_",
    "Measure": "MEASURE_",
    "Layer": "LAYER_",
    "EarningKind": "EARNING_KIND_",
}


def _units(answer: qb.QuoteResponse, wanted: dict[str, Any]) -> dict[str, Any]:
    by_id: dict[str, Any] = {line.line_id: line for line in answer.lines}
    by_id |= {each.delivery_id: each for each in answer.deliveries}
    return {
        name: [
            [
                answer.applied[cut.applied].activity_id,
                cut.unit_first,
                cut.units,
                cut.amount_minor,
            ]
            for cut in by_id[name].adjustments
        ]
        for name in wanted
    }


def _some_fields(item: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    said = _plain(item)
    return {name: said.get(name, 0) for name in wanted}


_CHECKED: dict[str, Callable[[qb.QuoteResponse, Any], Any]] = {
    "units": _units,
    "added": lambda answer, _: [
        [answer.applied[item.applied].activity_id, item.sku, item.quantity]
        for item in answer.added_lines
    ],
    "earnings": lambda answer, _: [
        [answer.applied[item.applied].activity_id, _plain(item)["kind"], item.amount]
        for item in answer.earnings
    ],
    "funders": lambda answer, _: {item.funder: item.amount_minor for item in answer.funders},
    "layers": lambda answer, _: {
        _plain(item)["layer"]: item.discount_minor for item in answer.layers
    },
    "figures": lambda answer, wanted: {
        item.activity_id: _some_fields(item, wanted[item.activity_id])
        for item in answer.applied
        if item.activity_id in wanted
    },
    "answer": _some_fields,
}

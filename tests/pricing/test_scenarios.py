"""The files in `scenarios/`: what activities make of carts, on both kernels.

A file has a `title`, `activities` (specs as protobuf JSON, what is left out of them being filled in
below), and if it needs them `sets` ([kind, members]) and `entries` (by price book). Each of its
`cases` prices a `cart`:

    lines       by line_id: the list price of one unit, or the fields of CartLine
    coupons     names of activities, each presented with a credential of the same name
    pays        by line_id: what is left to pay, in minor units
    applied     what took something off, in acting order: [activity, discount]
    not_applied by credential, else by activity: the reason, or the fields of NotApplied
    funders     who pays how much in all; checked if given
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from google.protobuf.json_format import MessageToDict, ParseDict

from rangli.activities.catalogue import Catalogue
from rangli.activities.entry_rpc import _entry
from rangli.pricing import _stacking, stacking
from rangli.pricing import quote as quoting
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.rpc import message
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
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
    scenario = _read(file)
    catalogue = _catalogue(scenario)

    for number, case in enumerate(scenario["cases"]):
        answer = message(quoting.quote(catalogue, cart_of(_request(case["cart"]), NOW)))

        assert _told(answer, case) == _expected(case), f"{scenario['title']}: case {number}"


def test_every_scenario_is_small_and_has_a_title_of_its_own() -> None:
    assert len(_FILES) >= 25
    assert max(len(file.read_text().splitlines()) for file in _FILES) <= 40
    assert len({_read(file)["title"] for file in _FILES}) == len(_FILES)


def _read(file: Path) -> dict[str, Any]:
    return yaml.load(file.read_text(), _Loader)


def _catalogue(scenario: dict[str, Any]) -> Catalogue:
    activities = {name: _spec(name, said) for name, said in scenario["activities"].items()}
    return compiled.catalogue(
        [compiled.live(name, spec) for name, spec in activities.items()],
        sets=scenario.get("sets"),
        books=_by_name(scenario.get("entries", {}), _book),
    )


def _by_name(items: dict[str, Any], make: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: make(item) for name, item in items.items()}


def _spec(name: str, said: dict[str, Any]) -> ab.ActivitySpec:
    filled = {
        "display_name": name,
        "currency": "USD",
        "funding": [{"funder": "retailer", "share_bps": 10_000}],
        **said,
        "schedule": {**_YEAR, "time_zone": "UTC", **said.get("schedule", {})},
    }
    if said["template_id"] != "price_book":
        filled.setdefault("products", {"all": True})
    return ParseDict(filled, ab.ActivitySpec())


def _book(rows: list[dict[str, Any]]) -> Any:
    return compiled.book(_entry(ParseDict({**_YEAR, **row}, pb.PriceEntry())) for row in rows)


def _request(cart: dict[str, Any]) -> qb.QuoteRequest:
    rest = {key: value for key, value in cart.items() if key not in ("lines", "coupons")}
    lines = [
        {
            "line_id": line_id,
            "sku": line_id,
            "quantity": 1,
            **(said if isinstance(said, dict) else {"list_minor": said}),
        }
        for line_id, said in cart["lines"].items()
    ]
    coupons = [{"credential_id": name, "activity_id": name} for name in cart.get("coupons", ())]
    given = {"credentials": coupons, "currency": "USD", **rest, "lines": lines}
    return ParseDict(given, qb.QuoteRequest())


def _expected(case: dict[str, Any]) -> dict[str, Any]:
    expected = {
        "pays": case["pays"],
        "applied": [tuple(item) for item in case.get("applied", [])],
        "not_applied": {
            name: said if isinstance(said, dict) else {"reason": said}
            for name, said in case.get("not_applied", {}).items()
        },
    }
    return {**expected, "funders": case["funders"]} if "funders" in case else expected


def _told(answer: qb.QuoteResponse, case: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "pays": {line.line_id: line.payable_minor for line in answer.lines},
        "applied": [(item.activity_id, item.discount_minor) for item in answer.applied],
        "not_applied": {
            item.credential_id or item.activity_id: _why(item) for item in answer.not_applied
        },
    }
    if "funders" in case:
        told["funders"] = {item.funder: item.amount_minor for item in answer.funders}
    return told


def _why(item: qb.NotApplied) -> dict[str, Any]:
    said = MessageToDict(item, preserving_proto_field_name=True)
    why: dict[str, Any] = {"reason": said["reason"].removeprefix("NOT_APPLIED_REASON_")}
    for name in ("required", "actual", "beaten_by_minor"):
        if name in said:
            why[name] = int(said[name])  # protobuf JSON writes 64 bits as text
    if "beaten_by" in said:
        why["beaten_by"] = said["beaten_by"]
    if "measure" in said:
        why["measure"] = said["measure"].removeprefix("MEASURE_")
    return why

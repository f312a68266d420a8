"""What is wrong with a return or a snapshot is named; nothing of it is ever a fault of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.core.errors import Invalid
from rangli.pricing.refund_rpc import last, message, read
from rangli.v1 import pricing_service_pb2 as pb
from tests.pricing.refunded import Paid, back, bought, item_off, order_off, refund
from tests.world import cart, line, spec

_RESPONSE = "snapshot.response"


def paid() -> Paid:
    groups = [pb.DeliveryGroup(delivery_id="d", fee_minor=5_00)]
    order = Paid(line("a", 10_00, 3), line("b", 7_00), deliveries=groups)
    order.off("item", item_off(), {"a": (2_00, 1, 1)})
    order.off("order", order_off(), {"a": 3_00, "b": 1_00})
    order.response.added_lines.add(applied=1, sku="mug", quantity=2, worth_minor=5_00)
    return order


def refused(snapshot: pb.QuoteSnapshot, *returns: pb.Return) -> str:
    """The field that is named."""
    with pytest.raises(Invalid) as caught:
        refund(snapshot, *returns)
    return caught.value.violations[0].field


@pytest.mark.parametrize(
    ("returns", "field"),
    [
        ([pb.Return()], "now.lines"),
        ([back({"a": 1}), pb.Return()], "now.lines"),
        ([back({"a": 4})], "now.lines[0].quantity"),
        ([back({"a": 0})], "now.lines[0].quantity"),
        ([back({"a": -1})], "now.lines[0].quantity"),
        ([back({"b": 1}), back({"a": 1, "b": 1})], "now.lines[1].quantity"),
        ([back({"a": 2}), back({"a": 2})], "now.lines[0].quantity"),
        ([back({"a": 4}), back({"a": 1})], "earlier[0].lines[0].quantity"),
        ([back({"nothing": 1})], "now.lines[0].line_id"),
        ([back({"d": 1})], "now.lines[0].line_id"),
        ([back({"mug": 1})], "now.lines[0].line_id"),
        ([back(gifts={"a": 1})], "now.lines[0].line_id"),
        ([back(gifts={"mug": 3})], "now.lines[0].quantity"),
        ([back(delivery_ids=["a"])], "now.delivery_ids[0]"),
        ([back(delivery_ids=["d", "d"])], "now.delivery_ids[1]"),
        ([back(delivery_ids=["d"]), back({"a": 1}, delivery_ids=["d"])], "now.delivery_ids[0]"),
        ([back({"a": 1})] * 102, "earlier"),
    ],
)
def test_a_return_that_cannot_be_is_refused_with_its_field(
    returns: list[pb.Return], field: str
) -> None:
    assert refused(paid().snapshot, *returns) == field


def test_a_line_stands_once_in_a_return() -> None:
    twice = back({"a": 1})
    twice.lines.add(line_id="a", quantity=1)

    assert refused(paid().snapshot, twice) == "now.lines[1].line_id"


def _set(path: str, value: int | str) -> Callable[[pb.QuoteSnapshot], None]:
    """Sets a field, given as "response.lines[0].payable_minor"."""

    def apply(snapshot: pb.QuoteSnapshot) -> None:
        *above, name = path.split(".")
        place = snapshot
        for step in above:
            field, _, index = step.partition("[")
            place = getattr(place, field)
            if index:
                place = place[int(index.rstrip("]"))]
        if "[" in name:
            field, _, index = name.partition("[")
            getattr(place, field)[int(index.rstrip("]"))] = value
        else:
            setattr(place, name, value)

    return apply


# Where what is wrong is a list, not one of its items.
_NAMED_AS_A_WHOLE = {
    "response.lines[0].adjustments[0].funder_minor[0]": (
        "response.lines[0].adjustments[0].funder_minor"
    ),
    "response.terms.activities[0].spec.funding[0].share_bps": (
        "response.terms.activities[0].spec.funding"
    ),
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("request.currency", "dollars"),
        ("request.lines[0].quantity", 0),
        ("response.currency", "EUR"),
        ("response.discount_minor", 1),
        ("response.payable_minor", 1),
        ("response.lines[0].line_id", "b"),
        ("response.lines[0].list_minor", 1),
        ("response.lines[0].outside_off_minor", -1),
        ("response.lines[0].discount_minor", 1),
        ("response.lines[0].payable_minor", 1),
        ("response.lines[0].adjustments[0].applied", 2),
        ("response.lines[0].adjustments[0].applied", -1),
        ("response.lines[0].adjustments[0].amount_minor", 0),
        ("response.lines[0].adjustments[0].funder_minor[0]", 1),
        ("response.lines[0].adjustments[0].unit_first", 3),
        ("response.lines[0].adjustments[0].units", 3),
        ("response.deliveries[0].fee_minor", 1),
        ("response.deliveries[0].payable_minor", 1),
        ("response.applied[0].activity_id", "unknown"),
        ("response.applied[0].version", 2),
        ("response.applied[0].discount_minor", 1),
        ("response.added_lines[0].applied", 2),
        ("response.added_lines[0].quantity", 0),
        ("response.added_lines[0].worth_minor", -1),
        ("response.terms.activities[0].line_ids[0]", "unknown"),
        ("response.terms.activities[0].spec.layer", 0),
        ("response.terms.activities[0].spec.funding[0].share_bps", 1),
        ("response.terms.policy.groups[0].name", ""),
    ],
)
def test_a_snapshot_whose_parts_do_not_fit_is_refused_with_the_field(
    path: str, value: int | str
) -> None:
    snapshot = paid().snapshot
    _set(path, value)(snapshot)

    field = refused(snapshot, back({"a": 1}))

    assert field == f"snapshot.{_NAMED_AS_A_WHOLE.get(path, path)}"


@pytest.mark.parametrize(
    ("clear", "field"),
    [
        (lambda snapshot: snapshot.ClearField("request"), "snapshot.request"),
        (lambda snapshot: snapshot.ClearField("response"), _RESPONSE),
        (lambda snapshot: snapshot.response.ClearField("terms"), f"{_RESPONSE}.terms"),
        (
            lambda snapshot: snapshot.response.terms.ClearField("policy"),
            f"{_RESPONSE}.terms.policy",
        ),
        (
            lambda snapshot: snapshot.response.terms.ClearField("activities"),
            f"{_RESPONSE}.applied[0].activity_id",
        ),
        (
            lambda snapshot: snapshot.response.terms.activities[1].spec.Clear(),
            f"{_RESPONSE}.terms.activities[1].spec.template_id",
        ),
        (
            lambda snapshot: snapshot.response.terms.activities[1].ClearField("line_ids"),
            f"{_RESPONSE}.terms.activities[1].line_ids",
        ),
        (
            lambda snapshot: snapshot.response.terms.activities[1].facts.append(2),
            f"{_RESPONSE}.terms.activities[1].facts",
        ),
        (
            lambda snapshot: snapshot.response.terms.activities[1].lists.add(),
            f"{_RESPONSE}.terms.activities[1].lists",
        ),
        (lambda snapshot: snapshot.response.lines.pop(), f"{_RESPONSE}.lines"),
        (lambda snapshot: snapshot.response.deliveries.pop(), f"{_RESPONSE}.deliveries"),
    ],
)
def test_a_snapshot_that_lacks_something_is_refused_with_the_field(
    clear: Callable[[pb.QuoteSnapshot], object], field: str
) -> None:
    snapshot = paid().snapshot
    clear(snapshot)

    assert refused(snapshot, back({"a": 1})) == field


def test_a_request_without_snapshot_or_return_is_refused() -> None:
    with pytest.raises(Invalid, match=r"^snapshot: "):
        read(pb.PreviewRefundRequest(now=back({"a": 1})))
    with pytest.raises(Invalid, match=r"^now: "):
        read(pb.PreviewRefundRequest(snapshot=paid().snapshot))


def priced() -> pb.QuoteSnapshot:
    """An order under all policies, with conditions on other products and on facts."""
    rich = [
        {"min_amount": {"amount_minor": 20_00, "products": {"skus": ["a"]}}},
        {"fact_is": {"name": "orders", "number": 3}},
    ]
    running = {
        "t": spec(
            "order_threshold",
            threshold_off={"tiers": [{"min_amount_minor": 30_00, "amount_off_minor": 5_00}]},
            conditions=rich,
            refund_policy="REFUND_POLICY_REPRICE",
        ),
        "g": spec(
            "gift",
            gift={"sku": "mug", "worth_minor": 4_00},
            conditions=rich,
            refund_policy="REFUND_POLICY_REQUIRE_RETURN",
        ),
        "u": spec(
            "trade_up",
            products={"skus": ["a"]},
            trade_up={"products": {"skus": ["b"]}, "price_minor": 2_00, "unit_limit": 1},
            refund_policy="REFUND_POLICY_CLAWBACK",
        ),
        "s": spec("shipping_discount", products=None, shipping_off={"benefit": {"off_bps": 5_000}}),
    }
    return bought(
        cart(
            line("a", 10_00, 3),
            line("b", 7_00),
            deliveries=[pb.DeliveryGroup(delivery_id="d", fee_minor=5_00)],
            facts=[pb.Fact(name="orders", number=4)],
        ),
        running,
    )


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_snapshot_with_anything_in_it_is_refused_or_answered(data: st.DataObject) -> None:
    snapshot = data.draw(st.sampled_from([paid().snapshot, priced()]))
    for _ in range(data.draw(st.integers(1, 3))):
        _scramble(snapshot, data)

    request = pb.PreviewRefundRequest(snapshot=snapshot, now=back({"a": 1}, delivery_ids=["d"]))

    # Anything but a refusal that names a field would be a fault.
    with contextlib.suppress(Invalid):
        order, returns = read(request)
        assert message(order, last(order, returns)).refund_minor >= 0


_NUMBERS = st.sampled_from([-(2**31), -1, 0, 1, 2, 3, 7, 2**31 - 1])


def _scramble(place: object, data: st.DataObject) -> None:
    """Changes one field somewhere in a message."""
    for _ in range(12):
        field, value = data.draw(st.sampled_from(place.ListFields()))  # type: ignore[attr-defined]
        if field.is_repeated:
            at = data.draw(st.integers(0, len(value) - 1))
            if field.message_type is None:
                value[at] = data.draw(_scalar(field))
                return
            if data.draw(st.booleans()) and data.draw(st.booleans()):
                value.append(value[at]) if data.draw(st.booleans()) else value.pop(at)
                return
            place = value[at]
        elif field.message_type is None:
            setattr(place, field.name, data.draw(_scalar(field)))
            return
        else:
            place = value
        if not place.ListFields():  # type: ignore[attr-defined]
            return


def _scalar(field: object) -> st.SearchStrategy[object]:
    kind, descriptor = field.type, field  # type: ignore[attr-defined]
    if kind == descriptor.TYPE_STRING:  # type: ignore[attr-defined]
        return st.sampled_from(["", "a", "b", "d", "item", "\n"])
    if kind == descriptor.TYPE_BOOL:  # type: ignore[attr-defined]
        return st.booleans()
    return _NUMBERS

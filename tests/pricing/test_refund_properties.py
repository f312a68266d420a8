"""What holds of every refund, of orders written down at random and of orders really priced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from tests.pricing.refunded import Paid, bought, order_off, refund
from tests.world import cart, coupon, line, spec

POLICIES = ("KEEP", "CLAWBACK", "REQUIRE_RETURN", "REPRICE")
_small = st.integers(1, 6)


@st.composite
def fundings(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to three funders."""
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=2)))
    shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    return [{"funder": name, "share_bps": bps} for name, bps in zip("xyz", shares, strict=False)]


@st.composite
def written_orders(draw: st.DrawFn) -> pb.QuoteSnapshot:
    """Orders with any amounts off any units, as long as no line costs less than nothing."""
    lines = [
        line(name, draw(st.integers(0, 40)), draw(_small))
        for name in "abc"[: draw(st.integers(1, 3))]
    ]
    left = {each.line_id: each.list_minor * each.quantity for each in lines}
    order = Paid(*lines)
    for number in range(draw(st.integers(0, 5))):
        amounts: dict[str, list[tuple[int, int, int]]] = {}
        for each in lines:
            minor = draw(st.integers(0, left[each.line_id]))
            if minor:
                first = draw(st.integers(0, each.quantity - 1))
                units = draw(st.integers(1, each.quantity - first))
                amounts[each.line_id] = [(minor, first, units)]
                left[each.line_id] -= minor
        order.off(f"o{number}", order_off(funding=draw(fundings())), amounts)
    return order.snapshot


def _number(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def activities(draw: st.DrawFn, policies: tuple[str, ...]) -> ab.ActivitySpec:
    """Activities of many kinds for the small carts below."""
    fields: dict[str, Any] = {
        "funding": draw(fundings()),
        "refund_policy": f"REFUND_POLICY_{draw(st.sampled_from(policies))}",
        "products": draw(st.sampled_from([{"all": True}, {"skus": ["a"]}, {"skus": ["b", "c"]}])),
        "priority": draw(_number(0, 3)),
    }
    kind = draw(st.sampled_from(sorted(_KINDS)))
    if not kind.endswith("_price") and draw(st.booleans()):
        fields["conditions"] = [{"min_amount": {"amount_minor": draw(_number(1, 400))}}]
    if kind == "shipping_discount":
        fields["products"] = None
    return spec(kind, **fields, **draw(_KINDS[kind]))


_benefits = st.one_of(
    st.builds(lambda n: {"off_bps": n}, _number(1, 10_000)),
    st.builds(lambda n: {"price_minor": n}, _number(0, 60)),
)
_KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "promotion_price": st.builds(lambda n: {"set_price": {"price_minor": n}}, _number(0, 120)),
    "flash_price": st.builds(
        lambda n, m: {"set_price": {"price_minor": n, "unit_limit": m}}, _number(0, 99), _small
    ),
    "item_discount": st.builds(
        lambda n, per: {"percent_off": {"off_bps": n, "per": f"AMOUNT_PER_{per}"}},
        _number(1, 10_000),
        st.sampled_from(["POOL", "LINE", "UNIT"]),
    ),
    "item_coupon": st.builds(lambda n: {"amount_off": {"amount_minor": n}}, _number(1, 90)),
    "order_threshold": st.builds(
        lambda n, m: {
            "threshold_off": {
                "tiers": [
                    {"min_amount_minor": n, "amount_off_minor": m},
                    {"min_amount_minor": n * 2, "amount_off_minor": m * 3},
                ]
            }
        },
        _number(60, 300),
        _number(1, 40),
    ),
    "order_coupon": st.builds(lambda n: {"percent_off": {"off_bps": n}}, _number(1, 10_000)),
    "nth_unit": st.builds(
        lambda n, benefit: {"nth_unit": {"n": n, "benefit": benefit}}, _number(2, 4), _benefits
    ),
    "buy_get": st.builds(
        lambda n, m, spread: {
            "buy_get": {
                "buy_quantity": n,
                "get_quantity": m,
                "get_products": {"skus": ["c"]},
                "spread": spread,
            }
        },
        _number(1, 3),
        _number(1, 2),
        st.booleans(),
    ),
    "n_for_price": st.builds(
        lambda n, m: {"n_for_price": {"quantity": n, "price_minor": m}},
        _number(2, 4),
        _number(0, 99),
    ),
    "trade_up": st.builds(
        lambda n, m: {"trade_up": {"products": {"skus": ["c"]}, "price_minor": n, "unit_limit": m}},
        _number(0, 50),
        _small,
    ),
    "gift": st.builds(
        lambda n, worth, mode: {
            "gift": {
                "sku": "c",
                "quantity": n,
                "worth_minor": worth,
                "mode": f"GIFT_MODE_{mode}",
            }
        },
        _small,
        _number(0, 50),
        st.sampled_from(["ADD", "FREE", "TOP_UP"]),
    ),
    "shipping_discount": st.builds(
        lambda benefit: {"shipping_off": {"benefit": benefit}}, _benefits
    ),
}


@st.composite
def asked(
    draw: st.DrawFn, policies: tuple[str, ...] = POLICIES
) -> tuple[pb.QuoteRequest, dict[str, ab.ActivitySpec]]:
    """A small cart, and what runs."""
    lines = [
        line(
            f"l{number}",
            draw(_number(0, 150)),
            draw(_small),
            sku=draw(st.sampled_from("abc")),
            outside_off_minor=0,
            position=draw(_number(0, 2)),
        )
        for number in range(draw(_number(1, 4)))
    ]
    running = {
        f"m{n}": each for n, each in enumerate(draw(st.lists(activities(policies), max_size=5)))
    }
    groups = [pb.DeliveryGroup(delivery_id="d", fee_minor=draw(_number(0, 60)))]
    request = cart(
        *lines,
        deliveries=groups if draw(st.booleans()) else [],
        credentials=[
            coupon(activity_id, f"c-{activity_id}")
            for activity_id, each in running.items()
            if each.template_id.endswith("coupon")
        ],
        outside_off_minor=draw(_number(0, 50)),
    )
    return request, running


@st.composite
def real_orders(draw: st.DrawFn, policies: tuple[str, ...] = POLICIES) -> pb.QuoteSnapshot:
    """Orders as the service prices them."""
    request, running = draw(asked(policies))
    return bought(request, running, policy=draw(st.sampled_from(["default", "best"])))


def everything(snapshot: pb.QuoteSnapshot) -> Counter[tuple[str, str]]:
    """All that can come back."""
    held: Counter[tuple[str, str]] = Counter()
    for each in snapshot.request.lines:
        held["line", each.line_id] += each.quantity
    for delivery in snapshot.request.deliveries:
        held["delivery", delivery.delivery_id] += 1
    for gift in snapshot.response.added_lines:
        held["gift", gift.sku] += gift.quantity
    return held


@st.composite
def ways_back(draw: st.DrawFn, snapshot: pb.QuoteSnapshot) -> list[pb.Return]:
    """Returns that bring everything back, in some order."""
    held, returns = everything(snapshot), []
    for _ in range(draw(st.integers(0, 4))):
        some = Counter({key: draw(st.integers(0, held[key])) for key in sorted(held)})
        returns += [_return(+some)] if +some else []
        held -= some
    return [*returns, _return(held)] if held else returns


def _return(units: Counter[tuple[str, str]]) -> pb.Return:
    returned = pb.Return()
    for (kind, name), quantity in units.items():
        if kind == "delivery":
            returned.delivery_ids.append(name)
        else:
            returned.lines.add(line_id=name, quantity=quantity, gift=kind == "gift")
    return returned


def _known(amounts: Counter[str]) -> dict[str, int]:
    return {name: minor for name, minor in amounts.items() if minor}


def _amounts(funders: Iterable[pb.FunderAmount]) -> Counter[str]:
    amounts: Counter[str] = Counter()
    for each in funders:
        amounts[each.funder] += each.amount_minor
    return amounts


def check_sequence(snapshot: pb.QuoteSnapshot, returns: list[pb.Return]) -> None:
    """Returns of everything come to what was paid, step by step and for everybody."""
    paid_minor = snapshot.response.payable_minor
    refunded, owed = 0, 0
    funders: Counter[str] = Counter()
    undone: Counter[str] = Counter()
    for number in range(len(returns)):
        answer = refund(snapshot, *returns[: number + 1])

        assert answer.refund_minor >= 0
        assert answer.owed_minor >= 0
        refunded += answer.refund_minor
        assert answer.kept_payable_minor == paid_minor - refunded >= 0
        by_line = sum(each.refund_minor for each in answer.lines)
        assert by_line == answer.refund_minor + owed - answer.owed_minor
        owed = answer.owed_minor
        undone_minor = sum(each.undone_minor for each in answer.activities)
        assert sum(_amounts(answer.funders).values()) == undone_minor
        lines_funders: Counter[str] = Counter()
        for each in answer.lines:
            lines_funders.update(_amounts(each.funders))
        assert _known(lines_funders) == _amounts(answer.funders)
        funders.update(_amounts(answer.funders))
        for each in answer.activities:
            undone[each.activity_id] += each.undone_minor
    assert refunded == paid_minor
    assert owed == 0
    assert _known(funders) == _known(
        _amounts(each for applied in snapshot.response.applied for each in applied.funders)
    )
    had = {each.activity_id: each.discount_minor for each in snapshot.response.applied}
    assert all(undone[activity_id] == had.get(activity_id, 0) for activity_id in undone | had)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_returns_of_everything_come_to_what_was_paid(data: st.DataObject) -> None:
    snapshot = data.draw(written_orders())

    check_sequence(snapshot, data.draw(ways_back(snapshot)))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_returns_of_real_orders_come_to_what_was_paid_under_all_policies(
    data: st.DataObject,
) -> None:
    snapshot = data.draw(real_orders())

    check_sequence(snapshot, data.draw(ways_back(snapshot)))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_what_is_due_depends_on_what_is_kept_and_not_on_the_way_there(
    data: st.DataObject,
) -> None:
    snapshot = data.draw(real_orders())
    returns = data.draw(ways_back(snapshot))[:-1]
    if not returns:
        return
    at_once: Counter[tuple[str, bool]] = Counter()
    whole = pb.Return()
    for each in returns:
        for item in each.lines:
            at_once[item.line_id, item.gift] += item.quantity
        whole.delivery_ids.extend(each.delivery_ids)
    for (name, gift), quantity in data.draw(st.permutations(sorted(at_once.items()))):
        whole.lines.add(line_id=name, quantity=quantity, gift=gift)

    step_by_step, once = refund(snapshot, *returns), refund(snapshot, whole)

    due = [each.kept_payable_minor + each.owed_minor for each in (step_by_step, once)]
    assert due[0] == due[1]
    assert list(step_by_step.required_returns) == list(once.required_returns)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_discount_that_stays_is_never_clawed_back(data: st.DataObject) -> None:
    snapshot = data.draw(real_orders(("KEEP",)))

    for number, _ in enumerate(returns := data.draw(ways_back(snapshot))):
        answer = refund(snapshot, *returns[: number + 1])

        assert not any(each.clawback_minor for each in answer.activities)
        assert not answer.required_returns


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_an_order_that_is_priced_anew_costs_what_is_kept_would_have_cost(
    data: st.DataObject,
) -> None:
    request, running = data.draw(asked(("REPRICE",)))
    request.outside_off_minor = 0
    snapshot = bought(request, running)
    returned = data.draw(ways_back(snapshot))[0]
    if not snapshot.response.applied or snapshot.response.added_lines:
        return  # nothing is priced anew; gifts that are kept become due

    answer = refund(snapshot, returned)

    kept = pb.QuoteRequest()
    kept.CopyFrom(request)
    back = {item.line_id: item.quantity for item in returned.lines}
    del kept.lines[:], kept.deliveries[:]
    for each in request.lines:
        if each.quantity > back.get(each.line_id, 0):
            kept.lines.add().CopyFrom(each)
            kept.lines[-1].quantity -= back.get(each.line_id, 0)
    kept.deliveries.extend(
        each for each in request.deliveries if each.delivery_id not in returned.delivery_ids
    )
    due_minor = 0
    if kept.lines or kept.deliveries:
        due_minor = bought(kept, running).response.payable_minor
    assert answer.kept_payable_minor + answer.owed_minor == due_minor

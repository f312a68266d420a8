"""What holds for every quote, whatever was published and whatever is in the cart."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue, Policies, evolve
from rangli.activities.conditions import Presents
from rangli.activities.live import LiveActivity
from rangli.activities.policies.presets import PRESETS
from rangli.activities.policies.spec import GroupOrder
from rangli.activities.templates import TEMPLATES
from rangli.core.errors import Invalid, Reason, Refused
from rangli.pricing import _stacking, stacking
from rangli.pricing import quote as quoting
from rangli.pricing.answer_rpc import message
from rangli.pricing.cart_rpc import cart_of
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.pricing import invariants
from tests.pricing.carts import Problem, problems, shuffled
from tests.world import NOW, cart, coupon, line, spec

thorough = settings(max_examples=60, deadline=None)
_BY_REQUEST = {GroupOrder.REQUEST, GroupOrder.REQUEST_DOWN}


def priced(catalogue: Catalogue, request: qb.QuoteRequest) -> qb.QuoteResponse:
    return message(quoting.quote(catalogue, cart_of(request, NOW)))


def same_bytes(answer: qb.QuoteResponse) -> bytes:
    return answer.SerializeToString(deterministic=True)


def _asks_for_coupons(activity: LiveActivity) -> bool:
    return any(isinstance(fact, Presents) for fact in activity.facts)


@thorough
@given(problems())
def test_all_parts_sum_exactly(problem: Problem) -> None:
    offers, request = problem

    invariants.check(request, priced(offers.catalogue, request))


@thorough
@given(problems(), st.randoms(use_true_random=False))
def test_shuffling_changes_nothing_but_the_order_of_the_answer(
    problem: Problem, chance: Random
) -> None:
    offers, request = problem
    policy = offers.catalogue.policy_for(request.channel, request.policy_id)
    assert policy is not None
    by_request = any(node.group.order in _BY_REQUEST for node in policy.walk())
    other = shuffled(request, chance, shown=not by_request)

    before, after = priced(offers.catalogue, request), priced(offers.catalogue, other)

    assert [told.line_id for told in after.lines] == [asked.line_id for asked in other.lines]
    for answer in (before, after):
        answer.lines.sort(key=lambda told: told.line_id)
        answer.deliveries.sort(key=lambda told: told.delivery_id)
        for told in (*answer.applied, *answer.not_applied):
            told.code = told.code.casefold()  # it is told as it was typed first
        answer.not_applied.sort(key=lambda told: (told.activity_id, told.credential_id, told.code))
    assert after == before


@thorough
@given(problems())
def test_same_input_gives_same_bytes_on_both_kernels(problem: Problem) -> None:
    offers, request = problem
    told = same_bytes(priced(offers.catalogue, request))

    again = evolve(
        Catalogue("default"),
        1,
        activities={a.activity_id: a for a in reversed(offers.activities)},
        sets=dict(reversed(offers.catalogue.sets.items())),
        books=offers.catalogue.books,
        policies=Policies(offers.catalogue.policies, {}),
        pool_levels=offers.catalogue.pool_levels,
    )

    assert same_bytes(priced(again, request)) == told
    for kernel in (stacking.price, _stacking.price):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quoting, "price", kernel)
            assert same_bytes(priced(offers.catalogue, request)) == told


@thorough
@given(problems())
def test_a_snapshot_adds_the_terms_and_changes_nothing_else(problem: Problem) -> None:
    offers, request = problem
    told = priced(offers.catalogue, request)
    request.snapshot = True

    snapshot = priced(offers.catalogue, request)

    acted = [(each.activity_id, each.credential_id) for each in snapshot.terms.activities]
    assert {(a.activity_id, a.credential_id) for a in told.applied} <= set(acted)
    for terms in snapshot.terms.activities:
        live = offers.catalogue.activities[terms.activity_id]
        live = live.for_cart(request.currency, request.channel, cart_of(request, NOW).price_basis)
        assert terms.version == live.version
        assert compiled.completed(terms.spec) == live.spec
        assert len(terms.lists) == len(live.lists)
        assert len(terms.facts) == len(live.facts)
        assert len(terms.entries) == (len(terms.line_ids) if live.is_book else 0)
    snapshot.ClearField("terms")
    assert snapshot == told


@thorough
@given(problems(), st.data())
def test_one_more_coupon_never_costs_more_where_the_cheapest_cart_was_found(
    problem: Problem, data: st.DataObject
) -> None:
    offers, request = problem
    request.policy_id = "best"
    request.ClearField("node_limit")
    # Several coupons of one activity share its limits in turn, not as would be cheapest.
    request.ClearField("limits_left")
    assume(request.credentials and not any(_asks_for_coupons(a) for a in offers.activities))
    fewer = qb.QuoteRequest()
    fewer.CopyFrom(request)
    del fewer.credentials[data.draw(st.integers(0, len(request.credentials) - 1))]

    more_answer, fewer_answer = (priced(offers.catalogue, asked) for asked in (request, fewer))

    if more_answer.proven:
        assert more_answer.payable_minor <= fewer_answer.payable_minor


@thorough
@given(problems(), st.sampled_from(["promotion_price", "item_discount"]))
def test_what_does_not_touch_the_cart_changes_nothing(problem: Problem, template_id: str) -> None:
    offers, request = problem
    elsewhere = compiled.live(
        "elsewhere",
        spec(
            template_id,
            priority=-1000,
            percent_off={"off_bps": 10_000},
            products={"skus": ["elsewhere"], "category_paths": ["x/y/z/elsewhere"]},
        ),
    )
    told = priced(offers.catalogue, request)

    more = evolve(offers.catalogue, 1, activities={"elsewhere": elsewhere})

    assert same_bytes(priced(more, request)) == same_bytes(told)


@thorough
@given(problems())
def test_explaining_changes_no_price_and_leaves_nothing_out(problem: Problem) -> None:
    offers, request = problem
    request.explain = False
    silent = priced(offers.catalogue, request)
    request.explain = True
    told = priced(offers.catalogue, request)

    assert told.lines == silent.lines
    shown = [item for item in told.not_applied if item.credential_id or item.code]
    for item in (*told.applied, *shown):
        item.ClearField("conditions")
    assert told.applied == silent.applied
    assert shown == list(silent.not_applied)


def test_every_layer_that_a_template_allows_has_a_group_in_the_default_policy() -> None:
    groups = [node.group for node in PRESETS["default"].walk()]
    for template in TEMPLATES.values():
        for layer in template.layers:
            for entitlement in template.entitlements:
                assert any(
                    member.layer is layer and member.entitlement in (None, entitlement)
                    for group in groups
                    for member in group.members
                )


def test_a_tier_is_told_and_a_version_and_the_layer() -> None:
    tiers = [
        {"min_amount_minor": 100, "amount_off_minor": 10},
        {"min_amount_minor": 200, "amount_off_minor": 30},
    ]
    live = compiled.live(
        "spend", spec("order_threshold", threshold_off={"tiers": tiers}), version=7
    )

    (applied,) = priced(compiled.catalogue([live]), cart(line("a", 250))).applied

    assert (applied.tier, applied.version, applied.base_minor) == (2, 7, 250)
    assert applied.layer == ab.LAYER_PLATFORM_ORDER
    assert applied.display_name == "order_threshold"


def deliver(request: qb.QuoteRequest, delivery_id: str, **fields: str) -> None:
    request.deliveries.add(delivery_id=delivery_id, fee_minor=1, **fields)


_WRONG: dict[str, Callable[[qb.QuoteRequest], object]] = {
    "currency": lambda r: setattr(r, "currency", "XYZ"),
    "lines": lambda r: r.ClearField("lines"),
    "lines[0].line_id": lambda r: setattr(r.lines[0], "line_id", ""),
    "lines[1].line_id": lambda r: setattr(r.lines[1], "line_id", "a"),
    "lines[0].sku": lambda r: setattr(r.lines[0], "sku", "x\n"),
    "lines[0].quantity": lambda r: setattr(r.lines[0], "quantity", 0),
    "lines[1].quantity": lambda r: setattr(r.lines[1], "quantity", 1_000_001),
    "lines[0].list_minor": lambda r: r.lines[0].ClearField("list_minor"),
    "lines[1].list_minor": lambda r: setattr(r.lines[1], "list_minor", -1),
    "lines[0].currency": lambda r: setattr(r.lines[0], "currency", "EUR"),
    "lines[0].tags": lambda r: r.lines[0].tags.extend(str(n) for n in range(21)),
    "lines[0].category_path": lambda r: setattr(r.lines[0], "category_path", "c" * 201),
    "lines[0].brand": lambda r: setattr(r.lines[0], "brand", "\u202ebrand"),
    "lines[0].store_id": lambda r: setattr(r.lines[0], "store_id", "s\r\nSet-Cookie: x"),
    "user_id": lambda r: setattr(r, "user_id", "\0"),
    "user_groups": lambda r: r.user_groups.extend(str(n) for n in range(51)),
    "user_groups[0]": lambda r: r.user_groups.append("\u200b"),
    "store_id": lambda r: setattr(r, "store_id", "s" * 101),
    "channel": lambda r: setattr(r, "channel", "c" * 51),
    "credentials": lambda r: r.credentials.extend(coupon("a", str(n)) for n in range(101)),
    "credentials[0].credential_id": lambda r: r.credentials.append(coupon("a", "")),
    "credentials[0].activity_id": lambda r: r.credentials.append(coupon("")),
    "credentials[1].credential_id": lambda r: r.credentials.extend([coupon("a"), coupon("b")]),
    "priced_at": lambda r: setattr(r.priced_at, "seconds", 2**62),
    "lines[0].floor_minor": lambda r: setattr(r.lines[0], "floor_minor", -1),
    "lines[1].floor_minor": lambda r: setattr(r.lines[1], "floor_minor", 10**12 + 1),
    "lines[0].outside_off_minor": lambda r: setattr(r.lines[0], "outside_off_minor", 101),
    "lines[0].other_list_minor": lambda r: setattr(r.lines[0], "other_list_minor", -1),
    "deliveries": lambda r: [deliver(r, f"d{n}") for n in range(101)],
    "deliveries[0].delivery_id": lambda r: deliver(r, "a"),
    "deliveries[1].delivery_id": lambda r: [deliver(r, "d") for _ in range(2)],
    "deliveries[0].fee_minor": lambda r: r.deliveries.add(delivery_id="d"),
    "deliveries[0].method": lambda r: deliver(r, "d", method="m" * 51),
    "codes": lambda r: r.codes.extend(f"code{n}" for n in range(31)),
    "codes[0]": lambda r: r.codes.append(""),
    "facts": lambda r: [r.facts.add(name=f"f{n}") for n in range(101)],
    "facts[1].name": lambda r: [r.facts.add(name="f") for _ in range(2)],
    "facts[0].number": lambda r: r.facts.add(name="f", number=10**13 + 1),
    "facts[0].text": lambda r: r.facts.add(name="f", text="t" * 201),
    "limits_left": lambda r: [r.limits_left.add(activity_id=f"a{n}") for n in range(1001)],
    "limits_left[0].uses": lambda r: r.limits_left.add(activity_id="a", uses=-1),
    "limits_left[1].activity_id": lambda r: [r.limits_left.add(activity_id="a") for _ in "xx"],
    "outside_off_minor": lambda r: setattr(r, "outside_off_minor", -1),
    "price_basis": lambda r: setattr(r, "price_basis", 9),
    "policy_id": lambda r: setattr(r, "policy_id", "\0"),
    "node_limit": lambda r: setattr(r, "node_limit", 1_000_001),
    "hints": lambda r: setattr(r, "hints", 21),
}


@pytest.mark.parametrize("field", _WRONG)
def test_the_field_that_is_wrong_is_named(field: str) -> None:
    request = cart(line("a", 100), line("b", 100))

    _WRONG[field](request)

    with pytest.raises(Invalid) as refused:
        cart_of(request, NOW)
    assert [violation.field for violation in refused.value.violations] == [field]


def test_a_policy_that_is_not_there_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        priced(compiled.catalogue([]), cart(line("a", 100), policy_id="gone"))

    assert [violation.field for violation in refused.value.violations] == ["policy_id"]


def test_a_channel_has_its_policy_and_the_tenant_one_for_the_others() -> None:
    policies = Policies({}, {"": PRESETS["best"], "app": PRESETS["default"]})
    catalogue = evolve(compiled.catalogue([]), 1, policies=policies)

    def used(**fields: str) -> str:
        return priced(catalogue, cart(line("a", 100), **fields)).policy_id

    assert (used(), used(channel="web"), used(channel="app")) == ("best", "best", "default")
    assert used(channel="app", policy_id="best") == "best"


def test_a_code_that_is_not_good_refuses_the_cart_with_its_reason() -> None:
    with pytest.raises(Refused) as refused:
        priced(compiled.catalogue([]), cart(line("a", 100), codes=["Nope"], all_codes_or_none=True))

    assert refused.value.reason is Reason.CODE_NOT_GOOD
    assert refused.value.metadata == {"code": "Nope", "reason": "UNKNOWN_CODE"}


def test_conditions_are_traced_by_their_place_in_the_spec() -> None:
    conditions = [
        {"min_quantity": {"quantity": 2}},
        {
            "any_of": {
                "conditions": [
                    {"fact_is": {"name": "vip", "number": 1}},
                    {"min_amount": {"amount_minor": 150, "base": "CONDITION_BASE_LIST"}},
                ]
            }
        },
    ]
    ten = spec("item_coupon", percent_off={"off_bps": 1000}, conditions=conditions)
    catalogue = compiled.catalogue([compiled.live("ten", ten)])

    def traces(quantity: int) -> list[tuple[str, str, int, int, bool | None]]:
        asked = cart(line("a", 100, quantity), credentials=[coupon("ten")], explain=True)
        answer = priced(catalogue, asked)
        (item,) = answer.applied or answer.not_applied
        return [
            (
                trace.path,
                ab.Measure.Name(trace.measure).removeprefix("MEASURE_"),
                trace.required,
                trace.actual,
                trace.met if trace.HasField("met") else None,
            )
            for trace in item.conditions
        ]

    fact = ("conditions[1].any_of.conditions[0]", "FACT", 2, 1, None)
    assert traces(2) == [
        ("conditions[0]", "QUANTITY", 2, 2, True),
        fact,
        ("conditions[1].any_of.conditions[1]", "AMOUNT", 150, 200, True),
    ]
    assert traces(1) == [
        ("conditions[0]", "QUANTITY", 2, 1, False),
        fact,
        ("conditions[1].any_of.conditions[1]", "AMOUNT", 150, 100, False),
    ]


@pytest.mark.parametrize(
    ("list_minor", "quantity", "lines"),
    [(2**63 - 1, 1, 1), (10**12 + 1, 1, 1), (10**6 + 1, 10**6, 1), (10**12, 1, 11)],
)
def test_amounts_beyond_the_bounds_are_refused(list_minor: int, quantity: int, lines: int) -> None:
    request = cart(*(line(str(n), list_minor, quantity) for n in range(lines)))

    with pytest.raises(Invalid):
        cart_of(request, NOW)


def test_the_largest_cart_is_priced_to_the_cent() -> None:
    half = compiled.live("half", spec("item_discount", percent_off={"off_bps": 9_999}))
    largest = cart(*(line(str(n), 10**12 - 1) for n in range(10)))

    answer = priced(compiled.catalogue([half]), largest)

    assert answer.discount_minor == (10 * (10**12 - 1) * 9_999 + 5_000) // 10_000


def test_a_cart_of_bad_lines_is_not_told_everything() -> None:
    request = cart(*(line(str(n), -1, 0) for n in range(500)))

    with pytest.raises(Invalid) as refused:
        cart_of(request, NOW)

    assert len(refused.value.violations) == 20


@pytest.mark.parametrize("year", [2, 9998])
def test_the_ends_of_time_are_outside_a_weekly_window_or_inside_but_no_fault(year: int) -> None:
    first, last = NOW.replace(year=2, month=1, day=1), NOW.replace(year=9998, month=12, day=31)
    windows = [{"days": [1, 2, 3, 4, 5, 6, 7], "to_minute": 1440}]
    lives = [
        compiled.live(
            zone.replace("/", ":"),
            spec(
                "item_discount",
                percent_off={"off_bps": 1},
                schedule={
                    "starts_at": first.replace(hour=0),
                    "ends_at": last.replace(hour=23, minute=59),
                    "time_zone": zone,
                    "weekly_windows": windows,
                },
            ),
        )
        for zone in ("Pacific/Kiritimati", "America/Los_Angeles")
    ]
    edge = first.replace(hour=0) if year == 2 else last.replace(hour=23, minute=58)

    answer = priced(compiled.catalogue(lives), cart(line("a", 10_000), priced_at=edge))

    assert answer.discount_minor == 1

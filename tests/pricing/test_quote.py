"""What holds for every quote, whatever was published and whatever is in the cart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.spec import Layer
from rangli.activities.templates import TEMPLATES
from rangli.core.errors import Invalid
from rangli.pricing import _stacking, policy, stacking
from rangli.pricing import quote as quoting
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.rpc import message
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.activities.strategies import Offers, quotes
from tests.world import NOW, cart, coupon, line, spec

Problem = tuple[Offers, qb.QuoteRequest]
thorough = settings(max_examples=100, deadline=None)


def priced(catalogue: Catalogue, request: qb.QuoteRequest) -> qb.QuoteResponse:
    return message(quoting.quote(catalogue, cart_of(request, NOW)))


def same_bytes(answer: qb.QuoteResponse) -> bytes:
    return answer.SerializeToString(deterministic=True)


def by_funder(parts: Iterable[qb.FunderAmount]) -> Counter[str]:
    return Counter({part.funder: part.amount_minor for part in parts})


@thorough
@given(quotes())
def test_all_parts_sum_exactly(problem: Problem) -> None:
    offers, request = problem

    answer = priced(offers.catalogue, request)

    given_off: Counter[tuple[str, str]] = Counter()
    paid: dict[tuple[str, str], Counter[str]] = {}
    for asked, told in zip(request.lines, answer.lines, strict=True):
        assert (told.line_id, told.list_minor) == (asked.line_id, asked.list_minor * asked.quantity)
        assert told.payable_minor == told.list_minor - told.discount_minor >= 0
        assert told.discount_minor == sum(a.amount_minor for a in told.adjustments)
        for adjustment in told.adjustments:
            assert adjustment.amount_minor == by_funder(adjustment.funders).total() > 0
            assert all(part.amount_minor > 0 for part in adjustment.funders)
            name = (adjustment.activity_id, adjustment.credential_id)
            given_off[name] += adjustment.amount_minor
            paid[name] = paid.get(name, Counter()) + by_funder(adjustment.funders)
    assert {(a.activity_id, a.credential_id): a.discount_minor for a in answer.applied} == given_off
    for applied in answer.applied:
        assert by_funder(applied.funders) == paid[applied.activity_id, applied.credential_id]
        assert 0 < applied.discount_minor <= applied.base_minor
    assert answer.list_minor == sum(told.list_minor for told in answer.lines)
    assert answer.payable_minor == sum(told.payable_minor for told in answer.lines)
    assert answer.discount_minor == answer.list_minor - answer.payable_minor
    assert by_funder(answer.funders) == sum(paid.values(), Counter())


@thorough
@given(quotes(), st.randoms(use_true_random=False))
def test_shuffling_changes_nothing_but_the_order_of_the_answer(
    problem: Problem, chance: Random
) -> None:
    offers, request = problem
    shuffled = qb.QuoteRequest()
    shuffled.CopyFrom(request)
    for messages in (shuffled.lines, shuffled.credentials):
        copies = list(messages)
        chance.shuffle(copies)
        del messages[:]
        messages.extend(copies)

    before, after = priced(offers.catalogue, request), priced(offers.catalogue, shuffled)

    assert [told.line_id for told in after.lines] == [asked.line_id for asked in shuffled.lines]
    for answer in (before, after):
        answer.lines.sort(key=lambda told: told.line_id)
        answer.not_applied.sort(key=lambda told: (told.activity_id, told.credential_id))
    assert after == before


@thorough
@given(quotes())
def test_same_input_gives_same_bytes_on_both_kernels(problem: Problem) -> None:
    offers, request = problem
    told = same_bytes(priced(offers.catalogue, request))

    again = evolve(
        Catalogue("default"),
        1,
        activities={a.activity_id: a for a in reversed(offers.activities)},
        sets=dict(reversed(offers.catalogue.sets.items())),
        books=offers.catalogue.books,
    )

    assert same_bytes(priced(again, request)) == told
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quoting, "price", stacking.price)
        assert same_bytes(priced(offers.catalogue, request)) == told
    assert quoting.price is _stacking.price


@thorough
@given(quotes(), st.sampled_from(["promotion_price", "item_discount"]))
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
@given(quotes())
def test_explaining_changes_no_price_and_leaves_nothing_out(problem: Problem) -> None:
    offers, request = problem
    request.explain = False
    silent = priced(offers.catalogue, request)
    request.explain = True
    told = priced(offers.catalogue, request)

    assert told.lines == silent.lines
    assert told.applied == silent.applied
    presented = [item for item in told.not_applied if item.credential_id]
    assert presented == list(silent.not_applied)
    accounted = Counter(a.credential_id for a in told.applied)
    accounted += Counter(item.credential_id for item in presented)
    assert accounted - Counter({"": accounted[""]}) == Counter(
        credential.credential_id for credential in request.credentials
    )
    unasked = [item.activity_id for item in told.not_applied if not item.credential_id]
    assert unasked == sorted(set(unasked))


def test_every_layer_that_a_template_allows_has_a_group_in_the_default_policy() -> None:
    for template in TEMPLATES.values():
        for layer in template.layers:
            for entitlement in template.entitlements:
                credential = entitlement.name == "CREDENTIAL"
                assert (layer, credential) in policy.DEFAULT.number_of

    order = [list(Layer).index(group.layer) for group in policy.DEFAULT.groups]
    assert order == sorted(order)


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
}


@pytest.mark.parametrize("field", _WRONG)
def test_the_field_that_is_wrong_is_named(field: str) -> None:
    request = cart(line("a", 100), line("b", 100))

    _WRONG[field](request)

    with pytest.raises(Invalid) as refused:
        cart_of(request, NOW)
    assert [violation.field for violation in refused.value.violations] == [field]


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

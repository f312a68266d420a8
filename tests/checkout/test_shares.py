"""How shipments and tenders share a price: pure."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rangli.checkout.shares import next_tender
from rangli.checkout.tenders import fitted
from rangli.core.errors import Invalid
from rangli.wallet.model import AskedTender, WalletKind
from rangli.wallet.tender import worth_minor

money = st.integers(0, 300)
points = st.builds(
    AskedTender,
    st.just(WalletKind.POINTS),
    st.just("points"),
    st.integers(1, 400),
    st.integers(1, 300),
)
TWO_TENS = AskedTender(WalletKind.POINTS, "points", 2, 20)
ONE_HUNDRED = AskedTender(WalletKind.POINTS, "stars", 1, 100)


@st.composite
def paid(draw: st.DrawFn) -> tuple[list[AskedTender], int, list[int]]:
    """Tenders, what is paid elsewhere, and what each shipment costs."""
    balance = draw(st.integers(0, 300))
    tenders = [AskedTender(WalletKind.BALANCE, "USD", balance, balance)] if balance else []
    tenders += draw(st.lists(points, max_size=2))
    external = draw(money)
    whole = sum(one.pays_minor for one in tenders) + external
    cuts = sorted(draw(st.lists(st.integers(0, whole), max_size=5)))
    return tenders, external, [*cuts, whole]


def unit_minor(tender: AskedTender) -> int:
    """What one unit of a tender is worth at most."""
    return -(-tender.pays_minor // tender.amount)


def worth(tenders: Sequence[AskedTender], units: Sequence[int]) -> int:
    return sum(
        worth_minor(each, amount=one.amount, pays_minor=one.pays_minor)
        for each, one in zip(units, tenders, strict=True)
    )


@given(paid())
@example(([TWO_TENS, ONE_HUNDRED], 0, [1, 2, 119, 120]))
@example(([ONE_HUNDRED], 100, [2, 200]))
def test_wherever_shipments_end_they_are_paid_and_less_than_one_point_more(
    drawn: tuple[list[AskedTender], int, list[int]],
) -> None:
    tenders, external, dues = drawn
    whole = dues[-1]
    captured, external_paid = [0] * len(tenders), 0
    for due in dues:
        if not whole:
            continue
        taken, more = next_tender(
            tenders,
            captured,
            external_minor=external,
            external_paid_minor=external_paid,
            due_minor=due,
            payable_minor=whole,
        )
        assert min([*taken, more]) >= 0
        captured = [before + now for before, now in zip(captured, taken, strict=True)]
        external_paid += more
        assert external_paid <= external
        assert all(u <= one.amount for u, one in zip(captured, tenders, strict=True))
        over = worth(tenders, captured) + external_paid - due
        assert 0 <= over < max(map(unit_minor, tenders), default=1)
        assert not (over and more)  # a point too early pays before money does
    if whole:
        assert captured == [one.amount for one in tenders]
        assert external_paid == external


def test_points_wait_until_a_shipment_is_worth_one_while_money_can_pay_it() -> None:
    taken = next_tender(
        [ONE_HUNDRED],
        [0],
        external_minor=100,
        external_paid_minor=0,
        due_minor=2,
        payable_minor=200,
    )

    assert taken == ([0], 2)


@given(st.lists(points, max_size=4), st.integers(0, 1_500))
def test_a_lower_price_is_paid_by_the_first_tenders(
    tenders: list[AskedTender], payable: int
) -> None:
    told = sum(one.pays_minor for one in tenders)

    kept = fitted(tenders, payable, told)

    assert sum(one.pays_minor for one in kept) == min(payable, told)
    for before, after in zip(tenders, kept, strict=False):
        assert 0 < after.amount <= before.amount
        assert before.pays_minor * after.amount >= before.amount * after.pays_minor
    assert tuple(tenders[: max(0, len(kept) - 1)]) == kept[:-1]


def test_tenders_pay_no_more_than_the_shopper_was_told() -> None:
    balance = [AskedTender(WalletKind.BALANCE, "USD", 10, 10)]

    with pytest.raises(Invalid):
        fitted(balance, 9, None)
    with pytest.raises(Invalid):
        fitted(balance, 5, 9)

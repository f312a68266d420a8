"""The whole demo on seven baskets, through a real server of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rangli.cli.demo import compare
from rangli.cli.demo.command import tell
from rangli.cli.demo.outcome import Outcome, figures
from rangli.cli.demo.run import derive, price
from rangli.cli.demo.serving import OwnServer
from rangli.cli.server import Server
from tests.cli.demo import journeys


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with OwnServer(workers=2) as server:
        yield server.ready()


@pytest.fixture(scope="module")
async def outcome(address: str) -> Outcome:
    derived = derive(journeys.journey(), "chain")
    return await price(
        derived, Server(address), weeks=53, connections=3, workers=2, claimants=2_000
    )


def test_the_service_prices_every_line_as_the_independent_calculation(outcome):
    told = figures(outcome)

    assert outcome.differing.empty
    assert (told["baskets"], told["lines"], told["lines_equal_oracle"]) == (7, 9, 9)
    assert (told["discount_minor_retailer"], told["recorded_minor_retailer"]) == (160, 265)
    assert (told["discount_minor_manufacturer"], told["recorded_minor_manufacturer"]) == (160, 400)
    # One store sold product 11 without the promotion that the others had.
    assert told["lines_exact"] == 8


def test_redemptions_are_presented_and_refused_with_their_reason(outcome):
    redeemed = outcome.redeemed.set_index("basket_id")

    assert redeemed["exact"].to_dict() == {100: True, 103: False, 105: False, 106: False}
    assert redeemed["reason"].to_dict() == {
        100: "", 103: "", 105: "ENDED", 106: "NOT_IN_AUDIENCE",
    }  # fmt: skip
    clamped = redeemed.loc[103, ["manufacturer_minor", "retailer_minor"]]
    assert clamped.tolist() == [60, 30]


def test_budgets_are_charged_and_settled_to_the_cent(outcome):
    settled, told = outcome.settled, figures(outcome)

    assert settled.unequal.empty
    by_activity = settled.amounts.set_index(["period", "funder", "activity_id"])
    # Weeks 11 and 12 are in the third period; nothing was sold in the others.
    assert by_activity["settled_minor"].to_dict() == {
        ("weeks 9 to 12", "retailer", "till-prices"): 80,
        ("weeks 9 to 12", "retailer", "coupon:900:c1"): 80,
        ("weeks 9 to 12", "manufacturer", "coupon:900:c1"): 160,
    }
    assert (told["settled_minor_retailer"], told["settled_minor_manufacturer"]) == (160, 160)
    # Of seven baskets three hold nothing that was reduced.
    assert (settled.orders, settled.reconciled_orders, settled.differences) == (4, 4, 0)


def test_a_settlement_that_differs_ends_the_demo_with_1(outcome, tmp_path, capsys):
    amounts = outcome.settled.amounts.copy()
    amounts.loc[0, "settled_minor"] += 1
    wrong = replace(outcome, settled=replace(outcome.settled, amounts=amounts))

    with pytest.raises(SystemExit) as ended:
        tell(wrong, None, tmp_path / "demo.html")

    assert ended.value.code == 1
    assert "DIFFERENT from the independent calculation: 1 settled" in capsys.readouterr().out


def test_an_order_that_the_journal_does_not_have_ends_the_demo_with_1(outcome, tmp_path, capsys):
    wrong = replace(outcome, settled=replace(outcome.settled, differences=2))

    with pytest.raises(SystemExit) as ended:
        tell(wrong, None, tmp_path / "demo.html")

    assert ended.value.code == 1
    assert "2 settled or posted amounts differ" in capsys.readouterr().err


def test_what_was_published_is_counted(outcome):
    published = outcome.published

    assert (published.price_entries, published.audiences) == (5, 2)
    assert (published.coupons, published.coupons_without_face) == (1, 1)
    assert 0 < published.live_s < published.publish_s


@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
async def test_a_book_by_store_reproduces_each_store(address, order):
    journey = journeys.journey()
    lines = journey.lines.iloc[::order].reset_index(drop=True)
    derived = derive(replace(journey, lines=lines), "store")

    outcome = await price(
        derived, Server(address), weeks=53, connections=2, workers=2, claimants=2_000
    )

    told = figures(outcome)
    assert (told["lines_equal_oracle"], told["lines_exact"]) == (9, 9)
    assert outcome.published.store_sets == 2


async def test_only_the_first_weeks_are_replayed(address):
    derived = derive(journeys.journey(), "chain")

    outcome = await price(
        derived, Server(address), weeks=11, connections=2, workers=2, claimants=2_000
    )

    assert (outcome.baskets, len(outcome.lines), len(outcome.differing)) == (5, 7, 0)
    assert len(outcome.redeemed) == 3


def test_page_figures_and_tables_tell_it(outcome, tmp_path, capsys):
    tell(outcome, tmp_path / "figures.json", tmp_path / "reports" / "demo.html")

    printed = capsys.readouterr().out
    told = json.loads((tmp_path / "figures.json").read_text())
    page = (tmp_path / "reports" / "demo.html").read_text()
    assert "100.00 %  9 of 9 replayed lines" in printed
    assert "-1.50 coupon:900:c1 (manufacturer 1.00, retailer 0.50)" in printed
    assert told == figures(outcome)
    assert page.count("<svg") == 3
    assert "Coupon larger than the price: 1 lines" in page


def test_a_line_that_differs_is_printed_and_ends_the_demo_with_1(outcome, tmp_path, capsys):
    answered = outcome.answered.copy()
    answered.loc[2, "payable_minor"] += 1
    differing = compare.differing(outcome.lines, answered, outcome.wanted)

    with pytest.raises(SystemExit) as ended:
        tell(replace(outcome, differing=differing), None, tmp_path / "demo.html")

    assert ended.value.code == 1
    assert figures(replace(outcome, differing=differing))["lines_equal_oracle"] == 8
    assert "DIFFERENT from the independent calculation: 1 lines" in capsys.readouterr().out

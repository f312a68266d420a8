"""What the benches measure is the same in every run, and what they say it is."""

from __future__ import annotations

import hashlib

import pytest

from rangli.cli.bench import batch, catalogue, kernel, quote, serving
from rangli.cli.bench.mix import LINES, mix_of
from rangli.cli.bench.real import real_baskets
from rangli.pricing.asked import Asked
from rangli.pricing.kernel import price
from rangli.pricing.plan import Outcome
from rangli.v1 import pricing_service_pb2 as pb


def _digest(activities: int) -> str:
    digest = hashlib.sha256()
    kernel.digest(digest, mix_of(activities, carts=3, departments=2))
    return digest.hexdigest()


def test_the_mix_is_the_same_in_every_run():
    assert _digest(20) == _digest(20)
    assert _digest(5) != _digest(20)


def _outcomes(activities: int, *, delivered: bool = True) -> tuple[list[Asked], list[Outcome]]:
    made = kernel.ready(mix_of(activities, carts=3, departments=2, delivered=delivered))
    return made, [price(one.catalogue.programs, one.policy.tree, one.plan) for one in made]


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize(("activities", "wide"), [(5, 5), (20, 15), (100, 75)])
def test_so_many_activities_act_on_half_of_the_lines(
    activities: int, wide: int, delivered: bool, capsys: pytest.CaptureFixture[str]
):
    made, outcomes = _outcomes(activities, delivered=delivered)

    kernel.describe(activities, made, outcomes)
    kernel.compare(made, outcomes)

    told = capsys.readouterr().out
    assert f"{LINES} lines x {activities} activities" in told
    least = int(told.split(" apply, ")[1].split(" to ")[0])
    assert least >= wide


def test_a_mix_that_gives_less_than_promised_is_not_measured():
    made, outcomes = _outcomes(20)
    for outcome in outcomes:
        del outcome.takes[:]

    with pytest.raises(AssertionError, match="only 0 act"):
        kernel.describe(20, made, outcomes)


def test_kernels_that_disagree_are_not_measured():
    made, outcomes = _outcomes(5)
    outcomes[-1].payable[0] += 1

    with pytest.raises(AssertionError, match="disagree"):
        kernel.compare(made, outcomes)


def test_every_cart_of_the_mix_has_twenty_lines_of_its_own():
    requests = mix_of(20, carts=50).requests

    assert {len(request.lines) for request in requests} == {LINES}
    assert len({request.SerializeToString(deterministic=True) for request in requests}) == 50


def test_a_quote_from_bytes_to_bytes_is_the_quote_of_the_service():
    mix = mix_of(20, carts=1, departments=1)
    answer = serving.answering(mix.catalogue)(mix.requests[0].SerializeToString())

    quoted = pb.QuoteResponse.FromString(answer)
    assert len(quoted.lines) == LINES
    assert len(quoted.applied) >= 15
    assert quoted.payable_minor == quoted.list_minor - quoted.discount_minor
    assert quoted.payable_minor == sum(
        part.payable_minor for part in (*quoted.lines, *quoted.deliveries)
    )


def test_other_products_price_entries_change_no_answer():
    without = catalogue.beside(0)
    among = catalogue.beside(1_000)

    assert without[1] == among[1]
    for request in without[1][:5]:
        alone, beside = (pb.QuoteResponse.FromString(side[0](request)) for side in (without, among))
        assert list(alone.lines) == list(beside.lines)


def test_the_catalogue_bench_quotes_the_same_carts_in_every_run():
    first = catalogue.digests_of([catalogue.within(1_000)])

    assert catalogue.digests_of([catalogue.within(1_000)]) == first
    assert catalogue.digests_of([catalogue.within(2_000)]) != first
    assert {len(digest) for digest in first.values()} == {16}


def test_a_batch_is_expected_to_be_answered_as_its_carts_one_by_one():
    request, answer = batch.exchange()

    asked, answered = pb.BatchQuoteRequest.FromString(request), pb.BatchQuoteResponse()
    answered.ParseFromString(answer)
    assert len(asked.quotes) == len(answered.items) == batch.CARTS
    assert all(item.quote.discount_minor > 0 for item in answered.items)


def test_the_quote_bench_tells_what_it_measured():
    figures = quote.run(carts=2, baskets=0, rounds=1)

    assert set(figures) == {
        "quote_us_in_process",
        "quote_us_in_process_goods_only",
        "quote_inputs_sha256",
        "quote_answers_sha256",
    }


@pytest.mark.soak
def test_real_baskets_are_given_the_retailers_prices_and_coupons():
    real = real_baskets(2_000)
    answer = serving.answering(real.catalogue)

    quoted = [pb.QuoteResponse.FromString(answer(one.SerializeToString())) for one in real.requests]

    funders = {part.funder for one in quoted for part in one.funders}
    assert funders == {"retailer", "manufacturer"}
    assert sum(one.discount_minor > 0 for one in quoted) > 1_000

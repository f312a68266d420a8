"""What a right answer is, as far as the request alone can tell."""

from __future__ import annotations

from collections import Counter

from rangli.v1.pricing_service_pb2 import QuotedDelivery, QuotedLine, QuoteRequest, QuoteResponse


class WrongAnswer(Exception):
    """The service answered, and the answer contradicts the request or itself."""


def expect(said: str, found: object, wanted: object) -> None:
    """Raise WrongAnswer unless they are equal."""
    if found != wanted:
        raise WrongAnswer(f"{said} is {found} and should be {wanted}")


def check(request: QuoteRequest, quote: QuoteResponse) -> None:
    """Raise WrongAnswer unless there is a catalogue, every line is there and all sums are exact.

    Exact: list = unit list * quantity; a line's discount = its adjustments, an adjustment = its
    funders' parts, payable = list - outside - discount >= 0; the cart's amounts = its lines' and
    deliveries'; discount = the activities' = the layers' = the funders' amounts.
    """
    if quote.catalogue_version <= 0:
        raise WrongAnswer("no catalogue: nothing is published for this tenant")
    asked = [(line.line_id, line.list_minor * line.quantity) for line in request.lines]
    if [(line.line_id, line.list_minor) for line in quote.lines] != asked:
        raise WrongAnswer("the lines are not those that were asked for")
    fees = [(each.delivery_id, each.fee_minor) for each in request.deliveries]
    if [(each.delivery_id, each.fee_minor) for each in quote.deliveries] != fees:
        raise WrongAnswer("the deliveries are not those that were asked for")
    by_activity: Counter[tuple[int, int]] = Counter()
    for priced, list_minor in zip([*quote.lines, *quote.deliveries], asked + fees, strict=True):
        outside_minor = priced.outside_off_minor if isinstance(priced, QuotedLine) else 0
        _check_line(quote, priced, list_minor[1] - outside_minor, by_activity)
    _check_totals(quote)
    for place, applied in enumerate(quote.applied):
        parts = [by_activity[place, funder] for funder in range(len(applied.funders))]
        if [part.amount_minor for part in applied.funders] != parts:
            raise WrongAnswer("an activity's funders' parts are not those of its adjustments")
        if applied.discount_minor != sum(parts):
            raise WrongAnswer("an activity's discount is not the sum of its adjustments")


def _check_line(
    quote: QuoteResponse,
    line: QuotedLine | QuotedDelivery,
    due_minor: int,
    by_activity: Counter[tuple[int, int]],
) -> None:
    for cut in line.adjustments:
        if sum(cut.funder_minor) != cut.amount_minor or cut.amount_minor <= 0:
            raise WrongAnswer("an adjustment is not the sum of its funders' parts")
        if len(cut.funder_minor) != len(quote.applied[cut.applied].funders):
            raise WrongAnswer("an adjustment's funders are not its activity's")
        for funder, amount_minor in enumerate(cut.funder_minor):
            by_activity[cut.applied, funder] += amount_minor
    if line.discount_minor != sum(cut.amount_minor for cut in line.adjustments):
        raise WrongAnswer("a line's discount is not the sum of its adjustments")
    if line.payable_minor != due_minor - line.discount_minor or line.payable_minor < 0:
        raise WrongAnswer("a line's payable amount is not list - outside - discount")


def _check_totals(quote: QuoteResponse) -> None:
    priced = [*quote.lines, *quote.deliveries]
    discount_minor = sum(line.discount_minor for line in priced)
    outside_minor = sum(line.outside_off_minor for line in quote.lines)
    list_minor = sum(line.list_minor for line in quote.lines)
    list_minor += sum(delivery.fee_minor for delivery in quote.deliveries)
    if (quote.list_minor, quote.discount_minor, quote.outside_off_minor) != (
        list_minor,
        discount_minor,
        outside_minor,
    ):
        raise WrongAnswer("the totals are not the sums of the lines")
    if quote.payable_minor != list_minor - outside_minor - discount_minor:
        raise WrongAnswer("the payable total is not list - outside - discount")
    if sum(part.amount_minor for part in quote.funders) != discount_minor:
        raise WrongAnswer("the funders' amounts are not the discount")
    if sum(layer.discount_minor for layer in quote.layers) != discount_minor:
        raise WrongAnswer("the layers' amounts are not the discount")

"""What a right answer is, as far as the request alone can tell."""

from __future__ import annotations

from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse


class WrongAnswer(Exception):
    """The service answered, and the answer contradicts the request or itself."""


def check(request: QuoteRequest, quote: QuoteResponse) -> None:
    """Raise WrongAnswer unless there is a catalogue, every line is there and all sums are exact.

    Exact: list = unit list * quantity; a line's discount = its adjustments, an adjustment = its
    funders' parts, payable = list - discount >= 0; the cart's three amounts = its lines'; discount
    = the funders' amounts.
    """
    if quote.catalogue_version <= 0:
        raise WrongAnswer("no catalogue: nothing is published for this tenant")
    if len(quote.lines) != len(request.lines):
        raise WrongAnswer("lines are missing or too many")
    list_minor = discount_minor = 0
    for asked, line in zip(request.lines, quote.lines, strict=True):
        if line.line_id != asked.line_id or line.list_minor != asked.list_minor * asked.quantity:
            raise WrongAnswer("a line is not the one that was asked for")
        taken_minor = 0
        for cut in line.adjustments:
            taken_minor += cut.amount_minor
            if sum(part.amount_minor for part in cut.funders) != cut.amount_minor:
                raise WrongAnswer("an adjustment is not the sum of its funders' parts")
        if line.discount_minor != taken_minor:
            raise WrongAnswer("a line's discount is not the sum of its adjustments")
        if line.payable_minor != line.list_minor - taken_minor or line.payable_minor < 0:
            raise WrongAnswer("a line's payable amount is not list - discount")
        list_minor += line.list_minor
        discount_minor += taken_minor
    if (quote.list_minor, quote.discount_minor) != (list_minor, discount_minor):
        raise WrongAnswer("the totals are not the sums of the lines")
    if quote.payable_minor != list_minor - discount_minor:
        raise WrongAnswer("the payable total is not list - discount")
    if sum(part.amount_minor for part in quote.funders) != discount_minor:
        raise WrongAnswer("the funders' amounts are not the discount")

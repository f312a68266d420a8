"""What holds of every quote, whatever was published and asked: all parts sum, nothing is negative.

`check(request, answer)` is used wherever a test has both.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from rangli.v1 import pricing_service_pb2 as qb

_Adjusted = qb.QuotedLine | qb.QuotedDelivery


def check(request: qb.QuoteRequest, answer: qb.QuoteResponse) -> None:
    """The answer is of this request, and its parts make its sums exactly."""
    _lines_are_those_asked_for(request, answer)
    _totals(answer)
    _activities(answer)
    _limits(request, answer)
    _order_and_places(request, answer)


def _lines_are_those_asked_for(request: qb.QuoteRequest, answer: qb.QuoteResponse) -> None:
    asked = {line.line_id: line for line in request.lines}
    assert [line.line_id for line in answer.lines] == list(asked)
    assert [(each.delivery_id, each.fee_minor) for each in answer.deliveries] == [
        (each.delivery_id, each.fee_minor) for each in request.deliveries
    ]
    for line in answer.lines:
        said = asked[line.line_id]
        assert line.list_minor == said.list_minor * said.quantity
        assert said.outside_off_minor <= line.outside_off_minor <= line.list_minor
        floor_minor = min(
            said.floor_minor * said.quantity, line.list_minor - line.outside_off_minor
        )
        assert line.payable_minor >= floor_minor
        _adjusted(line, due_minor=line.list_minor - line.outside_off_minor, quantity=said.quantity)
    for delivery in answer.deliveries:
        _adjusted(delivery, due_minor=delivery.fee_minor, quantity=1)
    wanted = sum(line.outside_off_minor for line in request.lines) + request.outside_off_minor
    list_minor = sum(line.list_minor for line in answer.lines)
    assert answer.outside_off_minor == min(wanted, list_minor)


def _adjusted(line: _Adjusted, *, due_minor: int, quantity: int) -> None:
    """A line's adjustments make its discount and are off units that it has."""
    assert line.discount_minor == sum(cut.amount_minor for cut in line.adjustments)
    assert line.payable_minor == due_minor - line.discount_minor >= 0
    seen = defaultdict(set)
    for cut in line.adjustments:
        assert cut.amount_minor == sum(cut.funder_minor) > 0
        assert min(cut.funder_minor) >= 0
        assert 0 <= cut.unit_first <= cut.unit_first + cut.units <= quantity
        assert cut.units < quantity
        assert cut.units or not cut.unit_first
        units = (cut.unit_first, cut.units or quantity)
        key = (cut.applied, cut.effect, cut.application)
        assert units not in seen[key]
        seen[key].add(units)
    places = [cut.applied for cut in line.adjustments]
    assert places == sorted(places)


def _totals(answer: qb.QuoteResponse) -> None:
    priced = [*answer.lines, *answer.deliveries]
    assert answer.list_minor == sum(x.list_minor for x in answer.lines) + sum(
        x.fee_minor for x in answer.deliveries
    )
    assert answer.outside_off_minor == sum(x.outside_off_minor for x in answer.lines)
    assert answer.discount_minor == sum(x.discount_minor for x in priced)
    assert answer.payable_minor == sum(x.payable_minor for x in priced)
    left = answer.list_minor - answer.outside_off_minor - answer.discount_minor
    assert answer.payable_minor == left >= 0


def _activities(answer: qb.QuoteResponse) -> None:
    """Activities, layers and funders: each makes the discount."""
    off: Counter[int] = Counter()
    paid: dict[int, list[int]] = {}
    for line in (*answer.lines, *answer.deliveries):
        for cut in line.adjustments:
            off[cut.applied] += cut.amount_minor
            before = paid.get(cut.applied, [0] * len(cut.funder_minor))
            paid[cut.applied] = [a + b for a, b in zip(before, cut.funder_minor, strict=True)]
    by_layer: Counter[int] = Counter()
    by_funder: Counter[str] = Counter()
    gives = {x.applied for x in (*answer.added_lines, *answer.earnings)}
    for place, applied in enumerate(answer.applied):
        assert applied.discount_minor == off[place]
        parts = [part.amount_minor for part in applied.funders]
        assert parts == paid.get(place, [0] * len(parts))
        assert sum(parts) == applied.discount_minor
        assert applied.discount_minor > 0 or place in gives
        assert applied.times >= 1
        assert min(applied.clamped_minor, applied.cut_minor, applied.base_minor) >= 0
        by_layer[applied.layer] += applied.discount_minor
        for part in applied.funders:
            by_funder[part.funder] += part.amount_minor
    assert {x.layer: x.discount_minor for x in answer.layers} == +by_layer
    assert [x.layer for x in answer.layers] == sorted(+by_layer)
    assert {x.funder: x.amount_minor for x in answer.funders} == +by_funder
    assert [x.funder for x in answer.funders] == sorted(+by_funder)
    assert by_layer.total() == by_funder.total() == answer.discount_minor


def _limits(request: qb.QuoteRequest, answer: qb.QuoteResponse) -> None:
    """Nobody gives more than what limits leave, however often it is presented."""
    off, uses, given = Counter[str](), Counter[str](), Counter[str]()
    for applied in answer.applied:
        off[applied.activity_id] += applied.discount_minor
        uses[applied.activity_id] += applied.times
    for added in answer.added_lines:
        given[answer.applied[added.applied].activity_id] += added.quantity
    for left in request.limits_left:
        name = left.activity_id
        assert not left.HasField("amount_minor") or off[name] <= left.amount_minor
        assert not left.HasField("uses") or uses[name] <= left.uses
        assert not left.HasField("units") or given[name] <= left.units


def _order_and_places(request: qb.QuoteRequest, answer: qb.QuoteResponse) -> None:
    """Every credential and code is answered once, and nothing is both applied and not."""
    assert all(0 <= x.applied < len(answer.applied) for x in answer.added_lines)
    assert all(x.quantity > 0 for x in answer.added_lines)
    assert all(0 <= x.applied < len(answer.applied) for x in answer.earnings)
    assert all(x.amount > 0 for x in answer.earnings)
    told = [x.credential_id for x in (*answer.applied, *answer.not_applied) if x.credential_id]
    assert sorted(told) == sorted(x.credential_id for x in request.credentials)
    codes = [x.code.casefold() for x in (*answer.applied, *answer.not_applied) if x.code]
    assert sorted(codes) == sorted({code.casefold() for code in request.codes})
    open_ones = [x.activity_id for x in answer.applied if not (x.credential_id or x.code)]
    quiet = [x.activity_id for x in answer.not_applied if not (x.credential_id or x.code)]
    assert len(open_ones) == len(set(open_ones))
    assert quiet == sorted(set(quiet))
    assert not set(open_ones) & set(quiet)
    if answer.proven:
        assert answer.gap_minor == 0
    assert answer.nodes >= 1

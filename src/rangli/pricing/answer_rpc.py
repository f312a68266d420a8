"""From an answer to its message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rangli.core.clock import instant
from rangli.pricing.answer import Adjustment, Applied, LeafTrace, NotApplied, Quote, QuotedLine
from rangli.pricing.terms_rpc import terms_of
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp


def message(answer: Quote) -> pb.QuoteResponse:
    """The answer as callers see it."""
    response = price_message(answer)
    if answer.cart.snapshot:
        response.terms.MergeFromString(terms_of(answer))
    return response


def price_message(answer: Quote) -> pb.QuoteResponse:
    """The answer without `terms`."""
    priced = [*answer.lines, *answer.deliveries]
    list_minor = sum(line.list_minor for line in priced)
    outside_minor = sum(line.outside_minor for line in priced)
    payable_minor = sum(line.payable_minor for line in priced)
    policy = answer.policy.spec
    response = pb.QuoteResponse(
        currency=answer.cart.currency,
        catalogue_version=answer.catalogue_version,
        list_minor=list_minor,
        discount_minor=list_minor - outside_minor - payable_minor,
        payable_minor=payable_minor,
        lines=[_line(line) for line in answer.lines],
        applied=[_applied(applied) for applied in answer.applied],
        not_applied=[not_applied_message(item) for item in answer.not_applied],
        funders=_funders(answer.funders()),
        deliveries=[_delivery(delivery) for delivery in answer.deliveries],
        added_lines=[
            pb.AddedLine(
                applied=added.applied,
                sku=added.gift.sku,
                quantity=added.quantity,
                worth_minor=added.gift.worth_minor,
            )
            for added in answer.added
        ],
        earnings=[
            pb.Earning(
                applied=earned.applied,
                kind=enum_number(ab.EarningKind.DESCRIPTOR, earned.earn.kind.name),
                subject=earned.earn.subject,
                amount=earned.amount,
            )
            for earned in answer.earned
        ],
        layers=[
            pb.LayerTotal(
                layer=enum_number(ab.Layer.DESCRIPTOR, layer.name), discount_minor=discount_minor
            )
            for layer, discount_minor in answer.layers()
        ],
        proven=answer.proven,
        gap_minor=answer.gap_minor,
        nodes=answer.nodes,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        outside_off_minor=outside_minor,
    )
    set_timestamp(response.priced_at, instant(answer.cart.at_us))
    return response


def _line(line: QuotedLine) -> pb.QuotedLine:
    return pb.QuotedLine(
        line_id=line.line_id,
        list_minor=line.list_minor,
        discount_minor=line.discount_minor,
        payable_minor=line.payable_minor,
        adjustments=_adjustments(line.adjustments),
        outside_off_minor=line.outside_minor,
    )


def _delivery(delivery: QuotedLine) -> pb.QuotedDelivery:
    return pb.QuotedDelivery(
        delivery_id=delivery.line_id,
        fee_minor=delivery.list_minor,
        discount_minor=delivery.discount_minor,
        payable_minor=delivery.payable_minor,
        adjustments=_adjustments(delivery.adjustments),
    )


def _adjustments(adjustments: Sequence[Adjustment]) -> list[pb.Adjustment]:
    return [
        pb.Adjustment(
            applied=adjustment.applied,
            amount_minor=adjustment.amount_minor,
            funder_minor=adjustment.funder_minor,
            effect=adjustment.effect,
            application=adjustment.application,
            unit_first=adjustment.unit_first,
            units=adjustment.units,
        )
        for adjustment in adjustments
    ]


def _applied(applied: Applied) -> pb.AppliedActivity:
    activity, result = applied.activity, applied.result
    return pb.AppliedActivity(
        activity_id=activity.activity_id,
        version=activity.version,
        display_name=activity.display_name,
        layer=enum_number(ab.Layer.DESCRIPTOR, activity.layer.name),
        credential_id=applied.shown.credential_id,
        base_minor=result.base_minor,
        discount_minor=result.off_minor,
        funders=_funders(zip(activity.funders, applied.funder_minor, strict=True)),
        tier=result.tier,
        times=result.times,
        clamped_minor=result.clamped_minor,
        cut_minor=result.cut_minor,
        group=applied.group,
        code=applied.shown.code,
        conditions=_traces(applied.conditions),
    )


def not_applied_message(item: NotApplied) -> pb.NotApplied:
    """Why an activity gave nothing, as callers see it."""
    result = item.result
    told = pb.NotApplied(
        activity_id=item.activity_id,
        credential_id=item.shown.credential_id,
        reason=enum_number(pb.NotAppliedReason.DESCRIPTOR, item.why.name),
        beaten_by=item.beaten_by,
        code=item.shown.code,
        group=item.group,
        conditions=_traces(item.conditions),
    )
    if result is not None:
        told.base_minor = result.base_minor
        told.beaten_by_minor = result.beaten_minor
        if item.measure is not None:
            told.measure = enum_number(ab.Measure.DESCRIPTOR, item.measure.name)
            told.required, told.actual = result.required, result.actual
    return told


def _traces(traces: Sequence[LeafTrace]) -> list[pb.ConditionTrace]:
    return [
        pb.ConditionTrace(
            path=trace.path,
            measure=enum_number(ab.Measure.DESCRIPTOR, trace.measure.name),
            comparison=enum_number(ab.Comparison.DESCRIPTOR, trace.compare.name),
            required=trace.required,
            actual=trace.actual,
            met=trace.met,
        )
        for trace in traces
    ]


def _funders(amounts: Iterable[tuple[str, int]]) -> list[pb.FunderAmount]:
    return [pb.FunderAmount(funder=funder, amount_minor=amount) for funder, amount in amounts]

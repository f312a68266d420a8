"""Orders as they were paid, written down by hand, and what returns of them refund."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rangli.activities import drafts
from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.policies.presets import PRESETS
from rangli.activities.spec import ActivitySpec
from rangli.core.money import apportion_largest_remainder
from rangli.pricing.answer_rpc import message as answer_message
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.quote import quote
from rangli.pricing.refund_rpc import last, message, read
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import fill, set_timestamp, to_struct
from tests.world import NOW, cart, spec

# What an activity took off a line: an amount off all of it, or (amount, first unit, units).
Amount = int | tuple[int, int, int]


def order_off(**fields: Any) -> ab.ActivitySpec:
    """A store coupon of some amount."""
    fields.setdefault("amount_off", {"amount_minor": 1})
    return completed(spec("order_coupon", **fields), ab.LAYER_STORE_ORDER)


def item_off(**fields: Any) -> ab.ActivitySpec:
    """A discount of some amount on single products."""
    fields.setdefault("amount_off", {"amount_minor": 1})
    return completed(spec("item_discount", **fields), ab.LAYER_ITEM_DISCOUNT)


def completed(activity: ab.ActivitySpec, layer: ab.Layer.ValueType) -> ab.ActivitySpec:
    """As published activities are."""
    activity.layer = activity.layer or layer
    activity.entitlement = activity.entitlement or ab.ENTITLEMENT_OPEN
    return activity


class Paid:
    """An order as it was paid."""

    def __init__(self, *lines: pb.CartLine, **fields: Any) -> None:
        request = cart(*lines, snapshot=True, **fields)
        response = pb.QuoteResponse(currency=request.currency)
        set_timestamp(response.priced_at, NOW)
        for line in lines:
            response.lines.add(
                line_id=line.line_id,
                list_minor=line.list_minor * line.quantity,
                outside_off_minor=line.outside_off_minor,
            )
        for delivery in request.deliveries:
            response.deliveries.add(delivery_id=delivery.delivery_id, fee_minor=delivery.fee_minor)
        fill(response.terms.policy, PRESETS["default"])
        self.snapshot = pb.QuoteSnapshot(request=request, response=response)
        self._sum()

    @property
    def response(self) -> pb.QuoteResponse:
        return self.snapshot.response

    def off(
        self,
        activity_id: str,
        activity: ab.ActivitySpec,
        amounts: Mapping[str, Amount | Sequence[Amount]],
        *,
        credential_id: str = "",
        line_ids: Iterable[str] = (),
    ) -> Paid:
        """The order with what an activity took off some lines; line_ids: what it could act on."""
        response, place = self.response, len(self.response.applied)
        bps = [share.share_bps for share in activity.funding]
        paid = [0] * len(bps)
        named = {each.line_id: each for each in response.lines}
        named |= {each.delivery_id: each for each in response.deliveries}
        for line_id, amount in amounts.items():
            for each in amount if isinstance(amount, list) else [amount]:
                minor, first, units = each if isinstance(each, tuple) else (each, 0, 0)
                parts = apportion_largest_remainder(minor, bps)
                paid = [a + b for a, b in zip(paid, parts, strict=True)]
                named[line_id].adjustments.add(
                    applied=place,
                    amount_minor=minor,
                    funder_minor=parts,
                    unit_first=first,
                    units=units,
                )
        response.applied.add(
            activity_id=activity_id,
            version=1,
            credential_id=credential_id,
            discount_minor=sum(paid),
            funders=[
                pb.FunderAmount(funder=share.funder, amount_minor=minor)
                for share, minor in zip(activity.funding, paid, strict=True)
            ],
            times=1,
        )
        response.terms.activities.add(
            activity_id=activity_id,
            version=1,
            credential_id=credential_id,
            spec=activity,
            line_ids=[*(line_ids or named)],
        )
        self._sum()
        return self

    def _sum(self) -> None:
        response = self.response
        for line in response.lines:
            line.discount_minor = sum(each.amount_minor for each in line.adjustments)
            line.payable_minor = line.list_minor - line.outside_off_minor - line.discount_minor
        for delivery in response.deliveries:
            delivery.discount_minor = sum(each.amount_minor for each in delivery.adjustments)
            delivery.payable_minor = delivery.fee_minor - delivery.discount_minor
        priced = [*response.lines, *response.deliveries]
        response.discount_minor = sum(each.discount_minor for each in priced)
        response.payable_minor = sum(each.payable_minor for each in priced)

    def refund(self, *returns: pb.Return) -> pb.PreviewRefundResponse:
        """What the last of the returns refunds."""
        return refund(self.snapshot, *returns)

    def refunds(self, *returns: pb.Return) -> list[int]:
        """What each of the returns refunds."""
        return [self.refund(*returns[: n + 1]).refund_minor for n in range(len(returns))]


def refund(snapshot: pb.QuoteSnapshot, *returns: pb.Return) -> pb.PreviewRefundResponse:
    """What the last of the returns refunds; nothing but the messages is asked."""
    *earlier, now = returns
    request = pb.PreviewRefundRequest(snapshot=snapshot, earlier=earlier, now=now)
    order, read_returns = read(request)
    return message(order, last(order, read_returns))


def back(
    lines: Mapping[str, int] | None = None,
    *,
    gifts: Mapping[str, int] | None = None,
    delivery_ids: Iterable[str] = (),
) -> pb.Return:
    """A return: units by line, gifts by sku, delivery groups."""
    returned = pb.Return(delivery_ids=delivery_ids)
    for line_id, quantity in (lines or {}).items():
        returned.lines.add(line_id=line_id, quantity=quantity)
    for sku, quantity in (gifts or {}).items():
        returned.lines.add(line_id=sku, quantity=quantity, gift=True)
    return returned


def bought(
    request: pb.QuoteRequest, activities: Mapping[str, ab.ActivitySpec], *, policy: str = ""
) -> pb.QuoteSnapshot:
    """The cart as it is priced while these activities run."""
    live = {}
    for activity_id, activity in activities.items():
        completed_spec = drafts.completed(to_struct(activity, ActivitySpec, "spec"), "spec")
        live[activity_id] = drafts.published(None, activity_id, completed_spec, now=NOW)
    catalogue = evolve(Catalogue(tenant="t"), 1, activities=live)
    request.snapshot, request.policy_id = True, policy
    priced = answer_message(quote(catalogue, cart_of(request, NOW)))
    return pb.QuoteSnapshot(request=request, response=priced)

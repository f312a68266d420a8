"""What the codec of the hot path (`_codec.pyx`) asks of activities and products, once each."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from google.protobuf.message import DecodeError

from rangli.activities.catalogue import Catalogue
from rangli.activities.conditions import Rule
from rangli.activities.effects import Effect
from rangli.activities.effects.earn import Earn
from rangli.activities.effects.gift import Gift
from rangli.activities.live import LiveActivity
from rangli.activities.matching import ProductFacts, ProductIndex, matches
from rangli.activities.scope import Deliveries
from rangli.pricing.cart_rpc import product_violations
from rangli.pricing.policy import Policy
from rangli.pricing.steps import step_row
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import enum_number

_BASIS = {None: 0, "GROSS": ab.PRICE_BASIS_GROSS, "NET": ab.PRICE_BASIS_NET}


@dataclass(frozen=True, slots=True)
class HotActivity:
    """An activity as the codec keeps it.

    grants: for each of the kernel's effects that gives a gift or an earning: whether it is a gift,
        its sku or subject, and its worth or kind.
    grouped: the policy has a place for it.
    lists_products: it has lists of its own that are not of deliveries.
    beside: it names labels of those who may act beside it, has a rule, which reads what the codec
        does not keep, or other amounts for some carts, or amounts in a price basis: the plain way
        takes it.
    lead: what its group's order reads first.
    step: the fields of its `StepRow`, lines not counted.
    head: fields 1 to 4 of its `AppliedActivity`.
    """

    grants: tuple[tuple[bool, bytes, int] | None, ...]
    grouped: bool
    lists_products: bool
    beside: bool
    basis: int
    currency: bytes
    lead: int
    step: tuple[int, ...]
    effect_of: tuple[int, ...]
    layer: int
    activity_id: bytes
    head: bytes
    group: bytes


def hot_activity(
    catalogue: Catalogue, policy: Policy, activity: LiveActivity, exclusion: int
) -> HotActivity:
    """The activity under the policy. exclusion: a number of its exclusion group, 0 for none."""
    group = policy.place(activity)
    place = group if group is not None else 0
    layer = enum_number(ab.Layer.DESCRIPTOR, activity.layer.name)
    head = pb.AppliedActivity(
        activity_id=activity.activity_id,
        version=activity.version,
        display_name=activity.display_name,
        layer=layer,
    )
    return HotActivity(
        grants=tuple(_grant(activity.spec.effects[number]) for number in activity.effect_of),
        grouped=group is not None,
        lists_products=any(not isinstance(target, Deliveries) for target in activity.lists),
        beside=bool(activity.combines_with)
        or bool(activity.further or activity.by_basis)
        or any(isinstance(fact, Rule) for fact in activity.facts),
        basis=_BASIS[activity.price_basis],
        currency=activity.currency.encode(),
        lead=policy.lead(place, activity),
        step=astuple(
            step_row(
                activity,
                group=place,
                program=catalogue.program_numbers[activity.activity_id],
                exclusion=exclusion,
            )
        ),
        effect_of=tuple(activity.effect_of),
        layer=layer,
        activity_id=activity.activity_id.encode(),
        head=head.SerializeToString(),
        group=policy.group_names[place].encode(),
    )


def _grant(effect: Effect) -> tuple[bool, bytes, int] | None:
    if isinstance(effect, Gift):
        return True, effect.sku.encode(), effect.worth_minor
    if isinstance(effect, Earn):
        kind = enum_number(ab.EarningKind.DESCRIPTOR, effect.kind.name)
        return False, effect.subject.encode(), kind
    return None


def product_facts(index: ProductIndex, line: bytes) -> ProductFacts | None:
    """The facts in the bytes of a CartLine that has nothing else; None if they are not good."""
    try:
        message = pb.CartLine.FromString(line)
    except DecodeError:
        return None
    message.line_id, message.quantity = "line", 1
    if product_violations(message):
        return None
    return index.facts(
        message.sku,
        message.category_path if message.HasField("category_path") else None,
        message.brand if message.HasField("brand") else None,
        tuple(message.tags),
        message.list_minor,
    )


def lists_of(activity: LiveActivity, facts: ProductFacts) -> int:
    """Bits of the activity's own lists that hold the product."""
    bits = 0
    for number, target in enumerate(activity.lists):
        if not isinstance(target, Deliveries) and matches(target, facts):
            bits |= 1 << number
    return bits


def lists_of_delivery(activity: LiveActivity, method: str) -> int:
    """Bits of the activity's own lists that hold a delivery by this method.

    Those of its amounts for some carts may be others: the plain way finds out.
    """
    if activity.further:
        return 1
    bits = 0
    for number, target in enumerate(activity.lists):
        if isinstance(target, Deliveries) and (not target.methods or method in target.methods):
            bits |= 1 << number
    return bits

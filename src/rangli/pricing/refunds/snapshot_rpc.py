"""From a quote's snapshot to the order that was paid; everything wrong with it is named."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rangli.activities.live import LiveActivity
from rangli.activities.policies.spec import PolicySpec
from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.money import CART_MINOR_MAX, LINE_MINOR_MAX
from rangli.pricing.cart import Cart
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.plan import CartRow
from rangli.pricing.policy import Policy, policy_of
from rangli.pricing.refunds.applied_terms_rpc import candidate_of
from rangli.pricing.refunds.checks import refuse, same, within
from rangli.pricing.refunds.model import Activity, Gift, Order, Piece, Take
from rangli.v1 import quote_pb2, refund_pb2
from rangli.wire.convert import micros_of, to_struct
from rangli.wire.names import resource_id_of

_REQUEST, _RESPONSE = "snapshot.request", "snapshot.response"
_TERMS = f"{_RESPONSE}.terms"
_GIFTS_MAX = 1_000


def order_of(snapshot: refund_pb2.QuoteSnapshot) -> Order:
    """The order that was paid. Raises Invalid with the first field that does not fit."""
    for name in ("request", "response"):
        if not snapshot.HasField(name):
            refuse(f"snapshot.{name}", "is required")
    if not snapshot.response.HasField("terms"):
        refuse(_TERMS, "is required: quote with `snapshot`")
    return _Reader(snapshot.request, snapshot.response).order()


class _Reader:
    """Reads one snapshot, whose parts must agree with each other."""

    def __init__(self, request: quote_pb2.QuoteRequest, response: quote_pb2.QuoteResponse) -> None:
        self._request = request
        self._response = response
        self._cart = _cart(request, response)
        self._lines = sorted(self._cart.lines, key=lambda line: (line.position, line.line_id))
        self._deliveries = sorted(self._cart.deliveries, key=lambda each: each.delivery_id)
        ids = [line.line_id for line in self._lines]
        ids += [delivery.delivery_id for delivery in self._deliveries]
        self._numbers = {piece_id: number for number, piece_id in enumerate(ids)}
        # By place in `applied`: the activity's number, and its funders.
        self._acted: list[tuple[int, LiveActivity]] = []
        self._taken: dict[int, list[int]] = {}

    def order(self) -> Order:
        policy = _policy(self._response.terms)
        activities = self._activities(policy)
        pieces = self._pieces()
        self._check_sums()
        return Order(
            cart=self._cart,
            policy=policy,
            lines=tuple(self._lines),
            deliveries=tuple(self._deliveries),
            pieces=tuple(pieces),
            activities=tuple(activities),
            gifts=tuple(self._gifts()),
        )

    def _activities(self, policy: Policy) -> list[Activity]:
        terms = self._response.terms.activities
        names: dict[tuple[str, str], int] = {}
        first: dict[str, quote_pb2.AppliedTerms] = {}
        for number, message in enumerate(terms):
            path = f"{_TERMS}.activities[{number}]"
            resource_id_of(message.activity_id, f"{path}.activity_id")
            # Two coupons of one activity are of one version of it.
            known = first.setdefault(message.activity_id, message)
            same(message.version, known.version, f"{path}.version")
            if message.spec != known.spec:
                refuse(f"{path}.spec", "is another than in other terms of the same activity")
            key = message.activity_id, message.credential_id
            if names.setdefault(key, number) != number:
                refuse(path, f"is number {names[key]} again")
        places: dict[int, int] = {}
        for place, applied in enumerate(self._response.applied):
            path = f"{_RESPONSE}.applied[{place}]"
            found = names.get((applied.activity_id, applied.credential_id))
            if found is None:
                refuse(f"{path}.activity_id", "has no terms in the snapshot")
            same(applied.version, terms[found].version, f"{path}.version")
            if places.setdefault(found, place) != place:
                refuse(path, f"is number {places[found]} again")
        activities = []
        for number, message in enumerate(terms):
            path = f"{_TERMS}.activities[{number}]"
            candidate = candidate_of(
                message,
                path,
                numbers_of=self._numbers,
                at=instant(self._cart.at_us),
                price_basis=self._cart.price_basis,
            )
            group = policy.place(candidate.activity)
            if number not in places:
                activities.append(Activity(candidate, group))
                continue
            if group is None:
                refuse(f"{path}.spec", "applied, but the policy has no place for it")
            applied = self._response.applied[places[number]]
            activities.append(
                Activity(candidate, group, places[number], applied.tier, applied.times)
            )
        by_place = {place: number for number, place in places.items()}
        self._acted = [
            (by_place[place], activities[by_place[place]].live) for place in range(len(by_place))
        ]
        return activities

    def _pieces(self) -> list[Piece]:
        """Lines and deliveries as they were priced, in the order that decides ties."""
        response = self._response
        pieces: dict[str, Piece] = {}
        products: dict[str, int] = {}
        for name in ("lines", "deliveries"):
            given, wanted = len(getattr(response, name)), len(getattr(self._request, name))
            if given != wanted:
                refuse(f"{_RESPONSE}.{name}", f"the request has {wanted}, not {given}")
        for index, (line, quoted) in enumerate(zip(self._cart.lines, response.lines, strict=True)):
            path = f"{_RESPONSE}.lines[{index}]"
            same(quoted.line_id, line.line_id, f"{path}.line_id")
            row = CartRow(
                line.list_minor,
                line.quantity,
                outside_minor=quoted.outside_off_minor,
                other_minor=-1 if line.other_list_minor is None else line.other_list_minor,
                product=products.setdefault(line.sku, len(products)),
            )
            most_minor = line.list_minor * line.quantity
            same(quoted.list_minor, most_minor, f"{path}.list_minor")
            within(
                row.outside_minor,
                f"{path}.outside_off_minor",
                low=line.outside_minor,
                high=most_minor,
            )
            pieces[line.line_id] = self._piece(line.line_id, row, quoted, path)
        for index, (delivery, charged) in enumerate(
            zip(self._cart.deliveries, response.deliveries, strict=True)
        ):
            path = f"{_RESPONSE}.deliveries[{index}]"
            same(charged.delivery_id, delivery.delivery_id, f"{path}.delivery_id")
            same(charged.fee_minor, delivery.fee_minor, f"{path}.fee_minor")
            other_minor = -1 if delivery.other_fee_minor is None else delivery.other_fee_minor
            row = CartRow(delivery.fee_minor, other_minor=other_minor, delivery=1)
            pieces[delivery.delivery_id] = self._piece(delivery.delivery_id, row, charged, path)
        return [pieces[piece_id] for piece_id in self._numbers]

    def _piece(
        self,
        piece_id: str,
        row: CartRow,
        quoted: quote_pb2.QuotedLine | quote_pb2.QuotedDelivery,
        path: str,
    ) -> Piece:
        takes = tuple(
            self._take(adjustment, row.quantity, f"{path}.adjustments[{index}]")
            for index, adjustment in enumerate(quoted.adjustments)
        )
        discount_minor = sum(take.off_minor for take in takes)
        same(quoted.discount_minor, discount_minor, f"{path}.discount_minor")
        left_minor = row.unit_minor * row.quantity - row.outside_minor - discount_minor
        same(quoted.payable_minor, left_minor, f"{path}.payable_minor")
        within(left_minor, f"{path}.payable_minor", low=0, high=LINE_MINOR_MAX)
        return Piece(piece_id, row, takes)

    def _take(self, adjustment: quote_pb2.Adjustment, quantity: int, path: str) -> Take:
        place = adjustment.applied
        within(place, f"{path}.applied", low=0, high=len(self._acted) - 1)
        number, live = self._acted[place]
        within(adjustment.amount_minor, f"{path}.amount_minor", low=1, high=LINE_MINOR_MAX)
        funders = tuple(adjustment.funder_minor)
        if len(funders) != len(live.funders) or min(funders) < 0:
            refuse(f"{path}.funder_minor", f"must be {len(live.funders)} amounts, 0 or more")
        same(sum(funders), adjustment.amount_minor, f"{path}.funder_minor")
        first, units = adjustment.unit_first, adjustment.units or quantity
        within(first, f"{path}.unit_first", low=0, high=quantity - 1)
        within(units, f"{path}.units", low=1, high=quantity - first)
        sums = self._taken.setdefault(place, [0] * len(funders))
        self._taken[place] = [a + b for a, b in zip(sums, funders, strict=True)]
        return Take(number, adjustment.amount_minor, first, units, funders)

    def _check_sums(self) -> None:
        response = self._response
        for place, applied in enumerate(response.applied):
            path = f"{_RESPONSE}.applied[{place}]"
            live = self._acted[place][1]
            sums = self._taken.get(place, [0] * len(live.funders))
            same(applied.discount_minor, sum(sums), f"{path}.discount_minor")
            told = [(each.funder, each.amount_minor) for each in applied.funders]
            if told != list(zip(live.funders, sums, strict=True)):
                refuse(f"{path}.funders", "are not those of the terms, or not their adjustments")
        same(response.currency, self._cart.currency, f"{_RESPONSE}.currency")
        priced: list[Any] = [*response.lines, *response.deliveries]
        for name in ("discount_minor", "payable_minor"):
            whole = sum(getattr(each, name) for each in priced)
            same(getattr(response, name), whole, f"{_RESPONSE}.{name}")

    def _gifts(self) -> Iterable[Gift]:
        added = self._response.added_lines
        path = f"{_RESPONSE}.added_lines"
        if len(added) > _GIFTS_MAX:
            refuse(path, f"at most {_GIFTS_MAX}, not {len(added)}")
        for index, gift in enumerate(added):
            here = f"{path}[{index}]"
            within(gift.applied, f"{here}.applied", low=0, high=len(self._acted) - 1)
            within(len(gift.sku), f"{here}.sku", low=1, high=100)
            within(gift.quantity, f"{here}.quantity", low=1, high=CART_MINOR_MAX)
            within(gift.worth_minor, f"{here}.worth_minor", low=0, high=LINE_MINOR_MAX)
            number = self._acted[gift.applied][0]
            yield Gift(number, gift.sku, gift.quantity, gift.worth_minor)


def _cart(request: quote_pb2.QuoteRequest, response: quote_pb2.QuoteResponse) -> Cart:
    at = instant(micros_of(response.priced_at, f"{_RESPONSE}.priced_at"))
    try:
        return cart_of(request, at)
    except Invalid as error:
        raise Invalid.fields(
            *(Violation(f"{_REQUEST}.{v.field}", v.description) for v in error.violations)
        ) from None


def _policy(terms: quote_pb2.QuoteTerms) -> Policy:
    if not terms.HasField("policy"):
        refuse(f"{_TERMS}.policy", "is required")
    spec = to_struct(terms.policy, PolicySpec, f"{_TERMS}.policy")
    violations = spec.violations(f"{_TERMS}.policy")
    if violations:
        raise Invalid.fields(*violations)
    return policy_of(_one_of_equals(spec))


@lru_cache(maxsize=100)
def _one_of_equals(spec: PolicySpec) -> PolicySpec:
    """The same object for equal specs, since policies are compiled once for each object."""
    return spec

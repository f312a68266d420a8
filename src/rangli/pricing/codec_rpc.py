"""What the codec of the hot path (`_codec.pyx`) asks of a catalogue, once each."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from google.protobuf.message import DecodeError

from rangli.activities.catalogue import Catalogue
from rangli.activities.conditions import Known, Rule, truth
from rangli.activities.effects import Effect
from rangli.activities.effects.earn import Earn
from rangli.activities.effects.gift import Gift
from rangli.activities.funding import UNLIMITED, has_it_slowed
from rangli.activities.live import LiveActivity
from rangli.activities.matching import ProductFacts, ProductIndex, matches
from rangli.activities.pricebook import Offered
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
    """An activity as the codec keeps it. Texts are UTF-8.

    starts_us: its start, or the end of a pause that its pools make.
    asks: it has windows, users or channels, or is slowed: `HotCatalogue.welcome` judges.
    slowed: its pools leave it to a part of the shoppers: see `has_it_slowed`.
    stores: it has stores: `HotCatalogue.in_store` judges.
    delivers: it is for deliveries alone.
    funders: their numbers, see `HotCatalogue.funders`.
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

    starts_us: int
    ends_us: int
    held: bool
    asks: bool
    slowed: bool
    stores: bool
    book: bool
    delivers: bool
    funders: tuple[int, ...]
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


class HotCatalogue:
    """A catalogue under a policy, as the codec asks for it: by numbers that are given here.

    activities: by number; they are numbered as they turn up.
    funders: by number, names in UTF-8.
    """

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._index = catalogue.index
        self.version = catalogue.version
        self.programs = catalogue.programs
        self.tree = policy.tree
        self.policy_id = policy.spec.policy_id.encode()
        self.policy_version = policy.spec.version
        self.activities: list[LiveActivity] = []
        self.funders: list[bytes] = []
        self._number_of: dict[str, int] = {}
        self._funder_numbers: dict[str, int] = {}
        self._exclusions = {"": 0}
        self._facts: dict[int, ProductFacts] = {}

    def forget_products(self) -> None:
        """Products are numbered from 0 again."""
        self._facts.clear()

    def hot(self, number: int) -> HotActivity:
        """The activity as the codec keeps it."""
        activity = self.activities[number]
        funding = self._catalogue.funding.get(activity.activity_id, UNLIMITED)
        group = self._policy.place(activity)
        place = group if group is not None else 0
        layer = enum_number(ab.Layer.DESCRIPTOR, activity.layer.name)
        head = pb.AppliedActivity(
            activity_id=activity.activity_id,
            version=activity.version,
            display_name=activity.display_name,
            layer=layer,
        )
        return HotActivity(
            starts_us=max(activity.starts_us, funding.from_us),
            ends_us=activity.ends_us,
            held=activity.held,
            asks=bool(activity.weekly_windows or activity.channels)
            or activity.users is not None
            or funding.slowed,
            slowed=funding.slowed,
            stores=activity.stores is not None,
            book=activity.is_book,
            delivers=activity.products is None,
            funders=tuple(self._funder(name) for name in activity.funders),
            grants=tuple(_grant(activity.spec.effects[number]) for number in activity.effect_of),
            grouped=group is not None,
            lists_products=any(not isinstance(target, Deliveries) for target in activity.lists),
            beside=bool(activity.combines_with)
            or bool(activity.further or activity.by_basis)
            or any(isinstance(fact, Rule) for fact in activity.facts),
            basis=_BASIS[activity.price_basis],
            currency=activity.currency.encode(),
            lead=self._policy.lead(place, activity),
            step=astuple(
                step_row(
                    activity,
                    group=place,
                    program=self._catalogue.program_numbers[activity.activity_id],
                    exclusion=self._exclusions.setdefault(
                        activity.exclusion_group, len(self._exclusions)
                    ),
                )
            ),
            effect_of=tuple(activity.effect_of),
            layer=layer,
            activity_id=activity.activity_id.encode(),
            head=head.SerializeToString(),
            group=self._policy.group_names[place].encode(),
        )

    def wanting(self, activity_id: str) -> int | None:
        """The number of an activity that wants a credential; None if none of that id does."""
        activity = self._catalogue.activities.get(activity_id)
        return self._number(activity) if activity is not None and activity.credential else None

    def books(self) -> list[int]:
        """The price books, those that may act longest first."""
        books = self._catalogue.books
        return [self._number(a) for a in self._catalogue.price_books if a.activity_id in books]

    def deliverers(self, at_us: int) -> list[int]:
        """What acts on deliveries alone, needs no credential and is not over at that instant."""
        return [
            self._number(a)
            for a in self._catalogue.deliverers
            if a.until_us > at_us and not a.credential
        ]

    def product(
        self, number: int, line: bytes, at_us: int
    ) -> tuple[bytes, list[int], list[int]] | None:
        """The sku, the open activities that touch the product and those that want a credential.

        number: what the product is called from now on. line: a CartLine that has product facts
        only. at_us: what was over by then is left out. None if the facts are not good.
        """
        facts = _product_facts(self._index, line)
        if facts is None:
            return None
        self._facts[number] = facts
        touching = [a for a in self._index.touching(facts) if a.until_us > at_us]
        return (
            facts.sku.encode(),
            sorted(self._number(a) for a in touching if not a.credential),
            sorted(self._number(a) for a in touching if a.credential),
        )

    def offered(
        self, book: int, product: int, store_id: str, at_us: int
    ) -> tuple[int | None, list[Offered]]:
        """What the book offers at that instant, and until when that stands (None: for ever)."""
        entries = self._catalogue.books[self.activities[book].activity_id]
        sku, sets = self._facts[product].sku, self._catalogue.entry_store_sets(store_id)
        return entries.next_change_us(sku, sets, at_us), entries.offered(sku, sets, at_us)

    def welcome(
        self,
        number: int,
        at_us: int,
        channel: str,
        user_id: str,
        *,
        user_groups: list[str],
        line_ids: list[str] | None,
    ) -> bool:
        """Whether the activity runs at this instant, in this channel, for this shopper.

        line_ids: given if it is slowed.
        """
        activity = self.activities[number]
        return (
            activity.dormant(at_us) is None
            and (not activity.channels or channel in activity.channels)
            and (line_ids is None or has_it_slowed(activity, user_id, line_ids))
            and self._catalogue.in_audience(activity, user_id, user_groups)
        )

    def in_store(self, number: int, store_id: str) -> bool:
        """Whether the activity runs in the store."""
        return self._catalogue.in_store(self.activities[number], store_id)

    def lists(self, number: int, product: int) -> int:
        """Bits of the activity's own lists that hold the product."""
        facts = self._facts[product]
        return sum(
            1 << place
            for place, target in enumerate(self.activities[number].lists)
            if not isinstance(target, Deliveries) and matches(target, facts)
        )

    def delivery_lists(self, number: int, method: str) -> int:
        """Bits of the activity's own lists that hold a delivery by this method.

        Those of its amounts for some carts may be others: the plain way finds out.
        """
        if self.activities[number].further:
            return 1
        return sum(
            1 << place
            for place, target in enumerate(self.activities[number].lists)
            if isinstance(target, Deliveries) and (not target.methods or method in target.methods)
        )

    def truths(self, number: int, presented: list[str], methods: list[str]) -> list[int]:
        """What the activity's conditions want to know of the request.

        presented: activities of its credentials. methods: of its deliveries.
        """
        known = Known(values={}, methods=frozenset(methods) or None, presented=frozenset(presented))
        return [truth(fact, known) for fact in self.activities[number].facts]

    def _number(self, activity: LiveActivity) -> int:
        number = self._number_of.setdefault(activity.activity_id, len(self.activities))
        if number == len(self.activities):
            self.activities.append(activity)
        return number

    def _funder(self, name: str) -> int:
        number = self._funder_numbers.setdefault(name, len(self.funders))
        if number == len(self.funders):
            self.funders.append(name.encode())
        return number


def _grant(effect: Effect) -> tuple[bool, bytes, int] | None:
    if isinstance(effect, Gift):
        return True, effect.sku.encode(), effect.worth_minor
    if isinstance(effect, Earn):
        kind = enum_number(ab.EarningKind.DESCRIPTOR, effect.kind.name)
        return False, effect.subject.encode(), kind
    return None


def _product_facts(index: ProductIndex, line: bytes) -> ProductFacts | None:
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

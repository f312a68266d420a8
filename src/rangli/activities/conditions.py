"""What can be asked of a cart before an activity acts. All kinds are in one list, at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, get_args

from msgspec import Meta, Struct

from rangli.activities import program
from rangli.activities.bounds import (
    QUANTITY_BOUND,
    Method,
    Name,
    Quantity,
    ResourceId,
    ThresholdMinor,
    unprintable,
)
from rangli.activities.lists import ListNumbers
from rangli.activities.measures import Comparison, ConditionBase, Measure, not_of_amount
from rangli.activities.program import ALL_WITH_DELIVERY, FALSE, TRUE, UNKNOWN, Cond, Node
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation
from rangli.core.ids import printable
from rangli.core.money import CART_MINOR_MAX
from rangli.rules.expression import EXPRESSION_CHARS_MAX, Malformed, Names, check, judge

COUNT_MAX = 40
DEPTH_MAX = 4


@dataclass(frozen=True, slots=True)
class Known:
    """What a request says of its facts.

    values: of the facts it names.
    methods: of its delivery groups, "" for a group that does not say it; None: nothing is known
        of the delivery.
    presented: the activities that credentials are presented for.
    names: what rules may use; None: nothing.
    """

    values: Mapping[str, int | str]
    methods: frozenset[str] | None
    presented: frozenset[str]
    names: Names | None = None


class Postfix:
    """The rows of an activity's conditions as they are written, and what they read.

    paths: of each row, where its condition stands in the spec; "" of rows that join others.
    """

    def __init__(self, lists: ListNumbers) -> None:
        self.lists = lists
        self.rows: list[Cond] = []
        self.paths: list[str] = []
        self.facts: list[Fact] = []

    def write(self, conditions: tuple[Condition, ...], path: str = "conditions") -> None:
        """The conditions' rows; each leaves one truth on the kernel's stack."""
        for index, condition in enumerate(conditions):
            condition.rows(self, f"{path}[{index}]")

    def leaf(self, row: Cond, path: str) -> None:
        """A row that compares."""
        self.rows.append(row)
        self.paths.append(path)

    def fact(self, fact: Fact, path: str) -> None:
        """A row that reads a fact."""
        number = len(self.facts)
        self.facts.append(fact)
        self.leaf(Cond(measure=program.Measure.FACT, required=TRUE, fact=number), path)

    def join(self, node: Node, arity: int) -> None:
        """A row that joins those before it."""
        self.leaf(Cond(node=node, arity=arity), "")


class _Kind(Struct, frozen=True, kw_only=True):
    """A kind of condition; its fields are those of its message in `activity.proto`."""

    def rows(self, to: Postfix, path: str) -> None:
        """Writes the rows that the kernel reads for it."""
        raise NotImplementedError

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say, for the message that stands at `path`."""
        products: ProductTarget | None = getattr(self, "products", None)
        return products.violations(f"{path}.products") if products is not None else []


_Base = Annotated[
    ConditionBase, Meta(description="Which amounts are read: what is left to pay, list prices ...")
]
_Products = Annotated[
    ProductTarget | None, Meta(description="Which products count; default: the activity's.")
]


class MinAmount(_Kind, frozen=True, kw_only=True, tag="min_amount"):
    """The products must come to at least this much."""

    amount_minor: Annotated[ThresholdMinor, Meta(description="Least amount, in minor units.")]
    base: _Base = ConditionBase.RUNNING
    products: _Products = None

    def rows(self, to: Postfix, path: str) -> None:
        """One that compares."""
        lines = to.lists.counted(self.products)
        row = Cond(base=self.base.number(), required=self.amount_minor, lines=lines)
        to.leaf(row, path)


class MinQuantity(_Kind, frozen=True, kw_only=True, tag="min_quantity"):
    """The cart must hold at least so many units."""

    quantity: Annotated[Quantity, Meta(description="Least number of units.")]
    products: _Products = None

    def rows(self, to: Postfix, path: str) -> None:
        """One that compares."""
        lines = to.lists.counted(self.products)
        to.leaf(Cond(measure=program.Measure.QUANTITY, required=self.quantity, lines=lines), path)


class Compare(_Kind, frozen=True, kw_only=True, tag="compare"):
    """A measure of the cart compared with a value."""

    measure: Annotated[Measure, Meta(description="What is measured.")]
    comparison: Annotated[Comparison, Meta(description="How it is compared.")] = Comparison.AT_LEAST
    value: Annotated[
        int,
        Meta(
            ge=0, le=CART_MINOR_MAX, description="Minor units; or at most 10^9 units or products."
        ),
    ]
    base: _Base = ConditionBase.RUNNING
    products: _Products = None
    with_delivery: Annotated[
        bool, Meta(description="All of the cart counts, delivery too; without `products`.")
    ] = False

    def rows(self, to: Postfix, path: str) -> None:
        """One that compares."""
        row = Cond(
            measure=self.measure.number(),
            compare=self.comparison.number(),
            base=self.base.number(),
            required=self.value,
            lines=ALL_WITH_DELIVERY if self.with_delivery else to.lists.counted(self.products),
        )
        to.leaf(row, path)

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = super().violations(path)
        if self.measure is not Measure.AMOUNT:
            if self.value > QUANTITY_BOUND:
                found.append(Violation(f"{path}.value", f"must be at most {QUANTITY_BOUND}"))
            found += not_of_amount(self.base, path)
        if self.with_delivery and self.products is not None:
            found.append(Violation(f"{path}.products", "must be absent: all of the cart counts"))
        return found


class FactIs(_Kind, frozen=True, kw_only=True, tag="fact_is"):
    """A fact of the request, such as the shopper's number of past orders."""

    name: Annotated[Name, Meta(description="As the request names it.")]
    comparison: Annotated[Comparison, Meta(description="How it is compared with `number`.")] = (
        Comparison.AT_LEAST
    )
    number: Annotated[
        Annotated[int, Meta(ge=-CART_MINOR_MAX, le=CART_MINOR_MAX)] | None,
        Meta(description="What it is compared with; or else `texts`."),
    ] = None
    texts: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(max_length=100, description="It must be one of these; or else `number`."),
    ] = ()

    def rows(self, to: Postfix, path: str) -> None:
        """One that reads the fact."""
        to.fact(self, path)

    def truth(self, known: Known) -> int:
        """Unknown as well if the request's value is a text and a number is asked for."""
        value = known.values.get(self.name)
        if self.number is not None:
            if not isinstance(value, int):
                return UNKNOWN
            return TRUE if self.comparison.holds(value, self.number) else FALSE
        if not isinstance(value, str):
            return UNKNOWN
        return TRUE if value in self.texts else FALSE

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = unprintable(f"{path}.texts", self.texts)
        if not printable(self.name):
            found.append(Violation(f"{path}.name", "must hold no invisible characters"))
        if (self.number is None) == (not self.texts):
            found.append(Violation(path, "set one of number and texts"))
        if self.texts and self.comparison is not Comparison.AT_LEAST:
            found.append(Violation(f"{path}.comparison", "goes with number only"))
        return found


class Rule(_Kind, frozen=True, kw_only=True, tag="rule"):
    """An expression over what the request says, in CEL."""

    expression: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=EXPRESSION_CHARS_MAX,
            description="Such as: 'vip' in user_groups && facts.orders > 3",
        ),
    ]

    def rows(self, to: Postfix, path: str) -> None:
        """One that reads whether it holds."""
        to.fact(self, path)

    def truth(self, known: Known) -> int:
        """Unknown as well if it fails, or is neither true nor false."""
        held = judge(self.expression, known.names) if known.names is not None else None
        if held is None:
            return UNKNOWN
        return TRUE if held else FALSE

    def violations(self, path: str) -> list[Violation]:
        """Where the expression is malformed."""
        try:
            check(self.expression)
        except Malformed as malformed:
            return [Violation(f"{path}.expression", str(malformed))]
        return []


class DeliveredBy(_Kind, frozen=True, kw_only=True, tag="delivered_by"):
    """How the order is delivered."""

    methods: Annotated[
        tuple[Method, ...],
        Meta(min_length=1, max_length=20, description="One delivery group must have one of these."),
    ]

    def rows(self, to: Postfix, path: str) -> None:
        """One that reads the fact."""
        to.fact(self, path)

    def truth(self, known: Known) -> int:
        """Unknown if only a delivery group that does not say its method could be the one."""
        if known.methods is None:
            return UNKNOWN
        if not known.methods.isdisjoint(self.methods):
            return TRUE
        return UNKNOWN if "" in known.methods else FALSE

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        return unprintable(f"{path}.methods", self.methods)


class Presents(_Kind, frozen=True, kw_only=True, tag="presents"):
    """The shopper presents a credential for one of these activities too."""

    activity_ids: Annotated[
        tuple[ResourceId, ...], Meta(min_length=1, max_length=20, description="Any one of these.")
    ]

    def rows(self, to: Postfix, path: str) -> None:
        """One that reads the fact."""
        to.fact(self, path)

    def truth(self, known: Known) -> int:
        """Never unknown: what is not presented is not there."""
        return FALSE if known.presented.isdisjoint(self.activity_ids) else TRUE


class _Joined(_Kind, frozen=True, kw_only=True):
    """Several conditions that make one."""

    conditions: Annotated[
        tuple[Condition, ...], Meta(min_length=1, max_length=10, description="Joined to one.")
    ]

    def _write(self, to: Postfix, path: str, node: Node) -> None:
        to.write(self.conditions, f"{path}.{self.__struct_config__.tag}.conditions")
        to.join(node, len(self.conditions))


class AllOf(_Joined, frozen=True, kw_only=True, tag="all_of"):
    """Conditions that must all hold."""

    def rows(self, to: Postfix, path: str) -> None:
        """Those of its conditions, and one that joins them."""
        self._write(to, path, Node.ALL)


class AnyOf(_Joined, frozen=True, kw_only=True, tag="any_of"):
    """Conditions of which at least one must hold."""

    def rows(self, to: Postfix, path: str) -> None:
        """Those of its conditions, and one that joins them."""
        self._write(to, path, Node.ANY)


class NotAny(_Joined, frozen=True, kw_only=True, tag="not_any"):
    """Conditions of which none may hold. What is unknown stays unknown, hence is not met."""

    def rows(self, to: Postfix, path: str) -> None:
        """Those of its conditions, one that joins them, and one that turns it round."""
        self._write(to, path, Node.ANY)
        to.join(Node.NOT, 1)


Condition = (
    MinAmount
    | MinQuantity
    | Compare
    | FactIs
    | DeliveredBy
    | Presents
    | Rule
    | AllOf
    | AnyOf
    | NotAny
)
Fact = FactIs | DeliveredBy | Presents | Rule

CONDITIONS: dict[str, type[Condition]] = {
    kind.__struct_config__.tag: kind for kind in get_args(Condition)
}


def truth(fact: Fact, known: Known) -> int:
    """Whether the fact holds: FALSE, UNKNOWN or TRUE."""
    return fact.truth(known)


@dataclass(frozen=True, slots=True)
class Placed:
    """A condition where it stands; `depth` is 1 for those of the spec itself."""

    condition: Condition
    path: str
    depth: int


def walk(conditions: tuple[Condition, ...], path: str, depth: int = 1) -> Iterator[Placed]:
    """All conditions, those inside others too, each before what is inside it."""
    for index, condition in enumerate(conditions):
        placed = Placed(condition, f"{path}[{index}]", depth)
        yield placed
        if isinstance(condition, _Joined):
            inside = f"{placed.path}.{condition.__struct_config__.tag}.conditions"
            yield from walk(condition.conditions, inside, depth + 1)


def violations(conditions: tuple[Condition, ...], path: str) -> list[Violation]:
    """What the fields' own bounds cannot say of a spec's conditions."""
    found = []
    placed = list(walk(conditions, path))
    if len(placed) > COUNT_MAX:
        found.append(Violation(path, f"at most {COUNT_MAX} conditions in all"))
    for each in placed:
        if each.depth == DEPTH_MAX + 1:
            found.append(Violation(each.path, f"conditions are nested at most {DEPTH_MAX} deep"))
        found += each.condition.violations(f"{each.path}.{each.condition.__struct_config__.tag}")
    return found

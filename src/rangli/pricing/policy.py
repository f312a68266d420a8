"""A stacking policy, compiled: the kernel's tree, and where and in which order activities act."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

from rangli.activities import program
from rangli.activities.live import LiveActivity
from rangli.activities.policies.spec import (
    NODE_LIMIT_DEFAULT,
    GroupMember,
    GroupMode,
    GroupOrder,
    Guards,
    Node,
    PolicySpec,
)
from rangli.activities.rounding import Rounding
from rangli.activities.spec import Entitlement, Layer
from rangli.pricing.matched import NO_PLACE
from rangli.pricing.plan import Group, Mode, Money, Scope, Tree

# What a group reads of an activity to know whether it has a place for it.
_Traits = tuple[Layer, bool, tuple[str, ...], str]
OrderKey = tuple[int | str, ...]

# More than live policies and kinds of activities ever are at a time; beyond, caches begin anew.
_POLICIES_MAX = 1_000
_PLACES_MAX = 10_000
_NO_GUARDS = Guards()


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy, ready to price with.

    group_names: by number, groups with child groups included.
    """

    spec: PolicySpec
    tree: Tree
    group_names: tuple[str, ...]
    _leaves: tuple[tuple[int, tuple[GroupMember, ...]], ...]
    _leads: tuple[Callable[[LiveActivity, int], OrderKey], ...]
    _places: dict[_Traits, int | None] = field(default_factory=dict)

    @property
    def guards(self) -> Guards:
        """What may never be given away."""
        return self.spec.guards or _NO_GUARDS

    def place(self, activity: LiveActivity) -> int | None:
        """The number of the group in which the activity acts: the first that has a place for it."""
        traits = activity.layer, activity.credential, activity.labels, activity.template_id
        places = self._places
        try:
            return places[traits]
        except KeyError:
            if len(places) >= _PLACES_MAX:
                places.clear()
            number = places[traits] = self._first(traits)
            return number

    def lead(self, group: int, activity: LiveActivity) -> int:
        """What the group's order reads first, of something that needs no credential."""
        first = self._leads[group](activity, NO_PLACE)[0]
        assert isinstance(first, int)  # names only break ties
        return first

    def order_key(
        self,
        group: int,
        activity: LiveActivity,
        *,
        expires_us: int,
        credential_id: str,
        request_place: int,
    ) -> OrderKey:
        """Sorts the members of a group into acting order; other groups' keys do not compare.

        request_place: where its credential or code stands in the request, from 0; NO_PLACE for
            what needs none.
        """
        return (
            *self._leads[group](activity, request_place),
            expires_us,
            activity.activity_id,
            credential_id,
        )

    def _first(self, traits: _Traits) -> int | None:
        for number, members in self._leaves:
            if any(_fits(member, traits) for member in members):
                return number
        return None


def policy_of(spec: PolicySpec) -> Policy:
    """The policy, compiled once for each spec object: those of a catalogue live long."""
    known = _policies.get(id(spec))
    if known is None:
        if len(_policies) >= _POLICIES_MAX:
            _policies.clear()
        known = _policies[id(spec)] = _compiled(spec)
    return known


# By identity, which is safe since each policy keeps its spec alive.
_policies: dict[int, Policy] = {}


def _compiled(spec: PolicySpec) -> Policy:
    nodes = list(spec.walk())
    number_of = {node.path: number for number, node in enumerate(nodes)}
    groups: array[int] = array("q")
    for node in nodes:
        groups.extend(astuple(_row(node, number_of)))
    search = any(node.group.mode is GroupMode.BEST for node in nodes)
    money = _money(spec.rounding or Rounding(), share_again=not spec.unplaced_is_lost)
    return Policy(
        spec=spec,
        tree=Tree(
            groups=groups,
            money=array("q", astuple(money)),
            node_limit=(spec.node_limit or NODE_LIMIT_DEFAULT) if search else 1,
        ),
        group_names=tuple(node.group.name for node in nodes),
        _leaves=tuple(
            (number, node.group.members) for number, node in enumerate(nodes) if node.group.members
        ),
        _leads=tuple(_LEADS[node.group.order] for node in nodes),
    )


def _row(node: Node, number_of: dict[str, int]) -> Group:
    group = node.group
    return Group(
        parent=number_of[node.path.rpartition(".groups")[0]] if node.around else -1,
        mode=Mode[group.mode.name],
        scope=Scope[group.scope.name],
        base=program.Base[group.base.name],
        most=group.most,
        limit_minor=group.limit_minor,
        any_order=int(group.order is GroupOrder.OPEN),
        resets=int(group.reset_units),
        zero_counts=int(group.zero_counts),
    )


def _money(rounding: Rounding, *, share_again: bool) -> Money:
    """The policy's roundings; what it leaves out is as `Money` says."""
    money = Money(share_again=int(share_again))
    if rounding.mode:
        money.rounding = program.Rounding[rounding.mode.name]
    if rounding.of:
        money.rounding_of = program.RoundingOf[rounding.of.name]
    if rounding.weight:
        money.weight = rounding.weight.number()
    if rounding.share_mode:
        money.share_rounding = program.Rounding[rounding.share_mode.name]
    if rounding.leftover:
        money.leftover = program.Leftover[rounding.leftover.name]
    return money


def _fits(member: GroupMember, traits: _Traits) -> bool:
    layer, credential, labels, template_id = traits
    return (
        member.layer in (None, layer)
        and (
            member.entitlement is None
            or (member.entitlement is Entitlement.CREDENTIAL) is credential
        )
        and (not member.label or member.label in labels)
        and member.template_id in ("", template_id)
        and not any(label in labels for label in member.without_labels)
    )


# What comes first in a group's order; the ends of all keys are the same.
_LEADS: dict[GroupOrder, Callable[[LiveActivity, int], OrderKey]] = {
    GroupOrder.PRIORITY: lambda activity, _place: (activity.priority,),
    GroupOrder.PRIORITY_DOWN: lambda activity, _place: (-activity.priority,),
    GroupOrder.OLDEST: lambda activity, _place: (activity.created_us,),
    GroupOrder.NEWEST: lambda activity, _place: (-activity.created_us,),
    GroupOrder.REQUEST: lambda activity, place: (place, activity.priority),
    GroupOrder.REQUEST_DOWN: lambda activity, place: (-place, -activity.priority),
    # The search orders them; until it has, and in ties, as priorities say.
    GroupOrder.OPEN: lambda activity, _place: (activity.priority,),
}

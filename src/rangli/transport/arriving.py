"""Tenant, actor and deadline of a call, out of what it brought along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic
from types import MappingProxyType

from rangli.core.call import CallContext
from rangli.core.clock import now
from rangli.core.errors import DeadlinePassed, Invalid, Reason, Violation
from rangli.core.ids import DEFAULT_TENANT, TENANT

TENANT_KEY = "rangli-tenant"
ACTOR_KEY = "rangli-actor"
ANONYMOUS = "anonymous"
ACTOR_CHARS_MAX = 100
NO_TEXTS: Mapping[str, str] = MappingProxyType({})
NO_BINARIES: Mapping[str, bytes] = MappingProxyType({})

Metadata = Iterable[tuple[str, str | bytes]]


def call_context(
    path: str,
    deadline_s_max: float,
    *,
    metadata: Metadata | None,
    allowed_s: float | None,
    peer: str = "",
) -> CallContext:
    """The call as handlers see it; its deadline is the earlier of caller's and method's.

    metadata: in the order it came; binary values are bytes.
    allowed_s: what the caller gives us, None if it does not say.
    peer: whom the caller's certificate names.
    Raises Invalid (MALFORMED_TENANT, or INVALID_FIELD for the actor) and DeadlinePassed.
    """
    tenant, actor = DEFAULT_TENANT, ANONYMOUS
    texts, binaries = NO_TEXTS, NO_BINARIES
    if metadata:
        texts, binaries = _sorted_out(metadata)
        tenant, actor = texts.get(TENANT_KEY, tenant), texts.get(ACTOR_KEY, actor)
        if tenant is not DEFAULT_TENANT and TENANT.fullmatch(tenant) is None:
            raise Invalid(
                Reason.MALFORMED_TENANT,
                f"metadata {TENANT_KEY} must be 1-63 characters of a-z, 0-9, '-', '_' "
                "and begin with a letter or a digit",
            )
        if not 0 < len(actor) <= ACTOR_CHARS_MAX or not actor.isprintable():
            _refuse_actor(f"must be 1-{ACTOR_CHARS_MAX} printable characters")
    if allowed_s is None or allowed_s > deadline_s_max:
        allowed_s = deadline_s_max
    if allowed_s <= 0:
        raise DeadlinePassed("the deadline had passed when the call arrived")
    return CallContext(tenant, actor, path, now(), monotonic() + allowed_s, texts, binaries, peer)


def _sorted_out(metadata: Metadata) -> tuple[Mapping[str, str], Mapping[str, bytes]]:
    texts: dict[str, str] = {}
    binaries: dict[str, bytes] = {}
    for key, value in metadata:
        if isinstance(value, bytes):
            binaries[key] = value
            continue
        if texts.get(key, value) != value:
            _refuse_two_values(key)
        texts[key] = value
    return texts, binaries


def _refuse_two_values(key: str) -> None:
    """Two values where one decides whose data it is are refused; of other keys the last counts."""
    if key == TENANT_KEY:
        raise Invalid(Reason.MALFORMED_TENANT, f"metadata {TENANT_KEY} is given twice, differently")
    if key == ACTOR_KEY:
        _refuse_actor("is given twice, differently")


def _refuse_actor(why: str) -> None:
    raise Invalid.fields(Violation(ACTOR_KEY, f"(metadata) {why}"))

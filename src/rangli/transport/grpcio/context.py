"""Tenant, actor and deadline of a call, out of what it brought along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import Any, Protocol

from rangli.core.call import CallContext
from rangli.core.clock import now
from rangli.core.errors import DeadlinePassed, Invalid, Reason, Violation
from rangli.core.ids import DEFAULT_TENANT, TENANT

TENANT_KEY = "rangli-tenant"
ACTOR_KEY = "rangli-actor"
ANONYMOUS = "anonymous"
ACTOR_CHARS_MAX = 100
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


class Arrived(Protocol):
    """What is read of grpcio's context."""

    def invocation_metadata(self) -> Any: ...  # noqa: D102
    def time_remaining(self) -> float | None: ...  # noqa: D102


def call_context(path: str, deadline_s_max: float, *, arrived: Arrived) -> CallContext:
    """The call as handlers see it; its deadline is the earlier of caller's and method's.

    Raises Invalid (MALFORMED_TENANT, or INVALID_FIELD for the actor) and DeadlinePassed.
    """
    tenant, actor = DEFAULT_TENANT, ANONYMOUS
    metadata = arrived.invocation_metadata()
    texts = _texts(metadata) if metadata else _NO_TEXTS
    if texts:
        tenant, actor = texts.get(TENANT_KEY, tenant), texts.get(ACTOR_KEY, actor)
        if tenant is not DEFAULT_TENANT and TENANT.fullmatch(tenant) is None:
            raise Invalid(
                Reason.MALFORMED_TENANT,
                f"metadata {TENANT_KEY} must be 1-63 characters of a-z, 0-9, '-', '_' "
                "and begin with a letter or a digit",
            )
        if not 0 < len(actor) <= ACTOR_CHARS_MAX or not actor.isprintable():
            _refuse_actor(f"must be 1-{ACTOR_CHARS_MAX} printable characters")
    allowed_s = arrived.time_remaining()
    if allowed_s is None or allowed_s > deadline_s_max:
        allowed_s = deadline_s_max
    if allowed_s <= 0:
        raise DeadlinePassed("the deadline had passed when the call arrived")
    return CallContext(tenant, actor, path, now(), monotonic() + allowed_s, texts)


def _texts(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in metadata:
        if isinstance(value, bytes):
            continue
        if texts.get(key, value) != value:
            _refuse_two_values(key)
        texts[key] = value
    return texts


def _refuse_two_values(key: str) -> None:
    """Two values where one decides whose data it is are refused; of other keys the last counts."""
    if key == TENANT_KEY:
        raise Invalid(Reason.MALFORMED_TENANT, f"metadata {TENANT_KEY} is given twice, differently")
    if key == ACTOR_KEY:
        _refuse_actor("is given twice, differently")


def _refuse_actor(why: str) -> None:
    raise Invalid.fields(Violation(ACTOR_KEY, f"(metadata) {why}"))

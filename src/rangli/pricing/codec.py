"""Chooses when quotes go from bytes to bytes without objects between: see `_codec.pyx`."""

from __future__ import annotations

import os

from rangli.activities.catalogue import Catalogue
from rangli.activities.policies.spec import GroupOrder, PolicySpec
from rangli.pricing._codec import Codec, joined, parts
from rangli.pricing.policy import Policy, policy_of

__all__ = ["QUICK", "Codec", "Codecs", "codec_of", "joined", "parts"]

# RANGLI_CODEC=objects answers every quote the plain way: for comparing.
QUICK = os.environ.get("RANGLI_CODEC", "wire") != "objects"

_TENANTS_KEPT = 1_000

# Where the order of the request counts, it must be known: that is the plain way's work.
_ORDERS = {
    GroupOrder.PRIORITY,
    GroupOrder.PRIORITY_DOWN,
    GroupOrder.OLDEST,
    GroupOrder.NEWEST,
}


def codec_of(catalogue: Catalogue) -> Codec:
    """The codec for carts of this catalogue."""

    def usual_policy(channel: str) -> Policy | None:
        spec = catalogue.policy_for(channel)
        return policy_of(spec) if spec is not None and _is_usual(spec) else None

    return Codec(catalogue, usual_policy)


class Codecs:
    """One process's codecs, of the newest catalogue of each tenant."""

    def __init__(self) -> None:
        self._by_tenant: dict[str, Codec] = {}

    def of(self, catalogue: Catalogue) -> Codec:
        """The codec for carts of this catalogue, which few calls have to make."""
        codec = self._by_tenant.get(catalogue.tenant)
        if codec is None or codec.catalogue is not catalogue:
            if len(self._by_tenant) >= _TENANTS_KEPT:  # callers may make up tenants
                self._by_tenant.clear()
            codec = self._by_tenant[catalogue.tenant] = codec_of(catalogue)
        return codec


def _is_usual(spec: PolicySpec) -> bool:
    """Whether it guards nothing, searches nothing, rounds after each step, and asks for no order of
    the request."""
    return (
        spec.guards is None
        and not spec.end_digits
        and policy_of(spec).tree.node_limit == 1
        and all(node.group.order in _ORDERS for node in spec.walk())
    )

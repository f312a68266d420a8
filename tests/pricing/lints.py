"""Small catalogues to be linted, and what is found in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.activities.policies.presets import DEFAULT
from rangli.activities.policies.spec import PolicySpec
from rangli.core.clock import micros
from rangli.pricing.lint import lint
from rangli.pricing.lint.model import Finding, Look
from rangli.pricing.policy import policy_of
from tests.activities import compiled
from tests.world import NOW, spec

FIRST = "the first wins"


def live(activity_id: str, template_id: str = "item_discount", **fields: Any) -> LiveActivity:
    """A published activity; ten percent off everything unless said otherwise."""
    if not any(name.endswith(("_off", "_price", "_get", "_unit")) for name in fields):
        fields["percent_off"] = {"off_bps": 1_000}
    return compiled.live(activity_id, spec(template_id, **fields))


def findings(
    *activities: LiveActivity,
    catalogue: Catalogue | None = None,
    policy: PolicySpec = DEFAULT,
    **look: Any,
) -> list[Finding]:
    """What lint finds, all of it."""
    made = catalogue or compiled.catalogue(activities, sets=look.pop("sets", None))
    found, truncated = lint(Look.at(made, policy_of(policy), micros(NOW), **look))
    assert not truncated
    return found


def about(found: Iterable[Finding], kind: str) -> list[tuple[str, ...]]:
    """Whom the findings of a kind are about."""
    return [finding.activity_ids for finding in found if finding.kind == kind]

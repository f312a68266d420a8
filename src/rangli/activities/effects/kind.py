"""What all effects have in common."""

from __future__ import annotations

from msgspec import Struct

from rangli.activities.program import TierOp
from rangli.core.errors import Violation


class EffectKind(Struct, frozen=True, kw_only=True):
    """One kind of effect; its fields are those of its message in `activity.proto`."""

    def tier_ops(self) -> tuple[TierOp, ...]:
        """What the kernel does for it, tier by tier, thresholds rising."""
        raise NotImplementedError

    def violations(self, path: str) -> list[Violation]:  # noqa: ARG002  some kinds have none
        """What the fields' own bounds cannot say, for the message that stands at `path`."""
        return []

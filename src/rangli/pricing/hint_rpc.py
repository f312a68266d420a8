"""From a hint to its message."""

from __future__ import annotations

from rangli.pricing.hints import Hint
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import enum_number


def hint_message(hint: Hint) -> pb.Hint:
    """The hint as callers see it."""
    change = hint.change
    return pb.Hint(
        kind=enum_number(pb.HintKind.DESCRIPTOR, hint.kind.name),
        activity_id=hint.activity_id,
        more=[pb.Hint.Change(line_id=line_id, units=units) for line_id, units in change.units],
        amount_minor=change.amount_minor,
        credential_id=change.credential_id,
        payable_minor=hint.payable_minor,
        added_list_minor=hint.added_minor,
        gain_minor=hint.gain_minor,
        net_gain_minor=hint.net_gain_minor,
        code=change.code,
        like_line_id=change.like_line_id,
    )

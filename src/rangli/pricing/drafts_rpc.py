"""Drafts of a request: activities to be looked at, or priced with, as if they were published."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities.drafts import DRAFTS_MAX, Draft
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Invalid, Violation
from rangli.v1 import lint_pb2 as lb
from rangli.wire.convert import to_struct
from rangli.wire.names import resource_id_of


def drafts_of(messages: Sequence[lb.Draft], path: str) -> list[Draft]:
    """The drafts; raises Invalid with what is wrong with the first that breaks its bounds."""
    if len(messages) > DRAFTS_MAX:
        raise Invalid.fields(Violation(path, f"at most {DRAFTS_MAX}"))
    drafts = [_draft(message, f"{path}[{number}]") for number, message in enumerate(messages)]
    if len({draft.activity_id for draft in drafts}) != len(drafts):
        raise Invalid.fields(Violation(path, "each activity once"))
    return drafts


def _draft(message: lb.Draft, path: str) -> Draft:
    if message.absent and message.HasField("spec"):
        raise Invalid.fields(Violation(f"{path}.spec", "must be absent, as the activity is"))
    return Draft(
        resource_id_of(message.activity_id, f"{path}.activity_id"),
        to_struct(message.spec, ActivitySpec, f"{path}.spec") if message.HasField("spec") else None,
        absent=message.absent,
    )

"""What a later refund needs of a quote beside request and answer, as its message's bytes."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities.live import LiveActivity
from rangli.activities.policies.spec import PolicySpec
from rangli.pricing.answer import Quote
from rangli.pricing.matched import Candidate
from rangli.v1 import policy_pb2
from rangli.v1.quote_pb2 import AppliedEntry, AppliedTerms, LineList, QuoteTerms
from rangli.wire.convert import fill
from rangli.wire.written import Written, field


def terms_of(answer: Quote) -> bytes:
    """The policy, and everything that acted or could have, as they were: a QuoteTerms.

    With many activities it is most of an order, and nearly the same for each: so it is written
    from parts that are kept.
    """
    names: dict[Sequence[int], bytes] = {}
    parts = [field(QuoteTerms.POLICY_FIELD_NUMBER, _POLICIES.of(answer.policy.spec))]
    for _, candidate in answer.steps:
        on = tuple(candidate.lines)
        line_ids = names.get(on)
        if line_ids is None:
            line_ids = names[on] = _line_ids(on, answer.row_ids)
        terms = _HEADS.of(candidate.activity) + line_ids + _rest(candidate, answer.row_ids)
        parts.append(field(QuoteTerms.ACTIVITIES_FIELD_NUMBER, terms))
    return b"".join(parts)


def _policy(spec: PolicySpec) -> bytes:
    return fill(policy_pb2.StackingPolicy(), spec).SerializeToString()


def _head(activity: LiveActivity) -> bytes:
    """What is the same on all carts."""
    terms = AppliedTerms(activity_id=activity.activity_id, version=activity.version)
    fill(terms.spec, activity.spec)
    return terms.SerializeToString()


# Some KB each.
_POLICIES = Written(_policy, most=256)
_HEADS = Written(_head, most=4_096)


def _line_ids(rows: Sequence[int], row_ids: list[str]) -> bytes:
    return AppliedTerms(line_ids=[row_ids[number] for number in rows]).SerializeToString()


def _rest(candidate: Candidate, row_ids: list[str]) -> bytes:
    """What only some have."""
    if not (
        candidate.shown.credential_id or candidate.lists or candidate.offered or candidate.facts
    ):
        return b""
    return AppliedTerms(
        credential_id=candidate.shown.credential_id,
        lists=[
            LineList(line_ids=[row_ids[number] for number in numbers])
            for numbers in candidate.lists
        ],
        entries=[
            AppliedEntry(kind=kind, value=value, per_quantity=per_quantity)
            for kind, value, per_quantity in candidate.offered or ()
        ],
        facts=candidate.facts,
    ).SerializeToString()

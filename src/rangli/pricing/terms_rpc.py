"""What a later refund needs of a quote beside request and answer, as its message."""

from __future__ import annotations

from rangli.activities.policies.spec import PolicySpec
from rangli.pricing.answer import Quote
from rangli.pricing.matched import Candidate
from rangli.v1 import policy_pb2, quote_pb2
from rangli.wire.convert import fill


def terms_of(answer: Quote) -> quote_pb2.QuoteTerms:
    """The policy, and everything that acted or could have, as they were."""
    return quote_pb2.QuoteTerms(
        policy=_policy(answer.policy.spec),
        activities=[_activity(candidate, answer.row_ids) for _, candidate in answer.steps],
    )


def _policy(spec: PolicySpec) -> policy_pb2.StackingPolicy:
    return fill(policy_pb2.StackingPolicy(), spec)


def _activity(candidate: Candidate, row_ids: list[str]) -> quote_pb2.AppliedTerms:
    activity = candidate.activity
    terms = quote_pb2.AppliedTerms(
        activity_id=activity.activity_id,
        version=activity.version,
        credential_id=candidate.shown.credential_id,
        line_ids=[row_ids[number] for number in candidate.lines],
        lists=[
            quote_pb2.LineList(line_ids=[row_ids[number] for number in numbers])
            for numbers in candidate.lists
        ],
        entries=[
            quote_pb2.AppliedEntry(kind=kind, value=value, per_quantity=per_quantity)
            for kind, value, per_quantity in candidate.offered or ()
        ],
        facts=candidate.facts,
    )
    fill(terms.spec, activity.spec)
    return terms

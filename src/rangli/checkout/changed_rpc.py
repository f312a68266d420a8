"""PRICE_CHANGED: a no that says what the order costs now."""

from __future__ import annotations

from rangli.core.errors import Reason, Refused
from rangli.v1 import checkout_pb2 as pb
from rangli.v1 import quote_pb2
from rangli.wire.status import DETAILS_BYTES_MAX

# What of a quote says the price, whatever its size.
_TOTALS = (
    "currency", "priced_at", "catalogue_version", "list_minor", "discount_minor", "payable_minor",
    "outside_off_minor", "policy_id", "policy_version", "proven", "gap_minor",
)  # fmt: skip


def price_changed(evaluation: pb.Evaluation, expected_payable_minor: int) -> Refused:
    """The refusal, with the fresh evaluation in its details.

    Details are small: of a large cart only the activities that apply are told, of a very large one
    only the totals; the token is good all the same.
    """
    payable_minor = evaluation.quote.payable_minor
    return Refused(
        Reason.PRICE_CHANGED,
        f"the order costs {payable_minor} now, not {expected_payable_minor}",
        metadata={
            "payable_minor": payable_minor,
            "expected_payable_minor": expected_payable_minor,
        },
        details=(_that_fits(evaluation),),
    )


def _that_fits(evaluation: pb.Evaluation) -> pb.Evaluation:
    """The evaluation, or less of its quote."""
    for fields in ((*_TOTALS, "applied", "added_lines", "layers"), _TOTALS):
        if evaluation.ByteSize() <= DETAILS_BYTES_MAX:
            break
        quote = quote_pb2.QuoteResponse()
        quote.CopyFrom(evaluation.quote)
        for field, _ in evaluation.quote.ListFields():
            if field.name not in fields:
                quote.ClearField(field.name)
        evaluation = pb.Evaluation(
            quote=quote,
            coupon_ids=evaluation.coupon_ids,
            token=evaluation.token,
            expires_at=evaluation.expires_at,
        )
    return evaluation

"""What a snapshot says of an activity: its terms, read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rangli.activities import checks
from rangli.activities.drafts import published
from rangli.activities.live import LiveActivity
from rangli.activities.pricebook import Offered
from rangli.activities.program import Kind
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Invalid
from rangli.core.money import BPS, LINE_MINOR_MAX, QUANTITY_MAX
from rangli.pricing.matched import Candidate, Shown
from rangli.pricing.refunds.checks import refuse, within
from rangli.v1 import quote_pb2
from rangli.wire.convert import to_struct

# As `AppliedEntry` numbers them.
_ENTRY_KINDS = (Kind.PRICE, Kind.OFF, Kind.PERCENT)


def candidate_of(
    message: quote_pb2.AppliedTerms,
    path: str,
    *,
    numbers_of: Mapping[str, int],
    at: datetime,
    price_basis: str,
) -> Candidate:
    """The activity on the order's lines, as it was.

    numbers_of: the numbers of lines and delivery groups. at: when it was priced. price_basis: of
    the cart.
    Raises Invalid with the first field that does not fit.
    """
    live = _live(message, f"{path}.spec", at)
    live = replace(live.by_basis.get(price_basis, live), variant=0)
    numbers = _rows(message.line_ids, f"{path}.line_ids", numbers_of)
    if not numbers:
        refuse(f"{path}.line_ids", "an activity acts on at least one line")
    for name, wanted in (("lists", len(live.lists)), ("facts", len(live.facts))):
        given = len(getattr(message, name))
        if given != wanted:
            refuse(f"{path}.{name}", f"the spec has {wanted}, not {given}")
    for index, fact in enumerate(message.facts):
        within(fact, f"{path}.facts[{index}]", low=0, high=2)
    wanted = len(numbers) if live.is_book else 0
    if len(message.entries) != wanted:
        refuse(f"{path}.entries", f"must be {wanted}: one for each line of a price book")
    offered = [
        _offered(entry, f"{path}.entries[{index}]") for index, entry in enumerate(message.entries)
    ]
    rising = sorted(range(len(numbers)), key=numbers.__getitem__)
    return Candidate(
        activity=live,
        shown=Shown(credential_id=message.credential_id),
        lines=[numbers[place] for place in rising],
        lists=[
            sorted(_rows(each.line_ids, f"{path}.lists[{index}].line_ids", numbers_of))
            for index, each in enumerate(message.lists)
        ],
        facts=list(message.facts),
        offered=[offered[place] for place in rising] if live.is_book else None,
    )


def _live(message: quote_pb2.AppliedTerms, path: str, at: datetime) -> LiveActivity:
    """The activity as it was. What its template allows today doesn't matter."""
    spec = to_struct(message.spec, ActivitySpec, path)
    for name in ("layer", "entitlement"):
        if getattr(spec, name) is None:
            refuse(f"{path}.{name}", "is required")
    violations = checks.violations(spec, path)
    if violations:
        raise Invalid.fields(*violations)
    return published(None, message.activity_id, spec, now=at)


def _rows(piece_ids: Sequence[str], path: str, numbers_of: Mapping[str, int]) -> list[int]:
    for index, piece_id in enumerate(piece_ids):
        if piece_id not in numbers_of:
            refuse(f"{path}[{index}]", "is neither a line nor a delivery group of the order")
    if len(set(piece_ids)) != len(piece_ids):
        refuse(path, "each line once")
    return [numbers_of[piece_id] for piece_id in piece_ids]


def _offered(entry: quote_pb2.AppliedEntry, path: str) -> Offered:
    if entry.kind not in _ENTRY_KINDS:
        refuse(f"{path}.kind", "must be 1 (price), 2 (amount off) or 3 (percentage)")
    most = BPS if entry.kind == Kind.PERCENT else LINE_MINOR_MAX
    within(entry.value, f"{path}.value", low=0, high=most)
    within(entry.per_quantity, f"{path}.per_quantity", low=1, high=QUANTITY_MAX)
    return Offered(entry.kind, entry.value, entry.per_quantity)

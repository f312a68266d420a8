"""FundService's requests, checked, as the domain takes them; all here raise Invalid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import printable
from rangli.core.money import BPS, CART_MINOR_MAX
from rangli.funds.model import SLOW_BPS_DEFAULT, WARN_BPS_DEFAULT, WARN_BPS_MIN, Share
from rangli.funds.pools import NewPool
from rangli.funds.wanted import (
    ITEMS_MAX,
    TTL_S_DEFAULT,
    TTL_S_MAX,
    AmountItem,
    BatchSpend,
    FunderPart,
    Refund,
    Release,
    Reserve,
    ReserveItem,
    Spend,
)
from rangli.ledger.model import AMOUNT_MINOR_MAX
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from rangli.wire.convert import micros_of
from rangli.wire.names import resource_id_of, text_of

REASON_CHARS_MAX = 500
_NAME_CHARS_MAX = 100
_VERSION_MAX = 10**9


class _Dated(Protocol):
    @property
    def occurred_at(self) -> Timestamp: ...
    def HasField(self, field_name: str) -> bool: ...  # noqa: N802  protobuf's name


def invalid(field: str, description: str) -> Invalid:
    """One field's refusal."""
    return Invalid.fields(Violation(field, description))


def number(value: int, path: str, least: int, most: int) -> int:
    """A number within its bounds."""
    if not least <= value <= most:
        raise invalid(path, f"must be {least} to {most}, not {value}")
    return value


def name(value: str, path: str) -> str:
    """A caller's own name for something: an order, a funder."""
    if not 1 <= len(value) <= _NAME_CHARS_MAX or not printable(value):
        raise invalid(path, f"must be 1 to {_NAME_CHARS_MAX} printable characters")
    return value


def reason(value: str, *, required: bool = False) -> str:
    """Why, for the audit."""
    text_of(value, "reason", REASON_CHARS_MAX)
    if required and not value.strip():
        raise invalid("reason", "is required: say why, for the audit")
    return value


def reservation_id(value: str) -> str:
    """A reservation's id."""
    return resource_id_of(value, "reservation_id")


def new_pool(request: pb.CreatePoolRequest) -> NewPool:
    """A pool to be made."""
    display_name = text_of(request.display_name, "display_name", 200)
    return NewPool(
        pool_id=resource_id_of(request.pool_id, "pool_id"),
        parent_id=resource_id_of(request.parent_id, "parent_id") if request.parent_id else None,
        display_name=display_name,
        funder=name(request.funder, "funder") if request.funder else None,
        currency=request.currency or None,
        time_zone=request.time_zone or None,
        warn_bps=request.warn_bps or WARN_BPS_DEFAULT,
        slow_bps=request.slow_bps or SLOW_BPS_DEFAULT,
        daily_cap_minor=number(request.daily_cap_minor, "daily_cap_minor", 0, AMOUNT_MINOR_MAX),
        budget_minor=number(request.budget_minor, "budget_minor", 0, AMOUNT_MINOR_MAX),
    )


def changes(request: pb.UpdatePoolRequest) -> dict[str, str | int]:
    """What of a pool shall change."""
    found: dict[str, str | int] = {}
    if request.HasField("display_name"):
        found["display_name"] = text_of(request.display_name, "display_name", 200)
        if not request.display_name:
            raise invalid("display_name", "must not be empty")
    if request.HasField("daily_cap_minor"):
        found["daily_cap_minor"] = number(
            request.daily_cap_minor, "daily_cap_minor", 0, AMOUNT_MINOR_MAX
        )
    if request.HasField("warn_bps"):
        found["warn_bps"] = number(request.warn_bps, "warn_bps", WARN_BPS_MIN, BPS)
    if request.HasField("slow_bps"):
        found["slow_bps"] = number(request.slow_bps, "slow_bps", WARN_BPS_MIN, BPS)
    if not found:
        raise invalid("display_name", "say at least one field that shall change")
    return found


def shares(said: Sequence[ab.FundingShare]) -> tuple[tuple[Share, ...], str | None]:
    """Who bears how much, and who takes the remainder."""
    found = []
    for index, share in enumerate(said):
        path = f"shares[{index}]"
        pool_id = resource_id_of(share.pool_id, f"{path}.pool_id") if share.pool_id else None
        found.append(Share(name(share.funder, f"{path}.funder"), pool_id, share.share_bps))
    takers = [share.funder for share in said if share.takes_remainder]
    if len(takers) > 1:
        raise invalid("shares", "at most one share takes the remainder")
    return tuple(found), takers[0] if takers else None


def version(value: int, path: str = "version") -> int:
    """A version, 0 for the newest or the next."""
    return number(value, path, 0, _VERSION_MAX)


def reserve(request: pb.ReserveRequest) -> Reserve:
    """What an order wants to be set aside."""
    return Reserve(
        order_id=name(request.order_id, "order_id"),
        items=_items(request.items),
        ttl_s=number(request.ttl_s or TTL_S_DEFAULT, "ttl_s", 1, TTL_S_MAX),
    )


def batch_spend(item: pb.BatchSpendRequest.Item) -> BatchSpend:
    """What an order takes at once."""
    return BatchSpend(
        order_id=name(item.order_id, "order_id"),
        items=_items(item.items),
        occurred_at=_occurred_at(item),
    )


def spend(request: pb.SpendRequest) -> Spend:
    """What of a reservation is spent."""
    return Spend(
        reservation_id=reservation_id(request.reservation_id),
        items=_amounts(request.items),
        final=request.final,
        late=request.late,
        occurred_at=_occurred_at(request),
    )


def release(request: pb.ReleaseRequest) -> Release:
    """Which reservation is given up."""
    return Release(reservation_id=reservation_id(request.reservation_id))


def refund(request: pb.RefundRequest) -> Refund:
    """What is given back."""
    return Refund(
        reservation_id=reservation_id(request.reservation_id),
        items=_amounts(request.items),
        occurred_at=_occurred_at(request),
    )


def _occurred_at(message: _Dated) -> datetime | None:
    if not message.HasField("occurred_at"):
        return None
    return instant(micros_of(message.occurred_at, "occurred_at"))


def _items(said: Sequence[fb.ReserveItem]) -> tuple[ReserveItem, ...]:
    if not 1 <= len(said) <= ITEMS_MAX:
        raise invalid("items", f"must be 1 to {ITEMS_MAX}, not {len(said)}")
    _refuse_twice(item.activity_id for item in said)
    return tuple(_item(item, f"items[{index}]") for index, item in enumerate(said))


def _item(item: fb.ReserveItem, path: str) -> ReserveItem:
    amount = number(item.amount_minor, f"{path}.amount_minor", 1, CART_MINOR_MAX)
    return ReserveItem(
        path=path,
        activity_id=resource_id_of(item.activity_id, f"{path}.activity_id"),
        version=version(item.version, f"{path}.version"),
        amount_minor=amount,
        parts=_parts(item.parts, amount, path),
        allow_partial=item.allow_partial,
    )


def _amounts(said: Sequence[fb.AmountItem]) -> tuple[AmountItem, ...]:
    if len(said) > ITEMS_MAX:
        raise invalid("items", f"at most {ITEMS_MAX}, not {len(said)}")
    _refuse_twice(item.activity_id for item in said)
    return tuple(_amount(item, f"items[{index}]") for index, item in enumerate(said))


def _amount(item: fb.AmountItem, path: str) -> AmountItem:
    amount = number(item.amount_minor, f"{path}.amount_minor", 0, CART_MINOR_MAX)
    return AmountItem(
        path=path,
        activity_id=resource_id_of(item.activity_id, f"{path}.activity_id"),
        amount_minor=amount,
        parts=_parts(item.parts, amount, path),
    )


def _parts(said: Sequence[fb.FunderPart], amount: int, path: str) -> tuple[FunderPart, ...]:
    found: list[FunderPart] = []
    seen: set[str] = set()
    for index, part in enumerate(said):
        at = f"{path}.parts[{index}]"
        if part.funder in seen:
            raise invalid(f"{at}.funder", "each funder once")
        seen.add(part.funder)
        number(part.amount_minor, f"{at}.amount_minor", 0, CART_MINOR_MAX)
        found.append(FunderPart(at, name(part.funder, f"{at}.funder"), part.amount_minor))
    if found and sum(part.amount_minor for part in found) != amount:
        raise invalid(f"{path}.parts", f"must sum to amount_minor, {amount}")
    return tuple(found)


def _refuse_twice(activity_ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, activity_id in enumerate(activity_ids):
        if activity_id in seen:
            raise invalid(f"items[{index}].activity_id", "each activity once")
        seen.add(activity_id)

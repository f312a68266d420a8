"""WalletService's requests, checked, as the domain takes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import RESOURCE, printable
from rangli.core.money import known_currency
from rangli.ledger.model import HOLD_TTL_S_MAX
from rangli.v1 import wallet_service_pb2 as pb
from rangli.wallet.model import (
    AMOUNT_MAX,
    TENDERS_MAX,
    AskedTender,
    Capture,
    ChangeFreeze,
    Credit,
    Debit,
    Pocket,
    Refund,
    Release,
    Reserve,
    TenderAmount,
    WalletKind,
)
from rangli.wire.convert import enum_prefix, micros_of
from rangli.wire.names import text_of

_EXTEND_S_MAX = 10 * 365 * 86_400
_REASON_MAX = 500


def credit(request: pb.CreditRequest) -> Credit:
    """A credit; raises Invalid, as all here do."""
    kind = kind_of(request.kind, "kind")
    expires_at: datetime | None = None
    if request.HasField("expires_at"):
        if kind is WalletKind.CASH:
            raise _invalid("expires_at", "cash never expires")
        expires_at = instant(micros_of(request.expires_at, "expires_at"))
    return Credit(
        user_id=user_of(request.user_id),
        kind=kind,
        unit=unit_of(request.unit, "unit", kind),
        amount=_number(request.amount, "amount", 1, AMOUNT_MAX),
        expires_at=expires_at,
        reference=_reference(request.reference),
        reason=text_of(request.reason, "reason", _REASON_MAX),
    )


def debit(request: pb.DebitRequest) -> Debit:
    """A debit."""
    kind = kind_of(request.kind, "kind")
    return Debit(
        user_id=user_of(request.user_id),
        kind=kind,
        unit=unit_of(request.unit, "unit", kind),
        amount=_number(request.amount, "amount", 1, AMOUNT_MAX),
        reference=_reference(request.reference),
        reason=_reason(request.reason),
    )


def reserve(request: pb.ReserveTenderRequest) -> Reserve:
    """A reservation."""
    if not known_currency(request.currency):
        raise _invalid("currency", "must be an ISO 4217 code")
    if not 1 <= len(request.tenders) <= TENDERS_MAX:
        raise _invalid("tenders", f"must be 1 to {TENDERS_MAX}")
    tenders = tuple(
        tender(one, f"tenders[{place}]", request.currency)
        for place, one in enumerate(request.tenders)
    )
    each_once(tenders)
    return Reserve(
        user_id=user_of(request.user_id),
        order_id=_id(request.order_id, "order_id"),
        ttl_s=_number(request.ttl_s, "ttl_s", 1, HOLD_TTL_S_MAX),
        tenders=tenders,
        currency=request.currency,
        external_minor=_number(request.external_minor, "external_minor", 0, AMOUNT_MAX),
    )


def capture(request: pb.CaptureTenderRequest) -> Capture:
    """A capture."""
    return Capture(
        reservation_id=_id(request.reservation_id, "reservation_id"),
        amounts=_amounts(request.tenders),
        final=request.final,
        late=request.late,
    )


def release(request: pb.ReleaseTenderRequest) -> Release:
    """A release."""
    return Release(
        reservation_id=_id(request.reservation_id, "reservation_id"),
        reason=text_of(request.reason, "reason", _REASON_MAX),
    )


def refund(request: pb.RefundTenderRequest) -> Refund:
    """A refund: of money, or of amounts."""
    refund_minor = _number(request.refund_minor, "refund_minor", 0, AMOUNT_MAX * 100)
    external_minor = _number(request.external_minor, "external_minor", 0, AMOUNT_MAX)
    amounts = _amounts(request.tenders)
    if bool(refund_minor) == bool(amounts or external_minor):
        raise _invalid(
            "refund_minor", "either this is given, or tenders or external_minor, and not both"
        )
    return Refund(
        reservation_id=_id(request.reservation_id, "reservation_id"),
        refund_minor=refund_minor,
        amounts=amounts,
        external_minor=external_minor,
        extend_s=extend_s(request.expired_lots, request.extend_s),
        reason=text_of(request.reason, "reason", _REASON_MAX),
    )


def pocket(request: pb.ListWalletEntriesRequest, tenant: str) -> Pocket:
    """The pocket whose statement is asked for."""
    kind = kind_of(request.kind, "kind")
    return Pocket(tenant, user_of(request.user_id), kind, unit_of(request.unit, "unit", kind))


def change_freeze(request: pb.FreezeWalletRequest | pb.UnfreezeWalletRequest) -> ChangeFreeze:
    """A freeze or its end: of the kind, or of all kinds if none is given."""
    kinds = (kind_of(request.kind, "kind"),) if request.kind else tuple(sorted(WalletKind))
    return ChangeFreeze(user_of(request.user_id), kinds, _reason(request.reason))


def days(expiring_within_days: int) -> int:
    """How far ahead a wallet looks."""
    return _number(expiring_within_days, "expiring_within_days", 0, 3_650)


def kind_of(kind: int, path: str) -> WalletKind:
    """The kind; it must be one."""
    value = pb.WalletKind.DESCRIPTOR.values_by_number.get(kind)
    if value is None or not kind:
        raise _invalid(path, "must be a WALLET_KIND other than UNSPECIFIED")
    return WalletKind[value.name.removeprefix(enum_prefix(pb.WalletKind.DESCRIPTOR))]


def unit_of(unit: str, path: str, kind: WalletKind) -> str:
    """The unit of a kind: a currency, or a name of points."""
    if kind is not WalletKind.POINTS:
        if not known_currency(unit):
            raise _invalid(path, "must be an ISO 4217 code")
    elif not RESOURCE.fullmatch(unit) or known_currency(unit):
        raise _invalid(path, "must be 1 to 100 of a-z A-Z 0-9 - _ . : and no ISO 4217 code")
    return unit


def user_of(user_id: str) -> str:
    """Whose wallet."""
    return _id(user_id, "user_id")


def id_of_reservation(reservation_id: str) -> str:
    """Which reservation."""
    return _id(reservation_id, "reservation_id")


def tender(one: pb.ReserveTenderRequest.Tender, path: str, currency: str) -> AskedTender:
    """One way to pay an order in that currency. path: where it stands in the request."""
    kind = kind_of(one.kind, f"{path}.kind")
    unit = unit_of(one.unit, f"{path}.unit", kind)
    amount = _number(one.amount, f"{path}.amount", 1, AMOUNT_MAX)
    if kind is WalletKind.POINTS:
        pays_minor = _number(one.pays_minor, f"{path}.pays_minor", 1, AMOUNT_MAX)
        return AskedTender(kind, unit, amount, pays_minor)
    if unit != currency:
        raise _invalid(f"{path}.unit", f"must be {currency}, the order's currency")
    if one.pays_minor not in (0, amount):
        raise _invalid(f"{path}.pays_minor", "must be the amount, or absent")
    return AskedTender(kind, unit, amount, pays_minor=amount)


def _amounts(amounts: Sequence[pb.TenderAmount]) -> tuple[TenderAmount, ...]:
    if len(amounts) > TENDERS_MAX:
        raise _invalid("tenders", f"at most {TENDERS_MAX}")
    read = tuple(_amount(one, f"tenders[{place}]") for place, one in enumerate(amounts))
    each_once(read)
    return read


def _amount(one: pb.TenderAmount, path: str) -> TenderAmount:
    kind = kind_of(one.kind, f"{path}.kind")
    return TenderAmount(
        kind,
        unit_of(one.unit, f"{path}.unit", kind),
        _number(one.amount, f"{path}.amount", 1, AMOUNT_MAX),
    )


def each_once(tenders: Sequence[TenderAmount | AskedTender]) -> None:
    """Raises Invalid if one of them comes twice."""
    known = set()
    for place, one in enumerate(tenders):
        if (one.kind, one.unit) in known:
            raise _invalid(f"tenders[{place}]", "its kind and unit come twice")
        known.add((one.kind, one.unit))


def extend_s(expired_lots: int, asked_s: int) -> int | None:
    """For how long a refund keeps what has expired; None: it expires again. Raises Invalid."""
    if expired_lots == pb.EXPIRED_LOTS_EXTEND:
        return _number(asked_s, "extend_s", 1, _EXTEND_S_MAX)
    if expired_lots not in pb.ExpiredLots.values():
        raise _invalid("expired_lots", "must be an EXPIRED_LOTS, or absent")
    if asked_s:
        raise _invalid("extend_s", "goes with EXPIRED_LOTS_EXTEND only")
    return None


def _number(value: int, path: str, least: int, most: int) -> int:
    if not least <= value <= most:
        raise _invalid(path, f"must be {least} to {most}, not {value}")
    return value


def _id(text: str, path: str) -> str:
    if not 1 <= len(text) <= 100 or not printable(text):
        raise _invalid(path, "must be 1 to 100 printable characters")
    return text


def _reference(text: str) -> str:
    if len(text) > 100 or not printable(text):
        raise _invalid("reference", "must be at most 100 printable characters")
    return text


def _reason(reason: str) -> str:
    if not reason.strip():
        raise _invalid("reason", "is required, for the audit")
    return text_of(reason, "reason", _REASON_MAX)


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))

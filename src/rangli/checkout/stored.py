"""How an order's parts stand in its row: plain JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rangli.checkout.model import OrderRefund, Shipment, Units
from rangli.counters.model import Want
from rangli.wallet.model import AskedTender, WalletKind


def wants_to_json(wants: Iterable[Want]) -> str:
    """What an order counts."""
    return _text([list(want) for want in wants])


def wants_from_json(text: str) -> tuple[Want, ...]:
    """What an order counts."""
    return tuple(Want(*row) for row in json.loads(text))


def texts_to_json(texts: Iterable[str]) -> str:
    """Names, in their order."""
    return _text(list(texts))


def units_to_json(units: Units) -> str:
    """What an order is for."""
    return _text(_units(units))


def units_from_json(text: str) -> Units:
    """What an order is for."""
    return _units_of(json.loads(text))


def tenders_to_json(tenders: Iterable[AskedTender]) -> str:
    """How an order is paid from a wallet."""
    return _text([[t.kind.value, t.unit, t.amount, t.pays_minor] for t in tenders])


def tenders_from_json(text: str) -> tuple[AskedTender, ...]:
    """How an order is paid from a wallet."""
    return tuple(AskedTender(WalletKind(row[0]), *row[1:]) for row in json.loads(text))


def shipments_to_json(shipments: Iterable[Shipment]) -> str:
    """What was committed at once, each."""
    return _text([[s.shipment_id, _units(s.units), s.committed_at.isoformat()] for s in shipments])


def shipments_from_json(text: str) -> tuple[Shipment, ...]:
    """What was committed at once, each."""
    return tuple(
        Shipment(shipment_id, _units_of(units), datetime.fromisoformat(at))
        for shipment_id, units, at in json.loads(text)
    )


def refunds_to_json(refunds: Iterable[OrderRefund]) -> str:
    """What was refunded at once, each."""
    return _text(
        [[r.refund_id, _units(r.units), r.refund_minor, r.refunded_at.isoformat()] for r in refunds]
    )


def refunds_from_json(text: str) -> tuple[OrderRefund, ...]:
    """What was refunded at once, each."""
    return tuple(
        OrderRefund(refund_id, _units_of(units), minor, datetime.fromisoformat(at))
        for refund_id, units, minor, at in json.loads(text)
    )


def _units(units: Units) -> list[Any]:
    return [dict(units.lines), dict(units.gifts), list(units.delivery_ids)]


def _units_of(row: list[Any]) -> Units:
    lines, gifts, delivery_ids = row
    return Units(lines, gifts, tuple(delivery_ids))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

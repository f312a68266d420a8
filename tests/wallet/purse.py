"""One user's wallet, called as a transport calls the service."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.core.errors import Refused
from rangli.ledger import audit as ledger
from rangli.ledger.sweeper import sweep
from rangli.storage.audit import Finding, audit, snapshot
from rangli.v1 import wallet_service_pb2 as pb
from rangli.wallet import audit as wallet
from tests.world import World, request_id

BALANCE, POINTS, CASH = (
    pb.WALLET_KIND_BALANCE,
    pb.WALLET_KIND_POINTS,
    pb.WALLET_KIND_CASH,
)
RESERVED, CAPTURED, RELEASED, EXPIRED = (
    pb.WALLET_RESERVATION_STATE_RESERVED,
    pb.WALLET_RESERVATION_STATE_CAPTURED,
    pb.WALLET_RESERVATION_STATE_RELEASED,
    pb.WALLET_RESERVATION_STATE_EXPIRED,
)
UNITS = {BALANCE: "USD", POINTS: "points", CASH: "USD"}
# No test's lot expires by itself before it has ended.
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


def day(number: int) -> datetime:
    """So many days after SOON."""
    return SOON + timedelta(days=number)


class Purse:
    """A user of a tenant."""

    def __init__(self, world: World, user_id: str = "ann") -> None:
        self.world = world
        self.user_id = user_id

    async def call(self, name: str, request: Any) -> Any:
        return await self.world.call(f"WalletService/{name}", request)

    def credit_request(self, amount: int, kind: int = BALANCE, **fields: Any) -> pb.CreditRequest:
        fields.setdefault("request_id", request_id())
        fields.setdefault("unit", UNITS[kind])
        return pb.CreditRequest(user_id=self.user_id, kind=kind, amount=amount, **fields)

    async def credit(self, amount: int, kind: int = BALANCE, **fields: Any) -> str:
        request = self.credit_request(amount, kind, **fields)
        return (await self.call("Credit", request)).transaction_id

    async def debit(self, amount: int, kind: int = BALANCE, **fields: Any) -> pb.DebitResponse:
        fields.setdefault("request_id", request_id())
        fields.setdefault("unit", UNITS[kind])
        fields.setdefault("reason", "a mistake")
        request = pb.DebitRequest(user_id=self.user_id, kind=kind, amount=amount, **fields)
        return await self.call("Debit", request)

    def reserve_request(self, *tenders: Any, **fields: Any) -> pb.ReserveTenderRequest:
        """Tenders: an amount of balance, or (kind, amount), or with what it pays as third."""
        fields.setdefault("request_id", request_id())
        fields.setdefault("order_id", "o1")
        fields.setdefault("ttl_s", 900)
        fields.setdefault("currency", "USD")
        return pb.ReserveTenderRequest(
            user_id=self.user_id, tenders=[_tender(one) for one in tenders], **fields
        )

    async def reserve(self, *tenders: Any, **fields: Any) -> pb.WalletReservation:
        return await self.call("Reserve", self.reserve_request(*tenders, **fields))

    async def capture(self, reservation_id: str, *amounts: Any, **fields: Any) -> Any:
        fields.setdefault("request_id", request_id())
        return await self.call(
            "Capture",
            pb.CaptureTenderRequest(
                reservation_id=reservation_id, tenders=[_amount(one) for one in amounts], **fields
            ),
        )

    async def pay(self, *tenders: Any, **fields: Any) -> str:
        """Reserved and captured; the reservation's id."""
        reservation = await self.reserve(*tenders, **fields)
        await self.capture(reservation.reservation_id)
        return reservation.reservation_id

    async def release(self, reservation_id: str, **fields: Any) -> pb.WalletReservation:
        fields.setdefault("request_id", request_id())
        return await self.call(
            "Release", pb.ReleaseTenderRequest(reservation_id=reservation_id, **fields)
        )

    async def refund(
        self, reservation_id: str, *amounts: Any, **fields: Any
    ) -> pb.RefundTenderResponse:
        fields.setdefault("request_id", request_id())
        return await self.call(
            "Refund",
            pb.RefundTenderRequest(
                reservation_id=reservation_id, tenders=[_amount(one) for one in amounts], **fields
            ),
        )

    async def freeze(self, kind: int = 0, **fields: Any) -> pb.FreezeWalletResponse:
        fields.setdefault("request_id", request_id())
        fields.setdefault("reason", "looks stolen")
        return await self.call(
            "FreezeWallet", pb.FreezeWalletRequest(user_id=self.user_id, kind=kind, **fields)
        )

    async def unfreeze(self, kind: int = 0) -> pb.UnfreezeWalletResponse:
        request = pb.UnfreezeWalletRequest(
            request_id=request_id(), user_id=self.user_id, kind=kind, reason="it was not"
        )
        return await self.call("UnfreezeWallet", request)

    async def get(self, days: int = 0) -> pb.Wallet:
        request = pb.GetWalletRequest(user_id=self.user_id, expiring_within_days=days)
        return await self.call("GetWallet", request)

    async def pocket(self, kind: int = BALANCE, **fields: Any) -> pb.Wallet.Pocket:
        wallet = await self.get(**fields)
        found = [one for one in wallet.pockets if (one.kind, one.unit) == (kind, UNITS[kind])]
        return found[0] if found else pb.Wallet.Pocket()

    async def available(self, kind: int = BALANCE) -> int:
        return (await self.pocket(kind)).available

    async def reservation(self, reservation_id: str) -> pb.WalletReservation:
        request = pb.GetWalletReservationRequest(reservation_id=reservation_id)
        return await self.call("GetReservation", request)

    async def statement(self, kind: int = BALANCE, **fields: Any) -> pb.ListWalletEntriesResponse:
        request = pb.ListWalletEntriesRequest(
            user_id=self.user_id, kind=kind, unit=UNITS[kind], **fields
        )
        return await self.call("ListEntries", request)

    async def ended(self, *ends: datetime) -> None:
        """Lets the time of the lots that end then have passed, unseen by the sweeper."""
        async with self.world.stores.pg.acquire() as conn:
            for at in ends:
                await conn.execute(
                    """UPDATE ledger_accounts SET expires_at = clock_timestamp()
                       WHERE (tenant, owner, expires_at) = ($1, $2, $3)""",
                    self.world.tenant,
                    f"user/{self.user_id}",
                    at,
                )

    async def time_passes(self, reservation_id: str) -> None:
        """Lets the reservation's time have passed, unseen by the sweeper."""
        async with self.world.stores.pg.acquire() as conn:
            await conn.execute(
                "UPDATE ledger_holds SET expires_at = now() WHERE (tenant, hold_id) = ($1, $2)",
                self.world.tenant,
                reservation_id,
            )

    async def swept(self) -> None:
        """What has expired is ended."""
        await sweep(self.world.stores.pg)

    async def findings(self) -> list[Finding]:
        """What the audits of ledger and wallet find wrong in this tenant."""
        async with snapshot(self.world.stores.pg) as conn:
            return await audit(conn, (*ledger.CHECKS, *wallet.CHECKS), tenant=self.world.tenant)


def _tender(one: Any) -> pb.ReserveTenderRequest.Tender:
    if isinstance(one, pb.ReserveTenderRequest.Tender):
        return one
    kind, amount, *pays = (BALANCE, one) if isinstance(one, int) else one
    return pb.ReserveTenderRequest.Tender(
        kind=kind, unit=UNITS[kind], amount=amount, pays_minor=pays[0] if pays else 0
    )


def _amount(one: Any) -> pb.TenderAmount:
    kind, amount = (BALANCE, one) if isinstance(one, int) else one
    return pb.TenderAmount(kind=kind, unit=UNITS[kind], amount=amount)


def ends(at: Any) -> datetime | None:
    """When a message's lot ends."""
    return at.expires_at.ToDatetime(UTC) if at.HasField("expires_at") else None


def parts(lots: Any) -> list[tuple[datetime | None, int]]:
    """Lots as pairs."""
    return [(ends(lot), lot.amount) for lot in lots]


async def refusal(call: Awaitable[Any]) -> Refused:
    """What the call is refused with."""
    with pytest.raises(Refused) as refused:
        await call
    return refused.value

"""Wallets: value credited, set aside for orders, taken, given back, and told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

from google.protobuf.message import Message

from rangli.client.calls import Unary, fresh_request_id, named
from rangli.client.channels import WALLET, Channels
from rangli.v1 import wallet_service_pb2 as pb

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_CALL_S = 5.0
_BATCH_S = 15.0


class Wallet:
    """`rangli.v1.WalletService`, with its requests as messages where they have many fields.

    Every change carries a `request_id`; without one it gets a fresh one, which makes the retries
    inside that call safe. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        def unary(
            name: str, _request: type[Request], answer: type[Answer], timeout_s: float = _CALL_S
        ) -> Unary[Request, Answer]:
            return Unary(
                channels, f"/{WALLET}/{name}", answer, metadata=metadata, timeout_s=timeout_s
            )

        self._credit = unary("Credit", pb.CreditRequest, pb.CreditResponse)
        self._batch_credit = unary(
            "BatchCredit", pb.BatchCreditRequest, pb.BatchCreditResponse, _BATCH_S
        )
        self._debit = unary("Debit", pb.DebitRequest, pb.DebitResponse)
        self._reserve = unary("Reserve", pb.ReserveTenderRequest, pb.WalletReservation)
        self._capture = unary("Capture", pb.CaptureTenderRequest, pb.WalletReservation)
        self._release = unary("Release", pb.ReleaseTenderRequest, pb.WalletReservation)
        self._refund = unary("Refund", pb.RefundTenderRequest, pb.RefundTenderResponse)
        self._freeze = unary("FreezeWallet", pb.FreezeWalletRequest, pb.FreezeWalletResponse)
        self._unfreeze = unary(
            "UnfreezeWallet", pb.UnfreezeWalletRequest, pb.UnfreezeWalletResponse
        )
        self._get = unary("GetWallet", pb.GetWalletRequest, pb.Wallet)
        self._reservation = unary(
            "GetReservation", pb.GetWalletReservationRequest, pb.WalletReservation
        )
        self._entries = unary(
            "ListEntries", pb.ListWalletEntriesRequest, pb.ListWalletEntriesResponse
        )

    async def credit(self, request: pb.CreditRequest) -> str:
        """Puts value into a wallet; the ledger's transaction."""
        return (await self._credit(named(request))).transaction_id

    async def batch_credit(
        self, credits_: Iterable[pb.CreditRequest]
    ) -> list[pb.BatchCreditResponse.Item]:
        """Up to 1,000 credits, each with its own outcome, in order.

        Give each a request_id of your own if you may have to send the batch again.
        """
        request = pb.BatchCreditRequest(credits=[named(one) for one in credits_])
        return list((await self._batch_credit(request)).items)

    async def debit(self, request: pb.DebitRequest) -> pb.DebitResponse:
        """Takes value out, as a correction; which lots gave it."""
        return await self._debit(named(request))

    async def reserve(self, request: pb.ReserveTenderRequest) -> pb.WalletReservation:
        """Sets tender aside for an order."""
        return await self._reserve(named(request))

    async def capture(
        self,
        reservation_id: str,
        *,
        tenders: Sequence[pb.TenderAmount] = (),
        final: bool = False,
        late: bool = False,
        request_id: str = "",
    ) -> pb.WalletReservation:
        """Takes what is reserved, or so much of its tenders."""
        return await self._capture(
            pb.CaptureTenderRequest(
                request_id=request_id or fresh_request_id(),
                reservation_id=reservation_id,
                tenders=tenders,
                final=final,
                late=late,
            )
        )

    async def release(
        self, reservation_id: str, *, reason: str = "", request_id: str = ""
    ) -> pb.WalletReservation:
        """Gives back what is still reserved."""
        return await self._release(
            pb.ReleaseTenderRequest(
                request_id=request_id or fresh_request_id(),
                reservation_id=reservation_id,
                reason=reason,
            )
        )

    async def refund(self, request: pb.RefundTenderRequest) -> pb.RefundTenderResponse:
        """Gives back what was captured; what of it is for the caller to pay back elsewhere."""
        return await self._refund(named(request))

    async def freeze(
        self,
        user_id: str,
        *,
        reason: str,
        kind: pb.WalletKind = pb.WALLET_KIND_UNSPECIFIED,
        request_id: str = "",
    ) -> list[pb.WalletFreeze]:
        """Stops what goes out of the wallet, or of one kind; what is frozen then."""
        answer = await self._freeze(
            pb.FreezeWalletRequest(
                request_id=request_id or fresh_request_id(),
                user_id=user_id,
                kind=kind,
                reason=reason,
            )
        )
        return list(answer.freezes)

    async def unfreeze(
        self,
        user_id: str,
        *,
        reason: str,
        kind: pb.WalletKind = pb.WALLET_KIND_UNSPECIFIED,
        request_id: str = "",
    ) -> list[pb.WalletFreeze]:
        """Ends a freeze; what is frozen still."""
        answer = await self._unfreeze(
            pb.UnfreezeWalletRequest(
                request_id=request_id or fresh_request_id(),
                user_id=user_id,
                kind=kind,
                reason=reason,
            )
        )
        return list(answer.freezes)

    async def get(self, user_id: str, *, expiring_within_days: int = 0) -> pb.Wallet:
        """What the user has."""
        return await self._get(
            pb.GetWalletRequest(user_id=user_id, expiring_within_days=expiring_within_days)
        )

    async def reservation(self, reservation_id: str) -> pb.WalletReservation:
        """A reservation as it is now."""
        return await self._reservation(
            pb.GetWalletReservationRequest(reservation_id=reservation_id)
        )

    async def entries(
        self, user_id: str, kind: pb.WalletKind, unit: str
    ) -> AsyncIterator[pb.WalletEntry]:
        """The statement, newest first, page after page as it is read."""
        request = pb.ListWalletEntriesRequest(user_id=user_id, kind=kind, unit=unit)
        while True:
            page = await self._entries(request)
            for entry in page.entries:
                yield entry
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

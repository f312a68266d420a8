"""WalletService: between its messages and the domain."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from rangli.core.call import KIB, CallContext, Method, Service
from rangli.core.clock import EPOCH, micros
from rangli.core.errors import Invalid, RangliError, Violation
from rangli.storage.batched_rpc import Batched
from rangli.storage.batcher import Batching
from rangli.storage.postgres import moment
from rangli.storage.stores import Stores
from rangli.v1 import wallet_service_pb2 as pb
from rangli.wallet import answer_rpc as answers
from rangli.wallet import asked_rpc as read
from rangli.wallet import orders, read_store, refunds, service, store
from rangli.wallet.model import Place
from rangli.wallet.statement import statement
from rangli.wire.paging import next_token, page_of
from rangli.wire.status import to_status

NAME = "rangli.v1.WalletService"
_BATCH_MAX = 1_000


def expose(stores: Stores, batching: Batching) -> Service:
    """The service on these stores."""
    rpc = _Wallet(stores, batching)
    return Service(
        NAME,
        (
            Method("Credit", pb.CreditRequest, rpc.credit),
            Method(
                "BatchCredit",
                pb.BatchCreditRequest,
                rpc.batch_credit,
                limit_bytes=1024 * KIB,
                deadline_s_max=10.0,
            ),
            Method("Debit", pb.DebitRequest, rpc.debit),
            Method("Reserve", pb.ReserveTenderRequest, rpc.reserve),
            Method("Capture", pb.CaptureTenderRequest, rpc.capture),
            Method("Release", pb.ReleaseTenderRequest, rpc.release),
            Method("Refund", pb.RefundTenderRequest, rpc.refund),
            Method("FreezeWallet", pb.FreezeWalletRequest, rpc.freeze),
            Method("UnfreezeWallet", pb.UnfreezeWalletRequest, rpc.unfreeze),
            Method("GetWallet", pb.GetWalletRequest, rpc.get_wallet),
            Method("GetReservation", pb.GetWalletReservationRequest, rpc.get_reservation),
            Method("ListEntries", pb.ListWalletEntriesRequest, rpc.list_entries),
        ),
    )


class _Wallet:
    def __init__(self, stores: Stores, batching: Batching) -> None:
        self._pg = stores.pg
        self.credit = Batched(
            batching,
            f"{NAME}/Credit",
            ask=read.credit,
            decide=service.credit,
            say=lambda done: pb.CreditResponse(transaction_id=done),
            answer=pb.CreditResponse,
        )
        self.debit = Batched(
            batching,
            f"{NAME}/Debit",
            ask=read.debit,
            decide=service.debit,
            say=answers.debited,
            answer=pb.DebitResponse,
        )
        self.reserve = Batched(
            batching,
            f"{NAME}/Reserve",
            ask=read.reserve,
            decide=orders.reserve,
            say=answers.reservation,
            answer=pb.WalletReservation,
        )
        self.capture = Batched(
            batching,
            f"{NAME}/Capture",
            ask=read.capture,
            decide=orders.capture,
            say=answers.reservation,
            answer=pb.WalletReservation,
        )
        self.release = Batched(
            batching,
            f"{NAME}/Release",
            ask=read.release,
            decide=orders.release,
            say=answers.reservation,
            answer=pb.WalletReservation,
        )
        self.refund = Batched(
            batching,
            f"{NAME}/Refund",
            ask=read.refund,
            decide=refunds.refund,
            say=answers.refunded,
            answer=pb.RefundTenderResponse,
        )
        self.freeze = Batched(
            batching,
            f"{NAME}/FreezeWallet",
            ask=read.change_freeze,
            decide=service.freeze,
            say=lambda found: pb.FreezeWalletResponse(freezes=answers.freezes(found)),
            answer=pb.FreezeWalletResponse,
        )
        self.unfreeze = Batched(
            batching,
            f"{NAME}/UnfreezeWallet",
            ask=read.change_freeze,
            decide=service.unfreeze,
            say=lambda found: pb.UnfreezeWalletResponse(freezes=answers.freezes(found)),
            answer=pb.UnfreezeWalletResponse,
        )

    async def batch_credit(
        self, call: CallContext, request: pb.BatchCreditRequest
    ) -> pb.BatchCreditResponse:
        if not 1 <= len(request.credits) <= _BATCH_MAX:
            raise Invalid.fields(
                Violation("credits", f"must be 1 to {_BATCH_MAX}, not {len(request.credits)}")
            )

        async def item(one: pb.CreditRequest) -> pb.BatchCreditResponse.Item:
            try:
                return pb.BatchCreditResponse.Item(credit=await self.credit(call, one))
            except RangliError as refusal:
                return pb.BatchCreditResponse.Item(error=to_status(refusal))

        items = await asyncio.gather(*(item(one) for one in request.credits))
        return pb.BatchCreditResponse(items=items)

    async def get_wallet(self, call: CallContext, request: pb.GetWalletRequest) -> pb.Wallet:
        user_id, days = read.user_of(request.user_id), read.days(request.expiring_within_days)
        async with moment(self._pg) as conn:
            pockets = await read_store.pockets(
                conn, call.tenant, user_id, expiring_within_days=days
            )
            frozen = await store.freezes(conn, call.tenant, user_id)
        return answers.wallet(user_id, pockets, frozen)

    async def get_reservation(
        self, call: CallContext, request: pb.GetWalletReservationRequest
    ) -> pb.WalletReservation:
        reservation_id = read.id_of_reservation(request.reservation_id)
        async with moment(self._pg) as conn:
            return answers.reservation(
                await read_store.reservation(conn, call.tenant, reservation_id)
            )

    async def list_entries(
        self, call: CallContext, request: pb.ListWalletEntriesRequest
    ) -> pb.ListWalletEntriesResponse:
        pocket = read.pocket(request, call.tenant)
        page = page_of(request.page_size, request.page_token)
        before = _place(page.after) if page.after else None
        async with moment(self._pg) as conn:
            # One more than fills the page tells that there is a next one.
            lines = await statement(conn, pocket, size=page.size + 1, before=before)
        return pb.ListWalletEntriesResponse(
            entries=[answers.entry(line) for line in lines[: page.size]],
            next_page_token=next_token(page, [_cursor(line.place) for line in lines]),
        )


def _cursor(place: Place) -> str:
    at, turn, transaction_id, account_id, entry_no = place
    return f"{micros(at)}:{turn}:{transaction_id}:{account_id}:{entry_no}"


def _place(cursor: str) -> Place:
    try:
        at, turn, transaction_id, account_id, entry_no = cursor.split(":")
        posted_at = EPOCH + timedelta(microseconds=int(at))
        return Place(posted_at, int(turn) % 3, transaction_id, _id(account_id), _id(entry_no))
    except (ValueError, OverflowError):
        raise Invalid.fields(
            Violation("page_token", "must be a next_page_token of this list")
        ) from None


def _id(number: str) -> int:
    return int(number) % 2**63  # what PostgreSQL can compare, whatever the token says

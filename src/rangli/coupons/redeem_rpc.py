"""A code over the wire, on its way to its coupon."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.core.call import CallContext, Method
from rangli.core.errors import Invalid, RangliError, Reason, Violation
from rangli.core.ids import printable
from rangli.coupons import codes
from rangli.coupons.answer_rpc import claimed
from rangli.coupons.code_model import Redeem, refused
from rangli.coupons.guesses import Guesses
from rangli.coupons.redeeming import redeem
from rangli.storage import detached
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import Connection
from rangli.storage.stores import Stores
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of

_METHOD = "rangli.v1.CouponService/RedeemCode"
_CODE_CHARS_MAX = 50
_NAME_CHARS_MAX = 100
# Then nobody knows, or will be told, whether the code opens something.
_GUESSED = (Reason.CODE_REFUSED, Reason.DEADLINE_PASSED)


def methods(stores: Stores, batching: Batching, guesses: Guesses | None = None) -> tuple[Method]:
    """As the service lists them."""
    rpc = _Redeeming(stores, batching, guesses or Guesses(stores))
    return (Method("RedeemCode", pb.RedeemCodeRequest, rpc.redeem),)


class _Redeeming:
    def __init__(self, stores: Stores, batching: Batching, guesses: Guesses) -> None:
        self._key = stores.keys.codes
        self._guesses = guesses
        self._batcher = batching.batcher(_METHOD, _apply)

    async def redeem(self, call: CallContext, request: pb.RedeemCodeRequest) -> pb.ClaimResponse:
        """Takes a guess before anything is looked up; gives it back if the code opens something."""
        request_id = request_id_of(request.request_id)
        user_id = _name(request.user_id, "user_id", chars_min=1)
        device_id, phone = _name(request.device_id, "device_id"), _name(request.phone, "phone")
        source = _name(request.source, "source")
        if not 1 <= len(request.code) <= _CODE_CHARS_MAX:
            raise _invalid("code", f"must be 1 to {_CODE_CHARS_MAX} characters")
        taken = await self._guesses.take(call.tenant, user_id, source)
        try:
            code_hash = self._hash(call.tenant, request.code)
            answer = await self._batcher.submit(
                Asked(
                    call.tenant,
                    request_id,
                    print_of(request, code_hash),
                    call.actor,
                    Redeem(code_hash, user_id, device_id, phone),
                ),
                deadline=call.deadline,
            )
        except RangliError as refusal:
            if refusal.reason not in _GUESSED:
                detached.start(self._guesses.give_back(taken))
            raise
        detached.start(self._guesses.give_back(taken))
        return pb.ClaimResponse.FromString(answer)

    def _hash(self, tenant: str, text: str) -> bytes:
        try:
            return codes.hashed(self._key, tenant, codes.read(text))
        except codes.UnreadableError:
            raise _invalid("code", "must hold no control or invisible characters") from None
        except codes.MistypedError:
            # Everybody can compute what checks: that nothing was looked up tells no more.
            raise refused() from None


def print_of(request: pb.RedeemCodeRequest | pb.PutVanityCodeRequest, code_hash: bytes) -> bytes:
    """The request's fingerprint, in which its code is the keyed hash.

    Of short codes, which can all be tried, no other hash may be kept.
    """
    said = type(request)()
    said.MergeFrom(request)  # type: ignore[arg-type]  # of its own type
    said.ClearField("code")
    return fingerprint(said, code_hash)


async def _apply(conn: Connection, asked: Sequence[Asked[Redeem]]) -> list[bytes | RangliError]:
    return [
        one if isinstance(one, RangliError) else claimed(one).SerializeToString()
        for one in await redeem(conn, asked)
    ]


def _name(name: str, path: str, *, chars_min: int = 0) -> str:
    if not chars_min <= len(name) <= _NAME_CHARS_MAX or not printable(name):
        raise _invalid(path, f"must be {chars_min} to {_NAME_CHARS_MAX} printable characters")
    return name


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))

"""A method whose requests are decided together: from its message to a batch's verdict and back.

self.debit = Batched(
    batching, "rangli.v1.WalletService/Debit",
    ask=read.debit, decide=service.debit, say=answers.debited, answer=pb.DebitResponse,
)
response = await self.debit(call, request)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from rangli.core.call import CallContext
from rangli.core.errors import RangliError
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import Connection
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of

Request = TypeVar("Request", bound=Message)
Body = TypeVar("Body")
Done = TypeVar("Done")
Answer = TypeVar("Answer", bound=Message)


class Batched(Generic[Request, Body, Done, Answer]):
    """A change that is decided together with others of its method; make it once.

    method: its full name, under which answers are kept for repeats.
    ask: the request, checked; raises Invalid.
    decide: a batch's verdicts, in order, in the open transaction it is given; a refused request
        has changed nothing.
    say: a verdict as its message.  answer: that message's type.
    work: how much one request is, as `Batching.batcher` takes it.
    """

    def __init__(
        self,
        batching: Batching,
        method: str,
        *,
        ask: Callable[[Request], Body],
        decide: Callable[[Connection, Sequence[Asked[Body]]], Awaitable[list[Done | RangliError]]],
        say: Callable[[Done], Answer],
        answer: type[Answer],
        work: Callable[[Body], int] | None = None,
    ) -> None:
        async def apply(
            conn: Connection, asked: Sequence[Asked[Body]]
        ) -> list[bytes | RangliError]:
            verdicts = await decide(conn, asked)
            return [
                one if isinstance(one, RangliError) else say(one).SerializeToString()
                for one in verdicts
            ]

        self._batcher = batching.batcher(method, apply, work=work)
        self._ask = ask
        self._answer = answer

    async def __call__(self, call: CallContext, request: Any) -> Answer:
        """The request's own answer; `request` has a `request_id`. Raises as `Batcher.submit`."""
        asked = Asked(
            call.tenant,
            request_id_of(request.request_id),
            fingerprint(request),
            call.actor,
            self._ask(request),
        )
        return self._answer.FromString(await self._batcher.submit(asked, deadline=call.deadline))

"""One call, typed, with its time-out and its error."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.message import Message

from rangli.client.channels import Channels
from rangli.client.errors import CallRefused, refused

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)
Row = TypeVar("Row")

STREAM_ATTEMPTS = 4
STREAM_BACKOFF_S = 0.2
# Small enough for any server's limit, large enough that rows, not messages, are what costs.
ROWS_PER_MESSAGE = 1_000


class Unary(Generic[Request, Answer]):
    """A method that takes one message; gRPC retries it while nobody has answered."""

    def __init__(
        self,
        channels: Channels,
        path: str,
        answer: type[Answer],
        *,
        metadata: tuple[tuple[str, str], ...],
        timeout_s: float,
    ) -> None:
        self._next = channels.spread(
            lambda channel: channel.unary_unary(
                path, request_serializer=_serialized, response_deserializer=answer.FromString
            )
        )
        self._metadata = metadata
        self._timeout_s = timeout_s

    async def __call__(self, request: Request, timeout_s: float | None = None) -> Answer:
        """The answer. Raises CallRefused."""
        try:
            answer: Answer = await self._next()(
                request,
                timeout=self._timeout_s if timeout_s is None else timeout_s,
                metadata=self._metadata,
            )
        except grpc.aio.AioRpcError as error:
            raise refused(error) from error
        return answer


class ServerStream(Generic[Request, Answer]):
    """A method that answers with a stream, which nobody repeats."""

    def __init__(
        self,
        channels: Channels,
        path: str,
        answer: type[Answer],
        *,
        metadata: tuple[tuple[str, str], ...],
        timeout_s: float,
    ) -> None:
        self._next = channels.spread(
            lambda channel: channel.unary_stream(
                path, request_serializer=_serialized, response_deserializer=answer.FromString
            )
        )
        self._metadata = metadata
        self._timeout_s = timeout_s

    async def __call__(self, request: Request) -> AsyncIterator[Answer]:
        """The answers as they come; whoever stops reading cancels. Raises CallRefused."""
        call = self._next()(request, timeout=self._timeout_s, metadata=self._metadata)
        try:
            async for answer in call:
                yield answer
        except grpc.aio.AioRpcError as error:
            raise refused(error) from error
        finally:
            call.cancel()


class ClientStream(Generic[Request, Answer]):
    """A method that takes a stream; repeated from its start, by us, if it can be."""

    def __init__(
        self,
        channels: Channels,
        path: str,
        answer: type[Answer],
        *,
        metadata: tuple[tuple[str, str], ...],
        timeout_s: float,
    ) -> None:
        self._next = channels.spread(
            lambda channel: channel.stream_unary(
                path, request_serializer=_serialized, response_deserializer=answer.FromString
            )
        )
        self._metadata = metadata
        self._timeout_s = timeout_s

    async def __call__(
        self,
        messages: Callable[[], AsyncIterator[Request]],
        *,
        repeatable: bool,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to the stream that `messages` starts. Raises CallRefused.

        repeatable: `messages` may be called again, so that a stream which the server's end cut is
        sent once more; its request_id keeps that safe.
        """
        attempts = STREAM_ATTEMPTS if repeatable else 1
        for attempt in range(1, attempts + 1):
            try:
                return await self._once(messages(), timeout_s)
            except CallRefused as error:
                if error.code is not grpc.StatusCode.UNAVAILABLE or attempt == attempts:
                    raise
            await asyncio.sleep(STREAM_BACKOFF_S * attempt)
        raise AssertionError("the last attempt answers or raises")

    async def _once(self, messages: AsyncIterator[Request], timeout_s: float | None) -> Answer:
        try:
            answer: Answer = await self._next()(
                messages,
                timeout=self._timeout_s if timeout_s is None else timeout_s,
                metadata=self._metadata,
            )
        except grpc.aio.AioRpcError as error:
            raise refused(error) from error
        return answer


class Methods:
    """A service's methods, as its typed client makes them."""

    def __init__(
        self, channels: Channels, service: str, metadata: tuple[tuple[str, str], ...]
    ) -> None:
        self._channels = channels
        self._service = service
        self._metadata = metadata

    def unary(
        self, name: str, _request: type[Request], answer: type[Answer], timeout_s: float = 5.0
    ) -> Unary[Request, Answer]:
        """A method of one message."""
        return Unary(
            self._channels, self._path(name), answer, metadata=self._metadata, timeout_s=timeout_s
        )

    def client_stream(
        self, name: str, _request: type[Request], answer: type[Answer], timeout_s: float
    ) -> ClientStream[Request, Answer]:
        """A method that takes a stream."""
        return ClientStream(
            self._channels, self._path(name), answer, metadata=self._metadata, timeout_s=timeout_s
        )

    def server_stream(
        self, name: str, _request: type[Request], answer: type[Answer], timeout_s: float
    ) -> ServerStream[Request, Answer]:
        """A method that answers with a stream."""
        return ServerStream(
            self._channels, self._path(name), answer, metadata=self._metadata, timeout_s=timeout_s
        )

    def _path(self, name: str) -> str:
        return f"/{self._service}/{name}"


async def pages(list_: Unary[Request, Answer], request: Request) -> AsyncIterator[Answer]:
    """A list's answers, page after page as they are read; `request` asks for the first."""
    asked: Any = request
    while True:
        page: Any = await list_(asked)
        yield page
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token


def fresh_request_id() -> str:
    """Names a change, so that its retries are recognised."""
    return uuid.uuid4().hex


def named(request: Request) -> Request:
    """The change, or a copy of it that has a request_id, if it has none."""
    if request.request_id:  # type: ignore[attr-defined]
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    copy.request_id = fresh_request_id()  # type: ignore[attr-defined]
    return copy


def in_messages(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """The rows, cut into what one message of a stream carries."""
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == ROWS_PER_MESSAGE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def repeatable(rows: Iterable[object]) -> bool:
    """Whether the rows can be read twice: a list can, a generator cannot."""
    return isinstance(rows, Sequence)


def _serialized(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data

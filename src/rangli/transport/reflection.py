"""What is served, for tools that ask: `grpc.reflection`, by grpcio's library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from grpc_reflection.v1alpha import reflection, reflection_pb2

from rangli.core.call import CallContext, Method, Service, Shape

# Tools ask for the one, older ones for the other; their messages are the same, by the same numbers.
NAMES = ("grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME)
DEADLINE_S = 60.0


def reflecting(services: Sequence[str]) -> tuple[Service, ...]:
    """The reflection services, which tell of these services and of themselves."""
    answering: Any = reflection.ReflectionServicer([*services, reflection.SERVICE_NAME])

    async def info(_call: CallContext, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for request in requests:
            # Computed from descriptors alone, one answer for each request.
            for answer in answering.ServerReflectionInfo(iter((request,)), None):
                yield answer

    return tuple(
        Service(
            name,
            (
                Method(
                    "ServerReflectionInfo",
                    reflection_pb2.ServerReflectionRequest,
                    info,
                    Shape.BIDI_STREAM,
                    deadline_s_max=DEADLINE_S,
                ),
            ),
        )
        for name in NAMES
    )

"""What a console such as grpcurl can find out."""

from __future__ import annotations

from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from rangli.core.call import Method, Shape
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse


async def test_reflection_lists_services_and_describes_them(serving):
    method = Method("Quote", QuoteRequest, lambda *_: QuoteResponse(), Shape.INLINE)
    async with serving(method, in_flight_max=1) as caller:
        stub = reflection_pb2_grpc.ServerReflectionStub(caller.channel)

        async def questions():
            yield reflection_pb2.ServerReflectionRequest(list_services="")
            yield reflection_pb2.ServerReflectionRequest(
                file_containing_symbol="rangli.v1.PricingService"
            )

        listing, described = [a async for a in stub.ServerReflectionInfo(questions(), timeout=20)]

    names = {service.name for service in listing.list_services_response.service}
    assert {"rangli.v1.PricingService", "grpc.reflection.v1alpha.ServerReflection"} <= names
    assert described.file_descriptor_response.file_descriptor_proto

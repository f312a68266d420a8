"""The client over TLS and at Unix sockets."""

from __future__ import annotations

from contextlib import asynccontextmanager

import grpc
import pytest

from rangli.client import CallRefused, RangliClient, Tls
from rangli.core.call import Method, Service, Shape
from rangli.transport.choice import server
from rangli.transport.gate import Gate
from rangli.transport.tls import Certificates
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse
from tests.certificates import Authority


def quote(ctx, _request):
    return QuoteResponse(currency=ctx.peer)


@pytest.fixture
def serving(transport):
    """`async with serving(address, certificates) as address`: tells a caller its own name."""

    @asynccontextmanager
    async def start(address: str, certificates: Certificates):
        method = Method("Quote", QuoteRequest, quote, Shape.INLINE)
        service = Service("rangli.v1.PricingService", (method,))
        serving = server(transport, [service], gate=Gate(10), certificates=certificates)
        port = await serving.start(address)
        try:
            yield address if port == 0 else f"127.0.0.1:{port}"
        finally:
            await serving.stop(0)

    return start


@pytest.fixture
def ours(tmp_path) -> Authority:
    return Authority(tmp_path / "ours")


async def named(address: str, tls: Tls | None) -> str:
    async with RangliClient(address, tls=tls, connections=2) as client:
        return (await client.pricing.quote(QuoteRequest(), timeout_s=20)).currency


@pytest.mark.parametrize("at", ["127.0.0.1:0", "unix:{folder}/rangli.sock"], ids=["port", "unix"])
async def test_each_side_shows_its_certificate(serving, ours, folder, at):
    alice = Tls.of_files(ours.ca_file, *ours.issue("alice", "alice.example"))
    certificates = Certificates(ours.server(ours.ca_file))
    async with serving(at.format(folder=folder), certificates) as address:
        assert await named(address, alice) == "alice.example"
        for nobody in (None, Tls.of_files(ours.ca_file), Tls()):
            with pytest.raises(CallRefused) as refused:
                await named(address, nobody)
            assert refused.value.code is grpc.StatusCode.UNAVAILABLE


async def test_a_server_must_have_the_name_that_it_is_called_by(serving, ours):
    cert_file, key_file = ours.issue("elsewhere", "promotions.example")
    files = ours.server()
    files.cert_file.write_bytes(cert_file.read_bytes())
    files.key_file.write_bytes(key_file.read_bytes())
    async with serving("127.0.0.1:0", Certificates(files)) as address:
        with pytest.raises(CallRefused):
            await named(address, Tls.of_files(ours.ca_file))

        told = Tls.of_files(ours.ca_file, server_name="promotions.example")
        assert await named(address, told) == ""


def test_a_certificate_without_its_key_is_refused(ours):
    cert_file, key_file = ours.issue("alice", "alice.example")

    for half in ((cert_file, None), (None, key_file)):
        with pytest.raises(ValueError, match="go together"):
            Tls.of_files(ours.ca_file, *half)


def test_keys_are_not_shown(ours):
    tls = Tls.of_files(ours.ca_file, *ours.issue("alice", "alice.example"))

    assert "PRIVATE" not in repr(tls)

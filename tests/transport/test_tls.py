"""TLS on both transports: who is let in, how they are named, and new certificates under way."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import grpc
import pytest
import structlog
from google.protobuf.wrappers_pb2 import StringValue

from rangli.core.call import Method, Service, Shape
from rangli.transport.choice import server
from rangli.transport.gate import Gate
from rangli.transport.h2 import H2Server
from rangli.transport.h2.limits import Limits
from rangli.transport.tls import BadCertificates, Certificates, TlsFiles
from tests.certificates import Authority

SERVICE = "rangli.v1.PricingService"


class Caller:
    """Asks a server whom it takes the caller for."""

    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def connected(self, credentials: grpc.ChannelCredentials) -> AsyncIterator[Callable]:
        """A connection of its own; `await peer()` asks over it."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.secure_channel(
            f"127.0.0.1:{self.port}", credentials, options
        ) as channel:
            call = channel.unary_unary(f"/{SERVICE}/Who")

            async def peer() -> str:
                return StringValue.FromString(await call(b"", timeout=20)).value

            yield peer

    async def peer(self, credentials: grpc.ChannelCredentials) -> str:
        async with self.connected(credentials) as peer:
            return await peer()

    async def refused(self, credentials: grpc.ChannelCredentials) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.peer(credentials)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    async def certificate(self) -> bytes:
        """What the server shows to whoever comes now."""
        seen = ssl.create_default_context()
        seen.check_hostname, seen.verify_mode = False, ssl.CERT_NONE
        seen.set_alpn_protocols(["h2"])
        _, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=seen)
        try:
            return writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            writer.transport.abort()


async def who(ctx, _request):
    return StringValue(value=ctx.peer)


@pytest.fixture
def serving(transport) -> Callable[..., AbstractAsyncContextManager[Caller]]:
    """`async with serving(Certificates(...)) as caller`."""

    @asynccontextmanager
    async def start(certificates: Certificates) -> AsyncIterator[Caller]:
        service = Service(SERVICE, (Method("Who", StringValue, who, Shape.UNARY),))
        serving = server(transport, [service], gate=Gate(10), certificates=certificates)
        port = await serving.start("127.0.0.1:0")
        try:
            yield Caller(port)
        finally:
            await serving.stop(0)

    return start


@pytest.fixture
def ours(tmp_path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path) -> Authority:
    return Authority(tmp_path / "theirs")


async def test_a_client_without_a_certificate_is_served_where_none_is_asked_for(serving, ours):
    async with serving(Certificates(ours.server())) as caller:
        assert await caller.peer(ours.trust()) == ""


@pytest.mark.parametrize(
    ("names", "peer"),
    [
        (["till-7.shop.example"], "till-7.shop.example"),
        (["b.example", "a.example", "10.0.0.7"], "b.example"),
        (["10.0.0.7", "a.example"], "10.0.0.7"),
        (["2001:DB8:0:0::7"], "2001:db8::7"),
        (["::ffff:10.0.0.7"], "::ffff:10.0.0.7"),
        (["ops@shop.example"], "ops@shop.example"),
        ([], "till 7 of the Köln shop"),
    ],
)
async def test_handler_learns_the_first_name_in_the_certificate(serving, ours, names, peer):
    async with serving(Certificates(ours.server(ours.ca_file))) as caller:
        mine = ours.client(*names, common_name="till 7 of the Köln shop")

        assert await caller.peer(mine) == peer


async def test_only_certificates_of_the_named_authority_are_let_in(serving, ours, theirs):
    async with serving(Certificates(ours.server(ours.ca_file))) as caller:
        await caller.refused(ours.trust())
        await caller.refused(ours.client("mallory.example", by=theirs))
        assert await caller.peer(ours.client("alice.example")) == "alice.example"


async def test_an_authority_below_another_may_be_the_one_that_is_named(serving, ours):
    below = ours.ca.create_child_ca()
    below_file = ours.folder / "below.pem"
    below.cert_pem.write_to_path(below_file)
    issued = below.issue_cert("alice.example")
    alice = grpc.ssl_channel_credentials(
        ours.ca.cert_pem.bytes(),
        issued.private_key_pem.bytes(),
        b"".join(blob.bytes() for blob in issued.cert_chain_pems),
    )
    async with serving(Certificates(ours.server(below_file))) as caller:
        assert await caller.peer(alice) == "alice.example"
        await caller.refused(ours.client("bob.example"))  # by the authority above


async def test_a_new_certificate_is_shown_to_new_connections_while_old_ones_go_on(serving, ours):
    certificates = Certificates(ours.server())
    async with serving(certificates) as caller, caller.connected(ours.trust()) as peer:
        assert await peer() == ""
        before = await caller.certificate()

        ours.server()
        assert await caller.certificate() == before, "nobody has looked yet"
        assert certificates.look()

        assert await caller.certificate() == ssl.PEM_cert_to_DER_cert(
            certificates.files.cert_file.read_text()
        )
        assert await caller.certificate() != before
        assert await peer() == "", "the connection of before"
        assert not certificates.look()


async def test_a_new_client_authority_holds_for_new_connections(serving, ours, theirs):
    certificates = Certificates(ours.server(ours.ca_file))
    old, new = ours.client("alice.example"), ours.client("carol.example", by=theirs)
    async with serving(certificates) as caller, caller.connected(old) as peer:
        await peer()
        ours.ca_file.write_bytes(theirs.ca.cert_pem.bytes())
        assert certificates.look()

        assert await caller.peer(new) == "carol.example"
        await caller.refused(old)
        assert await peer() == "alice.example", "the connection of before"


async def test_a_session_of_before_cannot_be_resumed_once_its_authority_is_dropped(
    serving, ours, theirs
):
    """TLS 1.2, where who resumes a session shows no certificate."""
    certificates = Certificates(ours.server(ours.ca_file))
    mine = ssl.create_default_context(cafile=ours.ca_file)
    mine.maximum_version = ssl.TLSVersion.TLSv1_2
    mine.set_alpn_protocols(["h2"])
    mine.load_cert_chain(*ours.issue("alice", "alice.example"))

    def connect(session: ssl.SSLSession | None = None) -> tuple[ssl.SSLSession | None, bool]:
        with (
            socket.create_connection(("127.0.0.1", caller.port), timeout=20) as plain,
            mine.wrap_socket(plain, server_hostname="localhost", session=session) as wrapped,
        ):
            return wrapped.session, wrapped.session_reused

    async with serving(certificates) as caller:
        session, _ = await asyncio.to_thread(connect)
        assert (await asyncio.to_thread(connect, session))[1], "as long as nothing has changed"
        ours.ca_file.write_bytes(theirs.ca.cert_pem.bytes())
        assert certificates.look()

        with pytest.raises(OSError):  # noqa: PT011  an alert, or the connection's end
            await asyncio.to_thread(connect, session)


@pytest.mark.parametrize("broken", ["certificate", "key", "half", "gone"])
async def test_broken_new_files_change_nothing_and_are_told_of_once(serving, ours, broken):
    files = ours.server()
    certificates = Certificates(files)
    async with serving(certificates) as caller:
        before = await caller.certificate()
        match broken:
            case "certificate":
                files.cert_file.write_text("-----BEGIN CERTIFICATE-----\nnothing")
            case "key":
                files.key_file.write_text("nothing")
            case "half":
                files.cert_file.write_bytes(ours.issue("other", "localhost")[0].read_bytes())
            case "gone":
                files.key_file.unlink()
        with structlog.testing.capture_logs() as logged:
            assert not certificates.look()
            assert not certificates.look()

        assert [line["log_level"] for line in logged] == ["error"]
        assert str(ours.folder) in logged[0]["why"]
        assert await caller.certificate() == before
        ours.server()
        assert certificates.look()
        assert await caller.certificate() != before


def plain() -> bytes:
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


async def test_plain_text_to_a_tls_port_ends_that_connection_alone(serving, ours, capfd):
    async with serving(Certificates(ours.server())) as caller, caller.connected(ours.trust()) as on:
        await on()
        reader, writer = await asyncio.open_connection("127.0.0.1", caller.port)
        writer.write(plain())
        async with asyncio.timeout(20):
            answer = await reader.read()
        writer.close()

        assert b"\x00\x00\x00\x04" not in answer  # no settings
        assert await on() == ""
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]], ids=["none", "http/1.1"])
async def test_who_has_not_chosen_http_2_is_not_served(serving, ours, protocols, capfd):
    mine = ssl.create_default_context(cafile=ours.ca_file)
    if protocols:
        mine.set_alpn_protocols(protocols)
    async with serving(Certificates(ours.server())) as caller, caller.connected(ours.trust()) as on:
        await on()
        assert await said(caller.port, mine) in (b"", None)
        assert await on() == ""
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_older_than_1_2_is_not_spoken(serving, ours, capfd):
    mine = ssl.create_default_context(cafile=ours.ca_file)
    mine.minimum_version, mine.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    mine.set_ciphers("DEFAULT@SECLEVEL=0")  # else OpenSSL would not even ask
    mine.set_alpn_protocols(["h2"])
    async with serving(Certificates(ours.server())) as caller, caller.connected(ours.trust()) as on:
        assert await said(caller.port, mine) is None
        assert await on() == ""
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_1_2_and_1_3_are_spoken_with_authenticated_ciphers(serving, ours, version):
    mine = ssl.create_default_context(cafile=ours.ca_file)
    mine.minimum_version = mine.maximum_version = version
    mine.set_ciphers("ALL")  # that the server chooses
    mine.set_alpn_protocols(["h2"])
    async with serving(Certificates(ours.server())) as caller:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", caller.port, ssl=mine, server_hostname="localhost"
        )
        spoken = writer.get_extra_info("ssl_object")
        assert spoken.selected_alpn_protocol() == "h2"
        assert spoken.version() == version.name.replace("v1_", "v1.")
        assert any(kind in spoken.cipher()[0] for kind in ("GCM", "CHACHA20"))
        writer.transport.abort()


async def test_ciphers_that_http_2_forbids_are_not_spoken(serving, ours):
    mine = ssl.create_default_context(cafile=ours.ca_file)
    mine.maximum_version = ssl.TLSVersion.TLSv1_2
    mine.set_ciphers("AES128-GCM-SHA256:AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA")
    mine.set_alpn_protocols(["h2"])
    async with serving(Certificates(ours.server())) as caller:
        assert await said(caller.port, mine) is None


async def said(port: int, mine: ssl.SSLContext) -> bytes | None:
    """What the server says to who asks it nothing, until it ends; None: there was no handshake."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=mine, server_hostname="localhost"
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


def test_files_that_cannot_be_used_are_named_with_the_reason(ours, theirs):
    files = ours.server(ours.ca_file)
    other_key = theirs.issue("other", "localhost")[1]
    nothing, gone = ours.folder / "nothing.pem", ours.folder / "gone.pem"
    nothing.write_text("nothing")

    def complaint(**other) -> tuple[str, str]:
        with pytest.raises(BadCertificates) as caught:
            Certificates(TlsFiles(**({f: getattr(files, f) for f in fields} | other)))
        return caught.value.which, str(caught.value)

    fields = ("cert_file", "key_file", "client_ca_file")
    for field in fields:
        assert complaint(**{field: gone}) == (field, f"{gone}: No such file or directory")
        assert complaint(**{field: ours.folder}) == (field, f"{ours.folder}: Is a directory")
    for field, what in zip(fields, ("certificate", "private key", "certificate"), strict=True):
        assert complaint(**{field: nothing}) == (field, f"{nothing}: holds no {what}")
    assert complaint(key_file=other_key) == (
        "key_file",
        f"{other_key}: is not the key of the certificate in {files.cert_file}",
    )


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(ours):
    from cryptography.hazmat.primitives import serialization as pem

    files = ours.server()
    key = pem.load_pem_private_key(files.key_file.read_bytes(), None)
    files.key_file.write_bytes(
        key.private_bytes(
            pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"secret")
        )
    )

    with pytest.raises(BadCertificates, match="needs a passphrase"):
        Certificates(files)


async def test_who_does_not_shake_hands_in_time_is_let_go_and_others_are_served(
    transport, ours, monkeypatch, capfd
):
    monkeypatch.setattr("rangli.transport.grpcio.server.HANDSHAKE_MS", 200)
    service = Service(SERVICE, (Method("Who", StringValue, who, Shape.UNARY),))
    certificates = Certificates(ours.server())
    serving = (
        server(transport, [service], gate=Gate(10), certificates=certificates)
        if transport == "grpcio"
        else H2Server(
            [service], gate=Gate(10), certificates=certificates, limits=Limits(handshake_s=0.2)
        )
    )
    caller = Caller(await serving.start("127.0.0.1:0"))
    async with caller.connected(ours.trust()) as on:
        assert await on() == ""
        for said_first in (b"", b"\x16\x03\x01\x02\x00"):  # the head of a ClientHello
            reader, writer = await asyncio.open_connection("127.0.0.1", caller.port)
            writer.write(said_first)
            async with asyncio.timeout(20):
                assert await reader.read() == b""
            writer.close()
        assert await on() == ""
    await serving.stop(0)
    assert "Traceback" not in capfd.readouterr().err


async def test_why_there_was_no_tls_stands_in_the_log(ours, theirs):
    serving = H2Server(
        [Service(SERVICE, ())], gate=Gate(10), certificates=Certificates(ours.server(ours.ca_file))
    )
    caller = Caller(await serving.start("127.0.0.1:0"))
    with structlog.testing.capture_logs() as logged:
        await caller.refused(ours.trust())
        await caller.refused(ours.client("mallory.example", by=theirs))
    await serving.stop(0)

    for line, why in zip(
        logged, ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"), strict=True
    ):
        assert line["log_level"] == "info"
        assert why in line["why"]

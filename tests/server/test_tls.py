"""`rangli serve` over TLS and at Unix sockets, as an operator runs it: processes, on uvloop."""

from __future__ import annotations

import asyncio
import signal
import ssl
import stat
from pathlib import Path

import pytest

from rangli.client import CallRefused, RangliClient, Tls
from rangli.server.settings import ServerSettings
from rangli.storage.settings import SettingsError
from rangli.transport.tls import TlsFiles
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest
from tests.certificates import Authority

CART = QuoteRequest(
    currency="EUR", lines=[CartLine(line_id="1", sku="rye", quantity=2, list_minor=350)]
)
PATIENCE_S = 60


@pytest.fixture
def ours(tmp_path) -> Authority:
    return Authority(tmp_path / "ours")


def options(transport: str, files: TlsFiles) -> list[str]:
    said = ["--transport", transport, "--tls-cert-file", files.cert_file]
    said += ["--tls-key-file", files.key_file]
    if files.client_ca_file is not None:
        said += ["--tls-client-ca-file", files.client_ca_file]
    return list(map(str, said))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def exists(path: Path) -> bool:
    return path.exists()


async def ask(client: RangliClient) -> None:
    assert (await client.pricing.quote(CART, timeout_s=20)).payable_minor == 700


async def certificate(address: str) -> bytes:
    """What a worker shows to whoever comes now."""
    seen = ssl.create_default_context()
    seen.check_hostname, seen.verify_mode = False, ssl.CERT_NONE
    seen.set_alpn_protocols(["h2"])
    host, port = address.split(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=seen)
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()


async def test_both_sides_show_certificates_and_new_ones_need_no_restart(serve, transport, ours):
    files = ours.server(ours.ca_file)
    mine = Tls.of_files(ours.ca_file, *ours.issue("alice", "alice.example"))
    said = [*options(transport, files), "--workers", "1"]
    async with serve(*said, RANGLI_TLS_LOOK_S="0.05") as serving:
        assert serving.announced.endswith(
            "with 1 worker over TLS, for clients with certificates (Ctrl-C to stop)"
        )
        pids = set(serving.workers())
        async with RangliClient(serving.address, tls=mine) as before:
            await ask(before)
            with pytest.raises(CallRefused):
                async with RangliClient(serving.address) as stranger:
                    await stranger.health()
            first = await certificate(serving.address)

            files.key_file.write_text("nothing")
            async with asyncio.timeout(PATIENCE_S):
                while "cannot be used" not in serving.log.read_text():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert await certificate(serving.address) == first

            ours.server(ours.ca_file)
            async with asyncio.timeout(PATIENCE_S):
                while await certificate(serving.address) == first:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await ask(before)
        async with RangliClient(serving.address, tls=mine) as after:
            await ask(after)
        assert set(serving.workers()) == pids

        assert await serving.end() == 0
        assert "Traceback" not in serving.log.read_text()


async def test_a_drained_worker_costs_no_call_over_tls(serve, transport, ours):
    mine = Tls.of_files(ours.ca_file, *ours.issue("alice", "alice.example"))
    answered, enough = 0, asyncio.Event()

    async def caller(client: RangliClient) -> None:
        nonlocal answered
        while not enough.is_set():
            await ask(client)
            answered += 1

    async def more(count: int) -> None:
        goal = answered + count
        async with asyncio.timeout(PATIENCE_S):
            while answered < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    said = [*options(transport, ours.server(ours.ca_file)), "--workers", "2"]
    async with (
        serve(*said) as serving,
        RangliClient(serving.address, tls=mine, connections=8) as client,
        asyncio.TaskGroup() as callers,
    ):
        for _ in range(16):
            callers.create_task(caller(client))
        for pid in list(serving.workers()):
            await more(100)
            await serving.replace(pid, signal.SIGTERM)
        await more(100)
        enough.set()


async def test_workers_share_a_unix_socket(serve, folder):
    path = folder / "rangli.sock"
    said = ("--transport", "h2", "--workers", "2", "--unix-socket", str(path))
    async with serve(*said) as serving:
        assert serving.address == f"unix:{path}"
        assert mode(path) == 0o660
        await serving.replace(next(iter(serving.workers())), signal.SIGTERM)
        async with RangliClient(serving.address, connections=8) as client:
            await asyncio.gather(*(ask(client) for _ in range(16)))

        assert await serving.end() == 0
    assert not exists(path)


async def test_grpcios_one_worker_serves_at_a_unix_socket_after_its_predecessor(serve, folder):
    path = folder / "rangli.sock"
    async with serve("--transport", "grpcio", "--workers", "1", "--unix-socket", str(path)) as one:
        for number in (signal.SIGTERM, signal.SIGKILL):
            async with RangliClient(one.address) as client:
                await ask(client)
            assert mode(path) == 0o660
            await one.replace(next(iter(one.workers())), number)
        async with RangliClient(one.address) as client:
            await ask(client)

        assert await one.end() == 0
    assert not exists(path)


@pytest.mark.parametrize("given", [["cert"], ["key"], ["client_ca"], ["cert", "client_ca"]])
def test_half_of_what_tls_needs_is_refused(ours, given):
    said = {f"tls_{name}_file": ours.ca_file for name in given}

    with pytest.raises(SettingsError, match=f"RANGLI_TLS_{given[0].upper()}_FILE is given, but"):
        ServerSettings.load(**said)


def test_files_that_cannot_be_used_are_named_with_their_variables(ours):
    files = ours.server()
    other_key = ours.issue("other", "localhost")[1]

    with pytest.raises(SettingsError) as wrong:
        ServerSettings.load(tls_cert_file=files.cert_file, tls_key_file=other_key)
    assert str(wrong.value) == (
        f"RANGLI_TLS_KEY_FILE: {other_key}: is not the key of the certificate in {files.cert_file}"
    )
    with pytest.raises(SettingsError, match=r"RANGLI_TLS_CERT_FILE: .*: No such file"):
        ServerSettings.load(tls_cert_file=ours.folder / "gone", tls_key_file=other_key)


def test_a_certificate_of_the_server_alone_does_not_let_other_machines_call(ours):
    files = ours.server()
    tls = {"tls_cert_file": files.cert_file, "tls_key_file": files.key_file}

    with pytest.raises(SettingsError, match=r"encrypted but not authenticated.*--insecure-listen"):
        ServerSettings.load(host="0.0.0.0", **tls)

    ServerSettings.load(host="0.0.0.0", insecure_listen=True, **tls)
    ServerSettings.load(host="0.0.0.0", tls_client_ca_file=ours.ca_file, **tls)


def test_a_unix_socket_needs_no_permission_and_with_grpcio_one_worker(tmp_path):
    path = tmp_path / "rangli.sock"

    assert ServerSettings.load(unix_socket=path, host="0.0.0.0", workers=1).on_loopback
    assert ServerSettings.load(unix_socket=path, workers=2, transport="h2").on_loopback
    with pytest.raises(SettingsError, match=r"RANGLI_UNIX_SOCKET: with grpcio one worker alone"):
        ServerSettings.load(unix_socket=path, workers=2, transport="grpcio")
    with pytest.raises(SettingsError, match=r"RANGLI_UNIX_SOCKET: .*at most 107 bytes"):
        ServerSettings.load(unix_socket=tmp_path / ("x" * 107), workers=1)


def test_settings_of_files_reach_another_process_whole(ours, monkeypatch, tmp_path):
    files = ours.server(ours.ca_file)
    settings = ServerSettings.load(
        unix_socket=tmp_path / "s",
        transport="h2",
        tls_cert_file=files.cert_file,
        tls_key_file=files.key_file,
        tls_client_ca_file=files.client_ca_file,
    )

    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert ServerSettings.load() == settings

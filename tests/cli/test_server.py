"""Which server commands ask, and how: options and variables that all of them share."""

from __future__ import annotations

import pytest

from rangli.server.health import Health
from rangli.transport.choice import server
from rangli.transport.gate import Gate
from rangli.transport.tls import Certificates
from tests.certificates import Authority
from tests.cli import commands


@pytest.fixture
def ours(tmp_path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
async def serving(transport):
    """`await serving(where, certificates)`: the address of a healthy server."""
    servers = []

    async def start(where: str, certificates: Certificates | None = None) -> str:
        health = Health({}, {"": ()})
        await health.check()
        servers.append(
            server(transport, [health.service()], gate=Gate(10), certificates=certificates)
        )
        port = await servers[-1].start(where)
        return f"127.0.0.1:{port}" if port else where

    yield start
    for one in servers:
        await one.stop(0)


async def test_certificates_are_given_as_options_or_in_the_environment(serving, ours, monkeypatch):
    address = await serving("127.0.0.1:0", Certificates(ours.server(ours.ca_file)))
    cert_file, key_file = ours.issue("alice", "alice.example")

    said = ("--tls-ca", ours.ca_file, "--tls-cert", cert_file, "--tls-key", key_file)
    code, out, err = await commands.run("health", address, *said)
    assert (code, err, out.splitlines()[0].split()[-1]) == (0, "", "SERVING")

    code, _, err = await commands.run("health", address)
    assert (code, "UNAVAILABLE" in err) == (1, True)

    for name, file in {"CA": ours.ca_file, "CERT": cert_file, "KEY": key_file}.items():
        monkeypatch.setenv(f"RANGLI_CLIENT_TLS_{name}", str(file))
    assert (await commands.run("health", address))[0] == 0


async def test_a_unix_socket_is_asked_by_its_path(serving, folder):
    address = await serving(f"unix:{folder}/rangli.sock")

    assert (await commands.run("health", address))[0] == 0


@pytest.mark.parametrize(
    "command",
    [["health"], ["lint"], ["policy", "list"], ["simulate", "--demo"]],
    ids=lambda words: words[0],
)
async def test_a_file_that_is_not_there_is_named_before_anybody_is_asked(ours, command):
    code, _, err = await commands.run(*command, "--tls-ca", ours.folder / "gone.pem")

    assert code == 2
    assert "--tls-ca" in err
    assert "Traceback" not in err


async def test_a_key_needs_its_certificate(ours):
    code, _, err = await commands.run("health", "--tls-key", ours.server().key_file)

    assert (code, "--tls-cert and --tls-key go together" in err) == (2, True)

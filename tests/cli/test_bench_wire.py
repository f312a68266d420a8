"""The benches of the wire measure what they say, on servers of their own."""

from __future__ import annotations

import os
from importlib import import_module

import pytest

from rangli.cli.bench.certificate import certificate
from rangli.cli.bench.command import BENCHES, PARTS
from rangli.cli.bench.load import Load
from rangli.cli.bench.servers import ECHO, QUOTE, driving, echoed, measure, mix, served
from rangli.cli.bench.serving import answering
from rangli.cli.bench.wire import idle, table
from rangli.transport.choice import TRANSPORTS

CORE = min(os.sched_getaffinity(0))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_echo_with_tls_is_measured(transport):
    load = Load(ECHO, b"asked", echoed(1_000))
    with (
        certificate() as made,
        served(CORE, "echo", "1000", transport=transport, certificate=made) as server,
    ):
        measured = measure(server, driving(server, load, connections=2, streams=2, seconds=1.5))

    assert made is not None
    assert measured.per_s > 0
    assert load.answered > 0
    assert not server.process.is_running()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_both_transports_give_the_quote_that_is_expected(transport):
    given = mix()
    request = given.requests[0].SerializeToString(deterministic=True)
    load = Load(QUOTE, request, answering(given.catalogue)(request))
    with served(CORE, "quote", transport=transport) as server:
        measure(server, driving(server, load, connections=2, streams=2, seconds=1.5))

    assert load.answered > 0


@pytest.mark.soak
def test_an_idle_connections_memory_is_told_for_each_transport():
    figures = idle.run(connections=300)

    names = ("grpcio", "wire", "grpcio_tls", "wire_tls")
    assert set(figures) == {f"{name}_idle_connection_kib" for name in names}
    assert all(1 < kib < 500 for kib in figures.values())


def test_the_table_shows_what_was_measured_and_what_was_only_quoted():
    told = table.table(
        {
            "grpcio_echo_cpu_us_8x8": 161.5,
            "grpcio_echo_per_s_8x8": 6_048,
            "wire_echo_cpu_us_8x8": 10.1,
            "wire_echo_per_s_8x8": 98_765,
            "grpcio_cpu_over_wire_echo_8x8": 15.99,
            "wire_quote_cpu_us_real_basket": 19.2,
            "wire_quote_per_s_real_basket": 51_234,
        }
    ).splitlines()

    assert told[2:-2] == [
        "| an echo of 49 bytes, 8 connections × 8 streams | 161.5 µs, 6,048/s | 10.1 µs, 98,765/s"
        " | 15.99 |",
        "| `Quote`, the demo's baskets |  | 19.2 µs, 51,234/s |  |",
    ]
    assert "quoted: 16 µs" in told[-1]


@pytest.mark.parametrize("name", [*BENCHES, *sorted(PARTS)])
def test_every_bench_that_has_a_name_can_be_run(name: str):
    assert callable(import_module(f"rangli.cli.bench.{name}").run)

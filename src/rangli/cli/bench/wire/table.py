"""All benches of the wire, and a table of them for people, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from rangli.cli.bench.wire import claims, echo, idle, latency, quote
from rangli.cli.bench.wire.echo import CASES

Figures = dict[str, float | str]
Line = tuple[str, ...]  # what it says, of grpcio, of ours, how many times the one is the other

_ECHOES = {
    "8x8": "an echo of 49 bytes, 8 connections × 8 streams",
    "64x1": "64 × 1",
    "1x64": "1 × 64",
    "64kib": "answers of 64 KiB, 8 × 8",
}
# Measured elsewhere, on another day: a mark, not a figure of this run.
_CPP = "C++ gRPC 1.51 (callback server), an echo of 49 bytes, 16 × 4, quoted: 16 µs, 61,012/s"


def run() -> Figures:
    """One after the other; then the table."""
    figures: Figures = {}
    for bench in (echo, quote, claims, latency, idle):
        print(f"\n{bench.__name__.rpartition('.')[2]}:")
        figures |= bench.run()
    print("\nCPU of the serving process for each call, and calls a second on one core\n")
    print(table(figures))
    return figures


def table(figures: Figures) -> str:
    """What was measured of both transports, side by side; what was not is left out."""
    rows = ["| | grpcio | `h2` | times |", "|---|---|---|---|"]
    for told, *templates in _lines():
        cells = [_filled(template, figures) for template in templates]
        if any(cells):
            rows.append(f"| {' | '.join((told, *cells))} |")
    return "\n".join((*rows, "", _CPP))


def _lines() -> Iterator[Line]:
    for case in CASES:
        for tls in ("", "_tls"):
            yield (
                _ECHOES[case.name] if not tls else "… with TLS",
                *(
                    f"{{{name}{tls}_echo_cpu_us_{case.name}}} µs,"
                    f" {{{name}{tls}_echo_per_s_{case.name}:,}}/s"
                    for name in ("grpcio", "wire")
                ),
                f"{{grpcio{tls}_cpu_over_wire{tls}_echo_{case.name}}}",
            )
    yield (
        "`Quote`, 20 × 20",
        "{quote_cpu_us} µs, {quotes_per_s_one_core:,}/s",
        "{wire_quote_cpu_us} µs, {wire_quote_per_s:,}/s",
        "{grpcio_cpu_over_wire_quote}",
    )
    yield "… beyond an echo of the same sizes", "", "{wire_quote_us_over_echo} µs", ""
    yield (
        "`Quote`, the demo's baskets",
        "",
        "{wire_quote_cpu_us_real_basket} µs, {wire_quote_per_s_real_basket:,}/s",
        "",
    )
    yield (
        'a claim that is told "sold out", the worker alone',
        "{grpcio_claims_lose_worker_cpu_us} µs",
        "{wire_claims_lose_worker_cpu_us} µs",
        "{grpcio_cpu_over_wire_claims_lose}",
    )
    yield (
        "`Quote` at half of what each can do, p50 and p99",
        *(
            f"{{{name}_quote_p50_us_half:,}} and {{{name}_quote_p99_us_half:,}} µs"
            f" at {{{name}_quote_half_per_s:,}}/s"
            for name in ("grpcio", "wire")
        ),
        "",
    )
    for tls, told in (("", "memory of an idle connection"), ("_tls", "… with TLS")):
        yield (
            told,
            f"{{grpcio{tls}_idle_connection_kib}} KiB",
            f"{{wire{tls}_idle_connection_kib}} KiB",
            "",
        )


def _filled(template: str, figures: Figures) -> str:
    """Empty if a figure is missing."""
    try:
        return template.format_map(figures)
    except KeyError:
        return ""

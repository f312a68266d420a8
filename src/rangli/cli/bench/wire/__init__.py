"""Our gRPC transport beside grpcio's: what a call costs the server on each, and how long it takes.

echo     raw bytes, by connections and streams, large answers, with and without TLS
quote    a quote against an echo of the same sizes, and the demo's baskets
claims   a claim that is told "sold out"
latency  at half of what each one could do
idle     memory of connections that do nothing
table    all of them for people

`rangli bench wire` runs all, `rangli bench wire.echo` one.
"""

from rangli.cli.bench.wire.table import run

__all__ = ["run"]

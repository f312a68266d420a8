"""`rangli bench`: what rangli's own parts cost.

Each is a module with `run() -> dict[str, float | str]`:

    kernel      the price kernel alone
    search      the cheapest cart under the preset "best"
    quote       a quote in process, from bytes to bytes; a real retailer's baskets too
    catalogue   whether the size of the catalogue costs a quote anything
    wire        our gRPC transport beside grpcio's
    batch       a served BatchQuote with the wire codec against protobuf objects
    money       what one worker does of wallets and budgets through gRPC

They share `mix` (carts, and the `sorts` of activity that touch them), `books`, `real`, `serving`
(the service without a wire), `servers` and `roles`, `load` (which makes the
calls), `pace`, and `h2load` (a second opinion).

A figure is the median of interleaved rounds in one process or of pinned ones, so that a noisy
machine decides nothing; ratios against a peer or a limit of the same run are what to compare.
Beside its figures each tells `<bench>_inputs_sha256` and `<bench>_answers_sha256`, 16 hex digits:
where they differ, two runs did not measure the same work.
"""

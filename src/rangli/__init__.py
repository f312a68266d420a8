"""rangli (让利): what a shopper pays, who gets which benefit, and nothing given twice.

One folder is one domain; imports only point down this list:

    cli                 `rangli serve · demo · migrate · bench · policy · issue · lint · simulate`
    server              wiring: stores, catalogue, services, workers and their supervisor
    transport           how bytes come in: grpcio
    checkout            orders: evaluate, reserve, commit, release, refund
    pricing             the price kernel, quotes, refund previews, hints, lint, simulation
    coupons             batches, claims, issue, codes, and coupons' lives
    wallet              shoppers' balances, points and cash, in lots that expire; tender
    activities          templates, instances, life cycle, price books, the compiled catalogue
    funds               budget pools, who bears which share, settlement
    selection           named sets of shoppers, stores and products
    counters            limits and stock, and the filter that says an early no
    events              the outbox, read by cursor
    ledger              accounts, double entry, two-phase transfers, audit
    rules               typed expressions (CEL) that an operator writes, bounded
    storage             Postgres, Redis, migrations, outbox, the embedded servers
    wire                what knows protobuf but no domain: conversions, refusals, pages
    core                money, time, ids, errors: standard library only

`v1` holds the generated stubs. `client` stands apart: it is what callers install and knows only
them.
"""

__version__ = "0.1.0"

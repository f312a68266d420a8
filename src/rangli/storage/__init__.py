"""Storage: Postgres, Redis, migrations, outbox, idempotency, and the embedded servers.

Postgres is the truth; Redis may say no early, never yes.

    settings     where the stores are, how large the pools
    embedded     our own PostgreSQL and Valkey, when none is given
    stores       both stores, opened and checked
    postgres     connections and transactions whose failures are our own errors
    detached     work that a caller's deadline must not tear
    idempotency  one effect per (tenant, method, request_id)
    outbox       an event for every effect, in the same transaction
    lua          scripts as typed functions
    migrate      the schema
"""

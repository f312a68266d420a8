"""All metrics, under the names that Prometheus is told.

Their labels are few and known beforehand: never a tenant, user, owner or code. With
PROMETHEUS_MULTIPROC_DIR in the environment each process keeps them in files of that folder, from
which the supervisor answers for all; without it they stay in the process.
"""

from __future__ import annotations

import os

from prometheus_client import Counter, Gauge, Histogram, values

if "PROMETHEUS_MULTIPROC_DIR" in os.environ and (_worker := os.environ.get("RANGLI_WORKER")):
    # Files are a worker's by its number, not its process's: whoever comes after one that has ended
    # counts on in the same files, so that there are no more of them however often that happens. Two
    # are never there at once. To be said before the first metric is made.
    values.ValueClass = values.MultiProcessValue(lambda: _worker)  # type: ignore[no-untyped-call]

REDIS_MODE = Gauge(
    "promo_redis_mode",
    "Workers that ask Redis (filter), and that do without (bypass).",
    ["mode"],
    multiprocess_mode="livesum",
)
REDIS_EPOCH = Gauge(
    "promo_redis_epoch",
    "The newest epoch under which a worker believes Redis.",
    multiprocess_mode="livemax",
)
FILTER_DRIFT_UNITS = Gauge(
    "promo_filter_drift_units",
    "By how many units in all the filter was off at the last refill; of the worker that is worst.",
    multiprocess_mode="livemax",
)
FILTER = Counter("promo_filter_total", "What the filter has said.", ["verdict"])

BATCH_SIZE = Histogram(
    "promo_batch_size",
    "Requests of a batch.",
    ["method"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
BATCH_WAIT_SECONDS = Histogram(
    "promo_batch_wait_seconds",
    "How long the first request of a batch waited for its begin.",
    ["method"],
    buckets=_SECONDS,
)
BATCH_COMMIT_SECONDS = Histogram(
    "promo_batch_commit_seconds",
    "How long a batch took from its begin to its last answer, after COMMIT.",
    ["method"],
    buckets=_SECONDS,
)
SHED = Counter(
    "promo_shed_total",
    "Calls refused because something was full: the process (in_flight), a method's queue (queue), "
    "or the way around the filter (bypass).",
    ["reason"],
)
INDETERMINATE = Counter(
    "promo_indeterminate_total",
    "Changes whose outcome nobody was told: the connection was lost at the commit.",
)

CONNECTIONS = Gauge(
    "promo_connections",
    "Callers' connections that are open; of the h2 transport, as all that follow.",
    multiprocess_mode="livesum",
)
CONNECTIONS_REFUSED = Counter(
    "promo_connections_refused_total",
    "Connections closed as they came: too many were open.",
)
CONNECTIONS_ENDED = Counter(
    "promo_connections_ended_total",
    "Connections that the server ended: nothing was said on a new one (silent), no calls (idle), "
    "old (age), nothing heard of the peer (broken), answers not taken (stall), more asked than "
    "anyone needs (flood), not HTTP/2 (protocol).",
    ["reason"],
)

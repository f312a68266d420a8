"""All metrics, under the names that Prometheus is told.

Their labels are few and known beforehand: never a tenant, user, owner or code. With
PROMETHEUS_MULTIPROC_DIR in the environment each process keeps them in files of that folder, from
which the supervisor answers for all; without it they stay in the process.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

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

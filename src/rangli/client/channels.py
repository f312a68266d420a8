"""Connections: how many, how they are kept and what is retried on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import cycle
from typing import Any

import grpc

from rangli.client.tls import Tls

PRICING = "rangli.v1.PricingService"
ACTIVITY = "rangli.v1.ActivityService"
POLICY = "rangli.v1.PolicyService"
SELECTION = "rangli.v1.SelectionService"
WALLET = "rangli.v1.WalletService"
FUND = "rangli.v1.FundService"
COUNTER = "rangli.v1.CounterService"
COUPON = "rangli.v1.CouponService"
CHECKOUT = "rangli.v1.CheckoutService"
EVENT = "rangli.v1.EventService"
SERVICES = (
    PRICING, ACTIVITY, POLICY, SELECTION, WALLET, FUND, COUNTER, COUPON, CHECKOUT, EVENT,
)  # fmt: skip
STREAMS = (
    (ACTIVITY, "ImportPriceEntries"),
    (PRICING, "SimulateActivities"),
    (FUND, "Reconcile"),
    (SELECTION, "ImportSet"),
    (COUPON, "GenerateCodes"),
    (COUPON, "ImportCodes"),
)

_MIB = 1024 * 1024


class Channels:
    """Connections to one address, used in turn.

    A connection belongs to one process of the server for its whole life: several of them spread
    the load over the processes behind the address.
    """

    def __init__(
        self, address: str, *, connections: int, watch_health: bool, tls: Tls | None = None
    ) -> None:
        options = channel_options(watch_health=watch_health)
        self.all = [_channel(address, options, tls) for _ in range(connections)]

    def spread(self, call: Callable[[grpc.aio.Channel], Any]) -> Callable[[], Any]:
        """One multi-callable per connection; each call of the answer gives the next one."""
        turns = cycle([call(channel) for channel in self.all])
        return lambda: next(turns)

    async def close(self) -> None:
        """Close all; calls in flight are cancelled."""
        for channel in self.all:
            await channel.close()


def _channel(address: str, options: list[tuple[str, Any]], tls: Tls | None) -> grpc.aio.Channel:
    if tls is None:
        return grpc.aio.insecure_channel(address, options)
    return grpc.aio.secure_channel(address, tls.credentials(), [*options, *tls.options(address)])


def channel_options(*, watch_health: bool) -> list[tuple[str, Any]]:
    """Options of each channel."""
    return [
        ("grpc.service_config", json.dumps(service_config(watch_health=watch_health))),
        ("grpc.enable_retries", 1),
        # Without it, channels to one address share one connection.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", 32 * _MIB),
        # Room for the details of refusals.
        ("grpc.max_metadata_size", 16 * 1024),
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # The server allows a ping a minute.
        ("grpc.keepalive_time_ms", 90_000),
        ("grpc.keepalive_timeout_ms", 10_000),
    ]


def service_config(*, watch_health: bool) -> dict[str, Any]:
    """gRPC's service config: retry what never reached an answer, and nothing else.

    Unary changes carry a request_id, quotes have no effect: both may be sent again. Streams are not
    repeated by gRPC; `selection.import_set` and `activities.import_price_entries` do so themselves.
    """
    retry = {
        "maxAttempts": 4,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 3,
        # A grpcio server that drains answers CANCELLED to what arrives before its clients have
        # heard of it (grpc/grpc#41785). What the caller itself cancels is never repeated.
        "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
    }
    config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {
                "name": _names((service, None) for service in SERVICES),
                "retryPolicy": retry,
            },
            {"name": _names(STREAMS)},
        ],
        # One connection's end fails all its calls at once; those must not use the budget up.
        "retryThrottling": {"maxTokens": 1000, "tokenRatio": 0.5},
    }
    if watch_health:
        config["healthCheckConfig"] = {"serviceName": PRICING}
    return config


def _names(methods: Iterable[tuple[str, str | None]]) -> list[dict[str, str]]:
    return [
        {"service": service} if method is None else {"service": service, "method": method}
        for service, method in methods
    ]

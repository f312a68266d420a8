"""The client."""

from __future__ import annotations

from types import TracebackType

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from rangli.client.activities import Activities
from rangli.client.calls import Unary
from rangli.client.channels import Channels
from rangli.client.checkout import Checkout
from rangli.client.counters import Counters
from rangli.client.coupons import Coupons
from rangli.client.events import Events
from rangli.client.funds import Funds
from rangli.client.lint import Lint
from rangli.client.policies import Policies
from rangli.client.pricing import Pricing
from rangli.client.refunds import Refunds
from rangli.client.selection import Selection
from rangli.client.simulation import Simulation
from rangli.client.tls import Tls
from rangli.client.wallet import Wallet


class RangliClient:
    """rangli's services at one address, as an asynchronous context manager.

    address: "host:port", "unix:/path", or any other target that gRPC resolves.
    tenant, actor: sent with every call; the actor is written to the audit.
    connections: how many to open; several spread calls over the processes of a server.
    watch_health: stop using an address while it says that pricing is not served. For addresses
        with one process each: where processes share an address, a drained one goes by itself.
    tls: None: calls are not encrypted.
    """

    def __init__(
        self,
        address: str,
        *,
        tenant: str = "default",
        actor: str = "anonymous",
        connections: int = 1,
        watch_health: bool = False,
        tls: Tls | None = None,
    ) -> None:
        self._channels = Channels(
            address, connections=connections, watch_health=watch_health, tls=tls
        )
        metadata = (("rangli-tenant", tenant), ("rangli-actor", actor))
        self.pricing = Pricing(self._channels, metadata)
        self.activities = Activities(self._channels, metadata)
        self.policies = Policies(self._channels, metadata)
        self.selection = Selection(self._channels, metadata)
        self.refunds = Refunds(self._channels, metadata)
        self.lint = Lint(self._channels, metadata)
        self.simulation = Simulation(self._channels, metadata)
        self.wallet = Wallet(self._channels, metadata)
        self.funds = Funds(self._channels, metadata)
        self.counters = Counters(self._channels, metadata)
        self.coupons = Coupons(self._channels, metadata)
        self.checkout = Checkout(self._channels, metadata)
        self.events = Events(self._channels, metadata)
        self._health: Unary[HealthCheckRequest, HealthCheckResponse] = Unary(
            self._channels,
            "/grpc.health.v1.Health/Check",
            HealthCheckResponse,
            metadata=metadata,
            timeout_s=2.0,
        )

    async def __aenter__(self) -> RangliClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; calls in flight are cancelled."""
        await self._channels.close()

    async def health(self, service: str = "") -> str:
        """What the server says of a service or component: "SERVING", "NOT_SERVING".

        service: "" for the whole, `rangli.v1.PricingService`, `rangli.v1.ActivityService`,
            `rangli.v1.PolicyService`, `rangli.v1.SelectionService`, `rangli.v1.WalletService`,
            `rangli.v1.FundService`, `rangli.v1.CounterService`, `rangli.v1.CouponService`,
            `rangli.v1.CheckoutService`, `rangli.v1.EventService`, `rangli.postgres`,
            `rangli.redis`, `rangli.catalogue`.
        """
        answer = await self._health(HealthCheckRequest(service=service))
        return HealthCheckResponse.ServingStatus.Name(answer.status)

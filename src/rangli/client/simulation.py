"""What drafts would change on recorded carts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator

from rangli.client.calls import ClientStream, repeatable
from rangli.client.channels import PRICING, Channels
from rangli.v1.quote_pb2 import QuoteRequest
from rangli.v1.simulation_pb2 import SimulateActivitiesRequest, SimulateActivitiesResponse

# What a server takes as one message, less some room; and how many carts it takes in one.
_BYTES_PER_MESSAGE = 700 * 1024
_CARTS_PER_MESSAGE = 1_000


class Simulation:
    """`rangli.v1.PricingService/SimulateActivities`. Nothing here has an effect."""

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        self._simulate: ClientStream[SimulateActivitiesRequest, SimulateActivitiesResponse] = (
            ClientStream(
                channels,
                f"/{PRICING}/SimulateActivities",
                SimulateActivitiesResponse,
                metadata=metadata,
                timeout_s=600.0,
            )
        )

    async def run(
        self,
        carts: Iterable[QuoteRequest],
        header: SimulateActivitiesRequest.Header | None = None,
        *,
        timeout_s: float | None = None,
    ) -> SimulateActivitiesResponse:
        """Prices all carts before and after, and tells the difference. Raises CallRefused.

        carts: at most 200,000, taken as the server prices them; a list or tuple is sent again if
            the server goes away meanwhile, another iterable is not.
        header: the drafts, the policy, the version; none: what there is, against itself.
        """

        async def messages() -> AsyncIterator[SimulateActivitiesRequest]:
            yield SimulateActivitiesRequest(header=header or SimulateActivitiesRequest.Header())
            for some in _in_messages(carts):
                yield SimulateActivitiesRequest(carts=some)

        return await self._simulate(messages, repeatable=repeatable(carts), timeout_s=timeout_s)


def _in_messages(carts: Iterable[QuoteRequest]) -> Iterator[list[QuoteRequest]]:
    """The carts, cut into what one message carries."""
    some: list[QuoteRequest] = []
    size = 0
    for cart in carts:
        cart_size = cart.ByteSize() + 8  # with its tag and length
        if some and (len(some) == _CARTS_PER_MESSAGE or size + cart_size > _BYTES_PER_MESSAGE):
            yield some
            some, size = [], 0
        some.append(cart)
        size += cart_size
    if some:
        yield some

"""Budgets that last for any run, and activities which take from them."""

from __future__ import annotations

from loadtests import calling
from rangli.v1.activity_pb2 import FundingShare
from rangli.v1.fund_service_pb2 import CreatePoolRequest

# Few, so that many orders want the same at once.
ACTIVITIES = [f"load-{number}" for number in range(4)]
_FUNDERS = {"shop": 7_000, "brand": 3_000}
_BUDGET_MINOR = 10**14


async def prepare_budgets(*, address: str, tenant: str) -> None:
    """A pool for each funder of each activity. The tenant must be new. Raises CallRefused."""
    async with calling.client(address, tenant=tenant) as client:
        for activity_id in ACTIVITIES:
            shares = []
            for funder, share_bps in _FUNDERS.items():
                pool_id = f"{activity_id}-{funder}"
                await client.funds.create_pool(
                    CreatePoolRequest(
                        pool_id=pool_id, funder=funder, currency="USD", budget_minor=_BUDGET_MINOR
                    )
                )
                shares.append(FundingShare(funder=funder, share_bps=share_bps, pool_id=pool_id))
            await client.funds.set_funding(activity_id, "USD", shares)

"""locust users who move money on a real server: every answer and balance is checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.budgets import prepare_budgets
from loadtests.run import Kind, Run, drive
from rangli.cli.demo.serving import OwnServer

WALLET_STEPS = {"Credit", "Reserve", "Capture", "Release", "Refund", "GetWallet"}
FUND_STEPS = {"Reserve", "Spend", "Release", "Refund", "BatchSpend"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with OwnServer(workers=2) as server:
        yield server.ready()


def run(address: str, kind: Kind, tmp_path: Path, *, tenant: str) -> dict[str, int]:
    """The steps that users took, and how often; none may have failed."""
    made_up = Run(kind=kind, address=address, tenant=tenant, baskets=Path("none"))
    done = drive(made_up, users=8, seconds=6, processes=1, html=tmp_path / "load.html")
    assert done.right, done.methods
    return {
        method.name: method.calls
        for method in done.methods
        # So busy may the machine be that runs both.
        if not method.name.endswith(": OVERLOADED")
    }


def test_shoppers_use_their_wallets_and_always_find_what_they_should(address, tmp_path):
    calls = run(address, Kind.WALLET, tmp_path, tenant="load-wallets")

    assert {"Credit", "Reserve", "Capture", "GetWallet"} <= set(calls) <= WALLET_STEPS
    assert calls["Reserve"] > 8


async def test_orders_use_budgets_and_get_what_they_should(address, tmp_path):
    await prepare_budgets(address=address, tenant="load-budgets")

    calls = run(address, Kind.FUND, tmp_path, tenant="load-budgets")

    assert {"Reserve", "Spend", "BatchSpend"} <= set(calls) <= FUND_STEPS
    assert calls["Reserve"] > 8


def test_orders_without_budgets_fail_the_run(address, tmp_path):
    nobodys = Run(kind=Kind.FUND, address=address, tenant="nobody", baskets=Path("none"))

    done = drive(nobodys, users=2, seconds=1, processes=1, html=tmp_path / "load.html")

    assert not done.right
    assert all(method.failures == method.calls for method in done.methods)

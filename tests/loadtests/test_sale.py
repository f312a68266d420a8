"""locust users of coupons and orders on a real server: every answer is checked, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.budgets import prepare_budgets
from loadtests.check import WrongAnswer
from loadtests.run import Kind, Run, drive
from loadtests.sale import (
    BATCH,
    STOCK,
    check_codes,
    check_sale,
    prepare_codes,
    prepare_orders,
    prepare_sale,
)
from rangli.cli.demo.serving import OwnServer
from rangli.client import RangliClient
from rangli.v1.coupon_service_pb2 import UpdateBatchRequest


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with OwnServer(workers=2) as server:
        yield server.ready()
        server.audited()


def run(address: str, kind: Kind, tmp_path: Path, *, tenant: str, users: int = 8) -> dict[str, int]:
    """What users were answered, and how often; nothing may have failed."""
    codes = tmp_path / "codes.txt"
    one = Run(kind=kind, address=address, tenant=tenant, baskets=Path("none"), codes=codes)
    html = tmp_path / "load.html"
    done = drive(one, users=users, seconds=3, processes=1, html=html)
    assert done.right, "\n".join(map(str, done.methods))
    assert html.exists()
    return {
        method.name: method.calls
        for method in done.methods
        # So busy may the machine be that runs both.
        if not method.name.endswith(": OVERLOADED")
    }


async def test_a_crowd_gets_the_stock_and_not_one_more(address, tmp_path):
    where = {"address": address, "tenant": "load-claims"}
    await prepare_sale(**where, stock=20)

    calls = run(address, Kind.CLAIMS, tmp_path, tenant=where["tenant"], users=40)

    assert set(calls) <= {"Claim", "Claim: SOLD_OUT", "VoidCoupon"}
    assert calls["Claim"] >= 20 <= calls["Claim: SOLD_OUT"]
    assert "20 of 20 units" in await check_sale(**where, stock=20)


async def test_one_unit_more_than_there_is_would_be_found(address):
    where = {"address": address, "tenant": "load-one-more"}
    await prepare_sale(**where, stock=100)
    async with RangliClient(address, tenant=where["tenant"]) as client:
        spec = (await client.coupons.batch(BATCH)).spec
        spec.stock += 1
        await client.coupons.update_batch(UpdateBatchRequest(batch_id=BATCH, spec=spec))

    with pytest.raises(WrongAnswer, match="what was given"):
        await check_sale(**where, stock=100)


async def test_codes_open_for_shoppers_and_not_for_guessers(address, tmp_path):
    where = {"address": address, "tenant": "load-codes"}
    made = await prepare_codes(**where, count=5_000)
    (tmp_path / "codes.txt").write_text("\n".join(made))

    calls = run(address, Kind.CODES, tmp_path, tenant=where["tenant"])

    assert set(calls) == {
        "RedeemCode",
        "RedeemCode: CODE_REFUSED",
        "RedeemCode: TOO_MANY_GUESSES",
    }
    assert calls["RedeemCode"] > 8
    assert "coupons given" in await check_codes(**where)


async def test_all_at_once_is_right_too(address, tmp_path):
    where = {"address": address, "tenant": "load-mix"}
    await prepare_budgets(**where)
    await prepare_sale(**where)
    await prepare_orders(**where)

    calls = run(address, Kind.MIX, tmp_path, tenant=where["tenant"], users=20)

    assert {"Evaluate", "ReserveOrder", "Claim", "Reserve"} <= set(calls)
    assert f"{STOCK:,} of {STOCK:,}" in await check_sale(**where)


def test_claims_of_no_sale_fail_the_run(address, tmp_path):
    nobodys = Run(kind=Kind.CLAIMS, address=address, tenant="nobody", baskets=Path("none"))

    done = drive(nobodys, users=2, seconds=1, processes=1, html=tmp_path / "load.html")

    assert not done.right

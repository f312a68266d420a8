"""The bench of wallets and budgets, on a worker and stores of its own."""

from __future__ import annotations

import pytest

from rangli.cli.bench import money


@pytest.mark.soak
def test_the_money_bench_tells_what_one_worker_did():
    figures = money.run(rounds=1, seconds=1.0)

    assert set(figures) == {
        "wallet_reserve_per_s_grpc",
        "wallet_reserve_cpu_us_grpc",
        "fund_batch_spend_per_s_grpc",
        "fund_batch_spend_cpu_us_grpc",
    }
    assert all(figure > 0 for figure in figures.values())

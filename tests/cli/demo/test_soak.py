"""The demo's whole year, with prices by store: 1.3 million entries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.soak
RANGLI = Path(sys.executable).with_name("rangli")


def test_every_line_of_the_year_equals_the_independent_calculation(tmp_path):
    report = tmp_path / "report.json"

    subprocess.run(
        [
            *(RANGLI, "demo", "--all", "--book", "store"),
            *("--report", report, "--html", tmp_path / "page.html"),
        ],
        check=True,
        timeout=1_200,
    )

    figures = json.loads(report.read_text())
    assert figures["baskets"] == 155_381
    assert figures["lines_equal_oracle"] == figures["lines"] == 1_460_175
    assert figures["price_entries"] == 1_330_930

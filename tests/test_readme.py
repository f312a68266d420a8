"""The README's examples do what the README says."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.server.conftest import serve as serve  # noqa: PLC0414  a fixture

README = (Path(__file__).parents[1] / "README.md").read_text()


EXAMPLES = re.findall(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("code", "shown"), EXAMPLES, ids=["quote", "money", "order"])
async def test_the_examples_print_what_the_readme_shows(serve, code, shown):
    async with serve("--workers", "2") as serving:
        example = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code.replace("127.0.0.1:7700", serving.address)),
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            printed, _ = await example.communicate()

    assert example.returncode == 0
    assert printed.decode() == shown

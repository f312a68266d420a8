"""Commands as an operator types them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

RANGLI = Path(sys.executable).with_name("rangli")


async def run(command: str, *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, what is said, and what is said on stderr."""
    process = await asyncio.create_subprocess_exec(
        *(RANGLI, command, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()

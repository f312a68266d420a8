"""A worker that works off jobs and nothing else, to be killed: `python -m … <dsn>`."""

from __future__ import annotations

import asyncio
import sys

from rangli.coupons.job_runner import JobRunner
from rangli.storage.postgres import open_pool


async def work(dsn: str) -> None:
    pg = await open_pool(dsn, size_min=1, size_max=4, acquire_timeout_s=20, connect_timeout_s=20)
    runner = JobRunner(pg)
    while await runner.round():
        print("worked", flush=True)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))

"""The program h2load (of nghttp2), where it is installed: a second opinion on how fast a server is.

It counts answers with status 200 and does not look at what they say; `load.py` does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable

from rangli.cli.bench.load import framed
from rangli.cli.bench.servers import Measured, Server, measure

SECONDS = 2


def installed() -> bool:
    """Whether there is one."""
    return shutil.which("h2load") is not None


def counted(
    server: Server, path: str, request: bytes, *, connections: int, streams: int
) -> Measured:
    """One round. Raises AssertionError if a call failed by what h2load sees."""

    async def driven(begun: Callable[[], object]) -> tuple[int, float]:
        begun()
        return _run(server, path, request, connections, streams), float(SECONDS)

    return measure(server, driven)


def _run(server: Server, path: str, request: bytes, connections: int, streams: int) -> int:
    scheme = "http" if server.certificate is None else "https"
    with tempfile.NamedTemporaryFile() as body:
        body.write(framed(request))
        body.flush()
        command = ["h2load", "-c", str(connections), "-m", str(streams), "-D", str(SECONDS)]
        command += ["--warm-up-time=0", "-d", body.name, "-H", "te: trailers"]
        command += ["-H", "content-type: application/grpc"]
        command.append(f"{scheme}://127.0.0.1:{server.port}{path}")
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failed = re.search(r" (\d+) failed, (\d+) errored, (\d+) timeout", told)
    right = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", told)
    assert failed is not None, told
    assert right is not None, told
    assert set(failed.groups()) == {"0"}, told
    return int(right[1])

"""`make interop`: the published cases with gRPC's client for Node, against each transport.

Ends with 1 if a case failed or could not be run.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import structlog
import uvloop

from rangli.transport.choice import TRANSPORTS, Transport, server
from rangli.transport.gate import Gate
from tests.interop.service import service
from tests.interop.stubs import FOLDER

INSTALLED = Path("build/interop")
SOURCES = ("package.json", "package-lock.json", "client.mjs")
NODE_MIN = 20
WITHIN_S = 180

# Of each case why it failed, None if it did not.
Outcome = dict[str, str | None]


def installed() -> str | None:
    """Put the client and what it needs into `INSTALLED`; what is missing on this machine, if so."""
    wanted = f"Node {NODE_MIN} or newer, with npm"
    if shutil.which("node") is None or shutil.which("npm") is None:
        return f"needs {wanted}, and there is none"
    version = subprocess.check_output(["node", "--version"], text=True).strip()
    if int(version.removeprefix("v").split(".")[0]) < NODE_MIN:
        return f"needs {wanted}; this is {version}"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        shutil.copy(FOLDER / "js" / name, INSTALLED)
    command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    failed = subprocess.run(command, cwd=INSTALLED, check=False).returncode
    return "npm could not install @grpc/grpc-js" if failed else None


async def run(transport: Transport) -> Outcome:
    """All cases on one transport. A client that breaks off is a case that failed."""
    serving = server(transport, [service()], gate=Gate(1_000))
    port = await serving.start("127.0.0.1:0")
    node = await asyncio.create_subprocess_exec(
        *("node", INSTALLED / "client.mjs", f"127.0.0.1:{port}", FOLDER / "interop.proto"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            said, _ = await node.communicate()
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()
        await serving.stop(0)
    told = [json.loads(line) for line in said.decode().splitlines()]
    ended = {"the client's end": f"exit code {node.returncode}"} if node.returncode else {}
    return {each["case"]: each["why"] for each in told} | ended


def table(outcomes: dict[Transport, Outcome]) -> tuple[str, bool]:
    """Cases by transports, with what failed in words below; and whether all went well."""
    cases = list(dict.fromkeys(case for outcome in outcomes.values() for case in outcome))
    width = max(map(len, cases), default=0)
    lines = [" ".join([" " * width, *outcomes])]
    failed = []
    for case in cases:
        whys = {each: outcome.get(case, "did not run") for each, outcome in outcomes.items()}
        cells = [("failed" if why else "ok").ljust(len(each)) for each, why in whys.items()]
        lines.append(" ".join([case.ljust(width), *cells]).rstrip())
        failed += [f"{each}, {case}: {why}" for each, why in whys.items() if why]
    return "\n".join(lines + failed), bool(cases) and not failed


async def main() -> int:
    """The exit code."""
    missing = installed()
    if missing:
        print(f"interop: {missing}", file=sys.stderr)
        return 1
    said, well = table({transport: await run(transport) for transport in TRANSPORTS})
    print(said)
    return 0 if well else 1


if __name__ == "__main__":
    # What is refused on purpose need not be read.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sys.exit(uvloop.run(main()))

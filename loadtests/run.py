"""locust without a screen, in processes of its own: it changes how Python waits."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests import summary
from loadtests.summary import Summary

_FOLDER = Path(__file__).parent
_ROOT = _FOLDER.parent
# Beyond the run itself: locust's start, calls that end late, its report.
_GRACE_S = 60
_STOP_WITHIN_S = 10


class Kind(StrEnum):
    """What the users call."""

    QUOTE = "quote"
    BATCH = "batch"
    WALLET = "wallet"
    FUND = "fund"
    CLAIMS = "claims"
    CODES = "codes"
    CHECKOUT = "checkout"
    MIX = "mix"


# A file and, of its users, which.
USERS = {
    Kind.QUOTE: ("locustfile.py", "QuoteUser"),
    Kind.BATCH: ("locustfile.py", "BatchQuoteUser"),
    Kind.WALLET: ("money.py", "WalletUser"),
    Kind.FUND: ("money.py", "FundUser"),
    Kind.CLAIMS: ("claims.py", "ClaimUser"),
    Kind.CODES: ("codes.py", "ShopperUser", "GuessUser"),
    Kind.CHECKOUT: ("orders.py", "OrderUser"),
    Kind.MIX: ("mix.py", "OrderUser", "ClaimUser", "WalletUser", "FundUser"),
}
# What they ask for is a file of baskets; the others make it up.
PRICING = {Kind.QUOTE, Kind.BATCH}


@dataclass(frozen=True, slots=True)
class Run:
    """What to call, where, for which tenant and with which file of baskets, or of codes."""

    kind: Kind
    address: str
    tenant: str
    baskets: Path
    codes: Path = Path("reports/load-codes.txt")

    def environment(self) -> dict[str, str]:
        """What the locustfile reads."""
        return {
            "RANGLI_LOAD_TENANT": self.tenant,
            "RANGLI_LOAD_BASKETS": str(self.baskets.absolute()),
            "RANGLI_LOAD_CODES": str(self.codes.absolute()),
        }

    def arguments(self) -> list[str]:
        """What every way to run locust has in common."""
        file, *users = USERS[self.kind]
        return ["-f", str((_FOLDER / file).relative_to(_ROOT)), "--host", self.address, *users]


@dataclass(frozen=True, slots=True)
class Done:
    """A run's end.

    right: there were calls, and locust knows of no failure.
    """

    methods: list[Summary]
    right: bool


def drive(run: Run, *, users: int, seconds: int, processes: int, html: Path) -> Done:
    """Run locust for so long, let it write its report to `html`; what came of it.

    Raises subprocess.TimeoutExpired if it does not come to its end.
    """
    with TemporaryDirectory(prefix="rangli-load-") as folder:
        figures = Path(folder) / "figures"
        code = _finished(
            [
                *(sys.executable, "-m", "locust", *run.arguments(), "--headless"),
                *("--users", str(users), "--spawn-rate", str(users), "--run-time", f"{seconds}s"),
                *(["--processes", str(processes)] if processes > 1 else []),
                *("--html", str(html.absolute()), "--json-file", str(figures)),
                *("--only-summary", "--loglevel", "WARNING"),
            ],
            run.environment(),
            timeout_s=seconds + _GRACE_S,
        )
        file = figures.with_suffix(".json")
        methods = summary.read(file) if file.exists() else []
    failures = sum(method.failures for method in methods)
    return Done(methods, bool(methods) and not failures and code == 0)


def _finished(command: list[str], environment: dict[str, str], *, timeout_s: float) -> int:
    """The command's exit code; it ends before we do, whatever happens."""
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env={**os.environ, **environment},
        # In a session of its own: a Ctrl-C in the terminal is for us, we then stop it.
        start_new_session=True,
    )
    try:
        return process.wait(timeout_s)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def by_hand(run: Run) -> str:
    """The command with which a load tester runs locust, its web page included."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in run.environment().items()]
    return " ".join([*variables, "locust", shlex.join(run.arguments())])

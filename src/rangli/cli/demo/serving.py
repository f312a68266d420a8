"""A server of the demo's own: `rangli serve` in a process beside it, on a folder that goes away."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

_READY_WITHIN_S = 120.0
_STOP_WITHIN_S = 60.0
_RANGLI = (sys.executable, "-c", "from rangli.cli.main import app; app()")
# Of the environment, what is said of another server: its stores, and who may call it and where.
_OF_OTHERS = {
    *("RANGLI_POSTGRES_DSN", "RANGLI_REDIS_URL", "RANGLI_UNIX_SOCKET"),
    *("RANGLI_TLS_CERT_FILE", "RANGLI_TLS_KEY_FILE", "RANGLI_TLS_CLIENT_CA_FILE"),
}
_ANNOUNCED = re.compile(r"serving on (\S+) with")


class ServerFailed(Exception):
    """The server did not come up; the message ends with what it said."""


class OwnServer:
    """Starts at once, so that it comes up while the caller has other work; stops at the end.

    It takes free ports and embedded stores, whatever the environment says of given ones.
    """

    def __init__(self, workers: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rangli-demo-")
        folder = Path(self._folder.name)
        # Started as root, the stores run as another user, who must be able to go through it.
        folder.chmod(0o755)
        self._log = folder / "server.log"
        self._stores = str(folder / "stores")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(*_RANGLI, "serve", "--data-dir", self._stores),
                    *("--host", "127.0.0.1", "--port", "0", "--workers", str(workers)),
                    *("--log-level", "warning"),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(),
                # In a session of its own: a Ctrl-C in the terminal is for us, we then stop it.
                start_new_session=True,
            )

    def __enter__(self) -> OwnServer:
        return self

    def audited(self) -> str:
        """Stops it, and gives what `rangli audit` then says of its stores.

        Raises ServerFailed if anything in them is broken.
        """
        self._stop()
        told = subprocess.run(
            [*_RANGLI, "audit", "--data-dir", self._stores],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
        )
        if told.returncode:
            raise ServerFailed(f"the stores do not pass the audit:\n{told.stdout}{told.stderr}")
        return told.stdout.strip()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._folder.cleanup()

    def _stop(self) -> None:
        if self._process.stdout is None or self._process.stdout.closed:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ready(self) -> str:
        """Its address, once all workers serve. Raises ServerFailed."""
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _READY_WITHIN_S)
        line = self._process.stdout.readline() if readable else ""
        announced = _ANNOUNCED.search(line)
        if announced is None:
            raise ServerFailed(f"the server did not come up {line}".rstrip())
        return announced[1]

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-2000:]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OF_OTHERS}

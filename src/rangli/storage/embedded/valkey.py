"""An embedded Valkey: its process and its URL."""

from __future__ import annotations

import signal
import subprocess
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rangli.storage.embedded.child import end, log_tail, open_log, spawn
from rangli.storage.embedded.folder import DataFolder, end_leftovers
from rangli.storage.embedded.programs import EmbeddedError, Programs

_READY_PATIENCE_S = 60.0  # it reads its append-only file first
_STOP = ((signal.SIGTERM, 30.0),)


class EmbeddedValkey:
    """A Valkey of our own in `<data folder>/valkey`, reached by a unix socket only."""

    def __init__(self, folder: DataFolder, programs: Programs, *, fast: bool) -> None:
        self._folder = folder
        self._programs = programs
        self._append_only = "no" if fast else "yes"
        self._log = folder.path / "valkey.log"
        self._socket = folder.runtime_dir / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL, understood by redis-py."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        data_dir = self._folder.server_dir("valkey")
        end_leftovers(data_dir, "valkey-server")
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(data_dir),
            "appendonly": self._append_only,
            "appendfsync": "everysec",
            "save": "",
            # A key that vanished would be taken for one that never was.
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        with open_log(self._log) as output:
            self._process = spawn(
                [self._programs.valkey, *arguments],
                user=self._folder.user,
                output=output,
                death_signal=signal.SIGTERM,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Clean shutdown: what was appended is flushed."""
        if self._process is not None:
            end(self._process, _STOP)
            self._process = None

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _READY_PATIENCE_S
        with redis.Redis(
            unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0), socket_timeout=5
        ) as client:
            while process.poll() is None and time.monotonic() < give_up_at:
                try:
                    client.ping()
                except (redis.ConnectionError, redis.TimeoutError):  # also: still loading
                    time.sleep(0.01)
                else:
                    return
        ended = process.poll()
        why = "gave no answer" if ended is None else f"ended with code {ended}"
        raise EmbeddedError(
            f"Valkey {why} at start; the end of {self._log}:\n{log_tail(self._log)}"
        )

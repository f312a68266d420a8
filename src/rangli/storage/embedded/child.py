"""Server processes as direct children, which never outlive their owner."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from rangli.storage.embedded.programs import EmbeddedError, ServerUser

_PR_SET_PDEATHSIG = 1
_LOG_BYTES_MAX = 8 * 1024 * 1024
_LOG_TAIL_LINES = 15


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What the child runs before its program: it asks to be signalled when its parent dies.

    It runs after the change of user, which would cancel the request.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        # The parent may have died before the request: then nobody will send the signal.
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def spawn(
    args: Sequence[str | Path],
    *,
    user: ServerUser,
    output: IO[bytes] | int,
    death_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start a program as `user`, in a process group of its own.

    Its own group, because a Ctrl-C in the terminal is for the owner alone, which first drains. Not
    in a session of its own: Linux may schedule sessions against each other, and then a server that
    shares a core with a busy one was seen to wait for a whole second for its turn.
    Only from the main thread: the death signal comes when the *thread* ends that started it.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedError("embedded servers must be started from the main thread")
    # The caller's PGOPTIONS and the like must not reach our server.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    environment["LC_ALL"] = "C"
    return subprocess.Popen(
        args,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=environment,
        user=user.uid,
        group=user.gid,
        extra_groups=None if user.uid is None else (),
        umask=0o077,
        process_group=0,
        preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509  it takes no locks
    )


def end(
    process: subprocess.Popen[bytes],
    signals: Sequence[tuple[signal.Signals, float]],
) -> None:
    """Stop a child: each signal in turn, with the seconds it is given; SIGKILL at last."""
    for number, patience_s in signals:
        process.send_signal(number)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()
    process.wait()


def open_log(path: Path) -> IO[bytes]:
    """The log to append to; a large one is put aside first, so that two bounded files remain."""
    if path.exists() and path.stat().st_size > _LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.old"))
    return path.open("ab")


def log_tail(path: Path) -> str:
    """The last lines of a log, for the message of an error."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(f"    {line}" for line in lines[-_LOG_TAIL_LINES:])

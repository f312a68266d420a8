"""The data folder: one owner at a time, and nothing left of an owner that was killed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from rangli.storage.embedded.programs import EmbeddedError, ServerUser

# The kernel's limit for a socket's path is 107 bytes on Linux, 103 elsewhere.
_SOCKET_DIR_BYTES_MAX = 103 - len("/.s.PGSQL.5432.lock")
_RUNTIME_PREFIX = "rangli-"
_STOP_PATIENCE_S = 30.0


class FolderInUse(EmbeddedError):
    """Another process owns the folder. runtime_dir: where its servers' sockets are, if it says."""

    def __init__(self, message: str, runtime_dir: Path | None) -> None:
        super().__init__(message)
        self.runtime_dir = runtime_dir


# Locks of fcntl belong to the process, so within the process we look ourselves.
_held: set[Path] = set()


@dataclass
class DataFolder:
    """Ownership of a data folder, from `take` to `release`.

    The lock is one of the kernel (fcntl), so it ends with its owner however that ends, and forked
    workers don't inherit it.
    """

    path: Path
    user: ServerUser
    runtime_dir: Path
    _lock_file: IO[str]

    @classmethod
    def take(cls, path: Path, user: ServerUser) -> DataFolder:
        """Lock the folder (made when missing), end what a killed owner left, and start afresh.

        FolderInUse if another owner lives, EmbeddedError if `user` cannot reach the folder.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"the data folder {path} cannot be made ({error.strerror}); "
                "set RANGLI_DATA_DIR to a folder that can"
            ) from error
        path = path.resolve()
        if not user.may("x", path):
            raise EmbeddedError(
                f"the data folder {path} is out of reach of the user who runs the embedded servers "
                f"(uid {user.uid}), because PostgreSQL does not run as root; set RANGLI_DATA_DIR "
                "to a folder that others may enter, such as /var/lib/rangli"
            )
        lock_file = _lock(path)
        try:
            left = _runtime_dir_in(lock_file)
            for program in ("postgres", "valkey-server"):
                end_leftovers(path, program)
            if left is not None:
                shutil.rmtree(left, ignore_errors=True)
            runtime_dir = _new_runtime_dir(user)
            _write(lock_file, runtime_dir)
        except BaseException:
            _unlock(path, lock_file)
            raise
        return cls(path, user, runtime_dir, lock_file)

    def server_dir(self, name: str) -> Path:
        """A folder in it for one server, owned by the user who runs it and closed to others."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        wanted = os.geteuid() if self.user.uid is None else self.user.uid
        if folder.stat().st_uid == 0 != wanted:
            self.user.own(folder)
        elif folder.stat().st_uid != wanted:
            raise EmbeddedError(
                f"{folder} belongs to uid {folder.stat().st_uid}, but the embedded servers run as "
                f"uid {wanted}; run as the user who made it, or set RANGLI_DATA_DIR to another one"
            )
        return folder

    def release(self) -> None:
        """Give the folder up; the servers must have ended."""
        shutil.rmtree(self.runtime_dir, ignore_errors=True)
        _unlock(self.path, self._lock_file)


def _lock(path: Path) -> IO[str]:
    if path in _held:
        raise EmbeddedError(f"the data folder {path} is in use by this very process")
    try:
        lock_file = (path / "owner.lock").open("a+")
    except OSError as error:
        raise EmbeddedError(
            f"the data folder {path} cannot be written ({error.strerror}); "
            "set RANGLI_DATA_DIR to a folder that can"
        ) from error
    try:
        fcntl.lockf(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = _content(lock_file).get("pid", "unknown")
        runtime_dir = _runtime_dir_in(lock_file)
        lock_file.close()
        raise FolderInUse(
            f"the data folder {path} is in use by process {owner}; stop that one, "
            "or set RANGLI_DATA_DIR to another folder",
            runtime_dir,
        ) from error
    _held.add(path)
    return lock_file


def _unlock(path: Path, lock_file: IO[str]) -> None:
    lock_file.truncate(0)
    lock_file.close()
    _held.discard(path)


def _content(lock_file: IO[str]) -> dict[str, object]:
    lock_file.seek(0)
    try:
        content = json.loads(lock_file.read())
    except ValueError:
        return {}  # empty after a clean stop, or its owner was killed while it wrote
    return content if isinstance(content, dict) else {}


def _runtime_dir_in(lock_file: IO[str]) -> Path | None:
    """The runtime folder of the owner, or of a killed one, if it is surely one of ours."""
    name = _content(lock_file).get("runtime_dir")
    if not isinstance(name, str) or not Path(name).name.startswith(_RUNTIME_PREFIX):
        return None
    return Path(name)


def _write(lock_file: IO[str], runtime_dir: Path) -> None:
    lock_file.truncate(0)
    json.dump({"pid": os.getpid(), "runtime_dir": str(runtime_dir)}, lock_file)
    lock_file.flush()


def _new_runtime_dir(user: ServerUser) -> Path:
    """A private folder for the sockets, with a path short enough for them."""
    for base in (Path(tempfile.gettempdir()), Path("/tmp")):
        runtime_dir = Path(tempfile.mkdtemp(prefix=_RUNTIME_PREFIX, dir=base))
        user.own(runtime_dir)
        if len(os.fsencode(runtime_dir)) <= _SOCKET_DIR_BYTES_MAX and user.may("w", runtime_dir):
            return runtime_dir
        runtime_dir.rmdir()
    raise EmbeddedError("no folder for temporary files is short and open enough; set TMPDIR=/tmp")


def end_leftovers(folder: Path, program: str) -> None:
    """End the servers that still work in `folder` although their owner is gone.

    They are known by their working folder, so a reused process id misleads nobody, and a zombie,
    which has none, does not count. Politely first: a fast shutdown loses nothing.
    """
    running = _working_in(folder, program)
    pids = {process.pid for process in running}
    for process in running:
        # Only the first of them: a PostgreSQL that is alone tells its own children.
        if _parent(process) not in pids:
            _signal(process)
    _, alive = psutil.wait_procs(running, timeout=_STOP_PATIENCE_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=_STOP_PATIENCE_S)
    if _working_in(folder, program):
        raise EmbeddedError(f"a {program} of a former owner still works in {folder}; end it first")


def _working_in(folder: Path, program: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == program and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone, a zombie, or another user's: not ours in each case
    return found


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def _signal(process: psutil.Process) -> None:
    with suppress(psutil.Error):  # it has ended meanwhile
        # A fast shutdown for PostgreSQL and a clean one for Valkey.
        process.send_signal(signal.SIGINT)

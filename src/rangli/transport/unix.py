"""Unix sockets: `unix:/path`, and `fd:N` of one that listens already."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "unix:"
FD_PREFIX = "fd:"
MODE = 0o660  # the server's user and group may call
PATH_BYTES_MAX = 107  # what the system has room for
BACKLOG = 1024


def listening(address: str) -> socket.socket:
    """The listening socket of an address. Raises OSError as `bound` does."""
    if address.startswith(FD_PREFIX):
        return socket.socket(fileno=int(address.removeprefix(FD_PREFIX)))
    return bound(Path(address.removeprefix(PREFIX)))


def bound(path: Path) -> socket.socket:
    """A listening socket at the path. Raises OSError as `make_way` does, and if it cannot be."""
    make_way(path)
    made = socket.socket(socket.AF_UNIX)
    try:
        with private():
            made.bind(str(path))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


@contextmanager
def private() -> Iterator[None]:
    """What is bound in this block never stands open to others."""
    before = os.umask(0o777 & ~MODE)
    try:
        yield
    finally:
        os.umask(before)


def make_way(path: Path) -> None:
    """Remove the socket of a server that is gone.

    Raises FileExistsError if a server lives there, or if what is there is no socket.
    """
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file that is not a socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)  # a full queue is a living server too
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:
            pass
    raise FileExistsError(errno.EEXIST, "a server is listening there")

"""Where to listen, held by the supervisor for its workers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from rangli.server.settings import ServerSettings
from rangli.transport import unix


class CannotServe(RuntimeError):
    """Serving cannot begin; the message says why."""


@contextmanager
def reserved(settings: ServerSettings) -> Iterator[tuple[ServerSettings, socket.socket | None]]:
    """The address, for this installation's workers alone.

    Gives the settings with the port that was bound, and the listening socket if workers cannot
    bind one each. Raises CannotServe if the address cannot be had.
    """
    if settings.unix_socket is not None:
        with _unix_socket(settings) as listening:
            yield settings, listening
    else:
        with _port(settings) as port:
            yield settings.model_copy(update={"port": port}), None


@contextmanager
def _port(settings: ServerSettings) -> Iterator[int]:
    """The port: bound with SO_REUSEPORT, never listening."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as holder:
        try:
            # Tried without sharing first: another rangli's port would be shared in silence.
            with socket.socket(family) as alone:
                alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                alone.bind((settings.host, settings.port))
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            holder.bind((settings.host, settings.port))
        except OSError as error:
            raise _cannot_listen(settings, error) from error
        yield holder.getsockname()[1]


@contextmanager
def _unix_socket(settings: ServerSettings) -> Iterator[socket.socket | None]:
    """The socket that all workers accept from; grpcio's one worker must bind it by itself."""
    path = settings.unix_socket
    assert path is not None
    try:
        if settings.transport == "grpcio":
            unix.make_way(path)
            listening = None
        else:
            listening = unix.bound(path)
    except OSError as error:
        raise _cannot_listen(settings, error) from error
    try:
        yield listening
    finally:
        if listening is not None:
            listening.close()
            path.unlink(missing_ok=True)


def _cannot_listen(settings: ServerSettings, error: OSError) -> CannotServe:
    return CannotServe(f"cannot listen on {settings.address}: {error.strerror}")

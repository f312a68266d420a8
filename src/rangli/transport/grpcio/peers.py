"""Whom the certificate of a caller names."""

from __future__ import annotations

from collections.abc import Callable

from rangli.transport.grpcio.refusals import Context

PeerOf = Callable[[Context], str]


def peer_of(context: Context) -> str:
    """The first of its names, "" without a certificate."""
    identities = context.peer_identities()
    return next(iter(identities)).decode(errors="replace") if identities else ""


def nobody(_context: Context) -> str:
    """Where nobody has a certificate, it costs nothing to look."""
    return ""

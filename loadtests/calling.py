"""How to speak to the server that is loaded.

Over TLS where RANGLI_CLIENT_TLS_CA, _CERT and _KEY name files, as for the commands of `rangli`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import grpc

from rangli.client import RangliClient, Tls

TLS_VARIABLES = tuple(f"RANGLI_CLIENT_TLS_{name}" for name in ("CA", "CERT", "KEY"))


def client(address: str, *, tenant: str, connections: int = 1) -> RangliClient:
    return RangliClient(
        address, tenant=tenant, actor="loadtests", connections=connections, tls=_tls()
    )


def channel(address: str, options: Sequence[tuple[str, Any]]) -> grpc.Channel:
    tls = _tls()
    if tls is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, tls.credentials(), [*options, *tls.options(address)])


def _tls() -> Tls | None:
    files = [os.environ.get(name) or None for name in TLS_VARIABLES]
    return Tls.of_files(*files) if any(files) else None

"""TLS, as a client speaks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import grpc

_UNIX = ("unix:", "unix-abstract:")


@dataclass(frozen=True, slots=True)
class Tls:
    """How to know a server, and to be known by it; certificates are PEM.

    root_certificates: the authorities whose word counts for the server; None: those that gRPC
        brings along.
    certificate_chain, private_key: our own, where the server wants one: both or none.
    server_name: whom the server's certificate must name, if not the address' host. At a Unix
        socket, which has none, it is "localhost" unless said otherwise.
    """

    root_certificates: bytes | None = None
    certificate_chain: bytes | None = None
    private_key: bytes | None = field(default=None, repr=False)
    server_name: str = ""

    def __post_init__(self) -> None:
        if (self.certificate_chain is None) != (self.private_key is None):
            raise ValueError("a certificate and its key go together")

    @classmethod
    def of_files(
        cls,
        ca_file: Path | str | None = None,
        cert_file: Path | str | None = None,
        key_file: Path | str | None = None,
        *,
        server_name: str = "",
    ) -> Self:
        """What is in the files now. Raises OSError, and ValueError for one without the other."""
        return cls(_read(ca_file), _read(cert_file), _read(key_file), server_name)

    def credentials(self) -> grpc.ChannelCredentials:
        """As grpcio wants them."""
        return grpc.ssl_channel_credentials(
            self.root_certificates, self.private_key, self.certificate_chain
        )

    def options(self, address: str) -> list[tuple[str, Any]]:
        """Options of a channel to that address."""
        name = self.server_name or ("localhost" if address.startswith(_UNIX) else "")
        return [("grpc.ssl_target_name_override", name)] if name else []


def _read(file: Path | str | None) -> bytes | None:
    return None if file is None else Path(file).read_bytes()

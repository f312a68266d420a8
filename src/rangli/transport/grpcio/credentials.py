"""The server's certificates, as grpcio takes them."""

from __future__ import annotations

from typing import Any

import grpc

from rangli.transport.tls import Certificates, Pem


def credentials(certificates: Certificates) -> grpc.ServerCredentials:
    """Credentials that follow the certificates: each new connection is given what is in force.

    TLS 1.2 and 1.3, ciphers and ALPN are grpcio's own choice, and are what HTTP/2 asks for.
    """
    first = given = certificates.pem

    def changed() -> Any:
        """Asked by grpcio, in a thread of its own, at each handshake; None: nothing is new."""
        nonlocal given
        pem = certificates.pem
        if pem is given:
            return None
        given = pem
        return _configuration(pem)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(first),
        changed,
        require_client_authentication=first.client_ca is not None,
    )


def _configuration(pem: Pem) -> Any:
    return grpc.ssl_server_certificate_configuration(
        [(pem.key, pem.certificate)], root_certificates=pem.client_ca
    )

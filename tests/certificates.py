"""Certificates made for one test."""

from __future__ import annotations

from pathlib import Path

import grpc
import trustme

from rangli.transport.tls import TlsFiles


class Authority:
    """Somebody whose certificates are believed, and a folder for what it gives out."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(self.ca_file)

    def server(self, client_ca_file: Path | None = None, *, name: str = "localhost") -> TlsFiles:
        """A server's files, in place of those that it had."""
        cert_file, key_file = self.issue("server", name, "localhost", "127.0.0.1")
        return TlsFiles(cert_file, key_file, client_ca_file)

    def issue(self, file: str, *names: str, **options: str) -> tuple[Path, Path]:
        """Certificate and key in files of that name."""
        issued = self.ca.issue_cert(*names, **options)
        cert_file, key_file = self.folder / f"{file}.pem", self.folder / f"{file}-key.pem"
        cert_file.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key_file)
        return cert_file, key_file

    def trust(self) -> grpc.ChannelCredentials:
        """Of a client that believes us, and has no certificate of its own."""
        return grpc.ssl_channel_credentials(self.ca.cert_pem.bytes())

    def client(
        self, *names: str, by: Authority | None = None, **options: str
    ) -> grpc.ChannelCredentials:
        """Of a client that believes us, with a certificate by us, or by another."""
        cert_file, key_file = (by or self).issue("client", *names, **options)
        return grpc.ssl_channel_credentials(
            self.ca.cert_pem.bytes(), key_file.read_bytes(), cert_file.read_bytes()
        )

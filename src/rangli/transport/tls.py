"""Certificates: the server's own, those it takes from clients, and whom they name.

A client's certificate says who connects, not who acts: `CallContext.peer` stands beside the actor,
which stays what the call's metadata says. Shops and consoles act for many people over one
certificate; which of them may speak for whom is for a table of roles to say, not for this layer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

LOOK_EVERY_S = 10.0
# RFC 9113 9.2.2 forbids all but these of TLS 1.2: ephemeral keys, authenticated encryption.
_CIPHERS_OF_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20"
_NAMING = frozenset(("DNS", "email", "URI", "IP Address"))
_log = structlog.get_logger(__name__)


class BadCertificates(Exception):
    """Files that TLS cannot be spoken with.

    which: "cert_file", "key_file" or "client_ca_file"; the message names the file and says why.
    """

    def __init__(self, which: str, file: Path, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.which = which


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where certificates are, as PEM.

    cert_file: the server's, then those between it and its authority.
    key_file: its private key, without a passphrase.
    client_ca_file: whose certificates clients must have; None: clients need none.
    """

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None

    def read(self) -> Pem:
        """What they hold. Raises BadCertificates."""
        return Pem(
            certificate=_read("cert_file", self.cert_file),
            key=_read("key_file", self.key_file),
            client_ca=(
                None
                if self.client_ca_file is None
                else _read("client_ca_file", self.client_ca_file)
            ),
        )


@dataclass(frozen=True, slots=True)
class Pem:
    """What the files hold."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None


class ServerContext(ssl.SSLContext):
    """What a listener is given: makes each new connection's TLS from the context of that moment.

    Whole contexts are exchanged: one that kept its sessions would go on letting those resume whose
    authority is no longer accepted.
    """

    current: ssl.SSLContext

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """A connection's TLS."""
        return self.current.wrap_bio(*args, **options)


class Certificates:
    """The certificates as their files last said it, if that could be used.

    files: replaced at any time, one after the other; what they say reaches new connections, open
        ones go on. Whether clients need a certificate is settled at the start.
    pem, context: for new connections.
    Raises BadCertificates if the files cannot be used at the start.
    """

    def __init__(self, files: TlsFiles) -> None:
        self.files = files
        self.pem = files.read()
        self.context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.current = _context(files, self.pem)
        self._complaint = ""

    async def follow(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look for ever; to be run as a task and cancelled."""
        while True:
            await asyncio.sleep(every_s)
            # In a thread: the files may lie on another machine.
            await asyncio.to_thread(self.look)

    def look(self) -> bool:
        """Take the files as they are now; whether anything has changed.

        Files that cannot be used change nothing, and are told of in the log, once.
        """
        try:
            pem = self.files.read()
            if pem == self.pem:
                self._complaint = ""
                return False
            context = _context(self.files, pem)
            if self.files.read() != pem:
                return False  # somebody is at it: the next look will tell
        except BadCertificates as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                _log.error("new certificates cannot be used, the old ones stay", why=str(error))
            return False
        self.pem, self.context.current = pem, context
        self._complaint = ""
        _log.info("new certificates", file=str(self.files.cert_file))
        return True


class _Peer(ssl.SSLObject):
    """One connection's TLS, which says why it did not come about; event loops don't."""

    def do_handshake(self) -> None:
        """As far as what has come allows. Raises SSLError, also if the peer speaks no HTTP/2."""
        try:
            super().do_handshake()
            # RFC 9113 3.3: over TLS, HTTP/2 is spoken only where ALPN has chosen it.
            if self.selected_alpn_protocol() != "h2":
                raise ssl.SSLError("the peer did not choose HTTP/2 (ALPN)")
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            _log.info("a peer did not agree on TLS", why=str(error.args[-1]))
            raise


def _context(files: TlsFiles, pem: Pem) -> ssl.SSLContext:
    """TLS as RFC 9113 9.2 asks for it, with these certificates. Raises BadCertificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS_OF_1_2)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["h2"])
    context.sslobject_class = _Peer
    try:
        context.load_cert_chain(files.cert_file, files.key_file, password=_no_passphrase)
    except (ssl.SSLError, _Encrypted) as error:
        raise _told_apart(files, pem, error) from None
    if files.client_ca_file is not None and pem.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        # As grpcio has it: an authority may be named that is itself vouched for by another.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if not _certificates_in(context, pem.client_ca):
            raise BadCertificates("client_ca_file", files.client_ca_file, "holds no certificate")
    return context


class _Encrypted(Exception):
    """The key needs a passphrase."""


def _no_passphrase() -> str:
    raise _Encrypted  # without this, OpenSSL would ask at the terminal


def _told_apart(files: TlsFiles, pem: Pem, error: Exception) -> BadCertificates:
    """Which of the two files is wrong, and how."""
    if isinstance(error, _Encrypted):
        return BadCertificates("key_file", files.key_file, "the key needs a passphrase")
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        why = f"is not the key of the certificate in {files.cert_file}"
        return BadCertificates("key_file", files.key_file, why)
    if not _certificates_in(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pem.certificate):
        return BadCertificates("cert_file", files.cert_file, "holds no certificate")
    if b"PRIVATE KEY-----" not in pem.key:
        return BadCertificates("key_file", files.key_file, "holds no private key")
    return BadCertificates("cert_file", files.cert_file, f"cannot be used with its key: {error}")


def _certificates_in(context: ssl.SSLContext, pem: bytes) -> bool:
    """Whether there are any; the context trusts them from now on."""
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):
        return False
    return True


def _read(which: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadCertificates(which, file, error.strerror or str(error)) from None


def peer_named(certificate: Any) -> str:
    """The first of a certificate's alternative names, else its common name; "" without one.

    certificate: as `ssl.SSLSocket.getpeercert` gives it. Names are domains, addresses of mail and
    of machines, and URIs; the same string as grpcio finds.
    """
    if not certificate:
        return ""
    for kind, name in certificate.get("subjectAltName", ()):
        if kind in _NAMING:
            return _ip(name) if kind == "IP Address" else str(name)
    for relative in certificate.get("subject", ()):
        for key, value in relative:
            if key == "commonName":
                return str(value)
    return ""


def _ip(name: str) -> str:
    """In the usual form: OpenSSL writes IPv6 in full."""
    address = ipaddress.ip_address(name.strip())
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    return socket.inet_ntop(family, address.packed)

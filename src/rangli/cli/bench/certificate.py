"""A certificate for a server on this machine, as long as a bench takes."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "localhost"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Its file and that of its key, in a folder."""

    folder: Path

    @property
    def cert_file(self) -> Path:
        """The certificate, which is its own authority."""
        return self.folder / "cert.pem"

    @property
    def key_file(self) -> Path:
        """Its private key."""
        return self.folder / "key.pem"

    def trusted(self) -> ssl.SSLContext:
        """How a client meets a server that has it."""
        context = ssl.create_default_context(cafile=str(self.cert_file))
        context.set_alpn_protocols(["h2"])
        return context


@contextmanager
def certificate() -> Iterator[Certificate | None]:
    """One of the usual kind (P-256), by the program openssl; None, with a word, without it."""
    if shutil.which("openssl") is None:
        print("openssl is not installed: nothing with TLS")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="rangli-bench-") as name:
        made = Certificate(Path(name))
        options = f"-x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN={NAME}"
        files = ["-keyout", str(made.key_file), "-out", str(made.cert_file)]
        subprocess.run(
            ["openssl", "req", *options.split(), "-addext", f"subjectAltName=DNS:{NAME}", *files],
            check=True,
            capture_output=True,
        )
        yield made

"""The service's own secrets: what it signs with and what it hashes codes with.

Each is given by the environment (`RANGLI_KEY_TOKEN`, `RANGLI_KEY_CODES`, `RANGLI_KEY_ADMISSION`: 64
hexadecimal digits) or made once and kept in the data folder, readable by its owner alone. Machines
that serve together need the same: give them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from rangli.storage.settings import StorageSettings

_BYTES = 32
_FOLDER = "keys"


@dataclass(frozen=True, slots=True)
class Keys:
    """token: signs evaluations.  codes: hashes coupon codes.  admission: signs the tokens of gates.

    Whoever changes `codes` makes every code unknown.
    """

    token: bytes
    codes: bytes
    admission: bytes

    @classmethod
    def load(cls, settings: StorageSettings) -> Keys:
        """The keys of these settings; those that are nowhere are made."""
        folder = settings.data_dir / _FOLDER
        return cls(
            token=settings.key_token or _kept(folder / "token"),
            codes=settings.key_codes or _kept(folder / "codes"),
            admission=settings.key_admission or _kept(folder / "admission"),
        )


def _kept(path: Path) -> bytes:
    """The key in that file, which the first to ask writes."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # Of workers that start together one wins, and all use its key.
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return bytes.fromhex(path.read_text())

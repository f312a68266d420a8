"""Names: what may be one, and new ones."""

from __future__ import annotations

import re
import secrets
import time

TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
DEFAULT_TENANT = "default"
# Names that operators choose; no braces or spaces, which would steer Redis slots or spoil logs.
RESOURCE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


def new_id(prefix: str) -> str:
    """A fresh name such as `act_01k3…`: sorts by time of making, 80 random bits."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    letters = [_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(letters)}"


def printable(text: str) -> bool:
    """Whether a caller's id is safe to log and compare: no control or invisible characters."""
    return text.isprintable()

"""Names: what may be one, and new ones."""

from __future__ import annotations

import os
import re
import time

TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
DEFAULT_TENANT = "default"
# Names that operators choose; no braces or spaces, which would steer Redis slots or spoil logs.
RESOURCE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # ten bits at a time


def new_id(prefix: str) -> str:
    """A fresh name such as `act_01k3…`: sorts by time of making, 80 random bits."""
    return new_ids(prefix, 1)[0]


def new_ids(prefix: str, count: int) -> list[str]:
    """So many fresh names, as `new_id` makes them, of the same millisecond."""
    made_ms, randoms = time.time_ns() // 1_000_000, os.urandom(10 * count)
    # Unrolled, as many are made for every batch: the time's 50 bits, then the random 80.
    begin = (
        f"{prefix}_{_PAIRS[made_ms >> 40]}{_PAIRS[made_ms >> 30 & 1023]}"
        f"{_PAIRS[made_ms >> 20 & 1023]}{_PAIRS[made_ms >> 10 & 1023]}{_PAIRS[made_ms & 1023]}"
    )
    return [
        f"{begin}{_PAIRS[random >> 70]}{_PAIRS[random >> 60 & 1023]}"
        f"{_PAIRS[random >> 50 & 1023]}{_PAIRS[random >> 40 & 1023]}"
        f"{_PAIRS[random >> 30 & 1023]}{_PAIRS[random >> 20 & 1023]}"
        f"{_PAIRS[random >> 10 & 1023]}{_PAIRS[random & 1023]}"
        for random in [int.from_bytes(randoms[at : at + 10]) for at in range(0, len(randoms), 10)]
    ]


def printable(text: str) -> bool:
    """Whether a caller's id is safe to log and compare: no control or invisible characters."""
    return text.isprintable()

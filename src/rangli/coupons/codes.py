"""Coupon codes: how they are made, how they are read, and what is kept of them.

A generated code is 16 characters of Crockford's base 32, 80 random bits, and a check character. Its
characters are elements of GF(32); each counts with another power of a primitive element, and the
weighted sum with the check character is zero. So every wrong character is found, and every two that
have changed places, neighbours or not: it is the totally anti-symmetric quasigroup x*y = ax + y of
H. M. Damm (Total anti-symmetrische Quasigruppen, 2004), whose check digits are of one alphabet.

What is typed is *read* before it is looked up: NFKC, no spaces or hyphens, letter case folded. What
then ends in 17 characters that check is a generated code, in which I and L are 1 and O is 0. Other
codes, imported and vanity, stay as they are; of the length of a generated code without prefix there
are none, so that whoever mistypes one is refused without a look-up. (With a prefix it might be
somebody else's code, and is looked up.) Letters that only look alike stay different letters, and
open nothing.

Kept are keyed hashes alone. Codes are secrets: they stand in no log, event, error or stored answer.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterator

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = re.compile(r"[A-Z0-9]{0,10}")
_DATA_CHARS = 16
CODE_CHARS = _DATA_CHARS + 1
_GROUP = 4
_RANDOM_BYTES = 10  # 80 bits: 16 characters of 5

# Not seen, though Unicode has them among the letters and marks, not the format characters.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# Unicode's hyphens and dashes, the minus sign with them.
_BETWEEN = re.compile("[\\s\u2010-\u2015\u2212-]+")
_LOOKALIKES = str.maketrans("ilo", "110")
_VALUES = {character: value for value, character in enumerate(ALPHABET.lower())}


def _doubled(value: int) -> int:
    """Times the primitive element, modulo x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


# sum of all weighted characters -> what it becomes when the next one has been added
_DOUBLED = [_doubled(value) for value in range(32)]
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
# ... and when ten bits, two characters, have been added: what the sum was before and the ten bits.
_AFTER_PAIR = [
    [_DOUBLED[_DOUBLED[before] ^ (pair >> 5)] ^ (pair & 31) for pair in range(1024)]
    for before in range(32)
]


class UnreadableError(ValueError):
    """The text holds characters that nobody can see or type. Says nothing of the text."""


class MistypedError(ValueError):
    """The text has the shape of a generated code, but its check character is another."""


def generate(count: int, prefix: str = "") -> list[str]:
    """So many new codes, as people read them: `PREFIX-XXXX-XXXX-XXXX-XXXX-C`."""
    random = secrets.token_bytes(count * _RANDOM_BYTES)
    front = f"{prefix}-" if prefix else ""
    starts = range(0, len(random), _RANDOM_BYTES)
    return [front + _code(int.from_bytes(random[at : at + _RANDOM_BYTES])) for at in starts]


def read(text: str) -> str:
    """The code that is meant, in the one form in which codes are hashed.

    Raises UnreadableError, MistypedError. It may be empty.
    """
    composed = unicodedata.normalize("NFKC", text)
    if not composed.isprintable() or _UNSEEN.search(composed):
        raise UnreadableError
    plain = unicodedata.normalize("NFKC", _BETWEEN.sub("", composed).casefold())
    folded = plain.translate(_LOOKALIKES)
    if len(folded) < CODE_CHARS:
        return plain
    values = [_VALUES.get(character, -1) for character in folded[-CODE_CHARS:]]
    if -1 in values:
        return plain
    if _sum(values) == 0:
        return folded
    if len(folded) == CODE_CHARS:
        raise MistypedError
    return plain


def hashed(key: bytes, tenant: str, code: str) -> bytes:
    """What is kept of a code that was read: HMAC-SHA256 of it and of whose it is."""
    return hmac.digest(key, f"{tenant}\0{code}".encode(), "sha256")


def check_character(data: str) -> str:
    """That of so many characters of ALPHABET."""
    return ALPHABET[_DOUBLED[_sum([_VALUES[character] for character in data.lower()])]]


def in_groups(code: str) -> Iterator[str]:
    """A code's characters as they are grouped for people."""
    return (code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def _code(bits: int) -> str:
    total, pairs = 0, []
    for shift in range(70, -1, -10):
        pair = bits >> shift & 1023
        total = _AFTER_PAIR[total][pair]
        pairs.append(_PAIRS[pair])
    return "-".join((*in_groups("".join(pairs)), ALPHABET[_DOUBLED[total]]))


def _sum(values: list[int]) -> int:
    total = 0
    for value in values:
        total = _DOUBLED[total] ^ value
    return total

"""The names of the filter's keys."""

from __future__ import annotations

from hashlib import blake2b


class OwnerKeys:
    """The keys of one owner: all of one hash tag, so that one script may take from all of them.

    secret: subjects are people, devices and phones: nothing to keep in plain words.
    """

    __slots__ = ("_before", "_secret")

    def __init__(self, tenant: str, owner: str, secret: bytes) -> None:
        self._before = f"rangli:{{{tenant}/{owner}}}:"
        self._secret = secret

    def stock(self, limit_id: str) -> str:
        """A stock's key, of whatever epoch."""
        return f"{self._before}s:{limit_id}"

    def counter(self, epoch: int, limit_id: str, subject_id: str) -> str:
        """A subject's counter: begun anew with each epoch."""
        name = f"{limit_id}\0{subject_id}".encode()
        hashed = blake2b(name, digest_size=15, key=self._secret, person=b"filter").hexdigest()
        return f"{self._before}c:{epoch}:{hashed}"

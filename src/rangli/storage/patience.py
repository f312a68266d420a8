"""How long what gathers goes on gathering.

What is done together costs least when much is. A process that keeps up has no reason to wait; one
that is behind makes everybody wait anyhow, the less the more it does at once. Which of the two it
is shows in whether more have come whenever the loop has looked around.
"""

from __future__ import annotations

import time

_MOST_S = 0.02
# A call takes the loop some turns from its arrival until it asks for something.
_QUIET_TURNS = 3
_TICK_S = 0.001


class Patience:
    """Of one crowd. Its keeper pauses for `pause_s`, asks whether it is over, and so on."""

    __slots__ = ("_count", "_quiet", "_until", "pause_s")

    def __init__(self, count: int) -> None:
        self._until = time.monotonic() + _MOST_S
        self._quiet = 0
        self._count = count
        self.pause_s = 0.0

    @property
    def is_spent(self) -> bool:
        """Whether they have waited for as long as anybody does."""
        return time.monotonic() >= self._until

    def is_over(self, count: int) -> bool:
        """Whether they leave, so many, as nobody has come in the last turns; or it is spent.

        Of more than one, nobody must have come for a millisecond after that either.
        """
        if count > self._count:
            self._count, self._quiet, self.pause_s = count, 0, 0.0
            return self.is_spent
        self._quiet += 1
        if self._quiet < _QUIET_TURNS:
            return self.is_spent
        if self._count == 1 or self.pause_s:
            return True
        self.pause_s = _TICK_S
        return self.is_spent

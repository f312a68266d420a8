"""Catalogues that were the newest a while ago: carts are priced on them as they were promised.

What two versions have in common they share, so that one costs what changed since and, if activities
did, its tables of all of them: about half a KB for each. A change of sets, entries, policies or
budgets alone costs next to nothing.
"""

from __future__ import annotations

from collections import deque
from time import monotonic

from rangli.activities.catalogue import Catalogue

# As long as the longest life of a promise.
KEPT_S = 3_600.0
KEPT_MAX = 64
# In all of them together, hence about 50 MB of a tenant.
ACTIVITIES_MAX = 100_000


class Kept:
    """One tenant's catalogues of the last hour.

    Where they are too many, or too large, the oldest are forgotten.
    """

    def __init__(self) -> None:
        # Rising versions, each with when it was followed by another.
        self._catalogues: deque[tuple[float, Catalogue]] = deque()

    def follow(self, before: Catalogue, after: Catalogue) -> None:
        """Keeps a catalogue that another is put in the place of."""
        if after.version < before.version:
            # Postgres went back to an older state: versions come again and mean something else.
            self._catalogues.clear()
        elif after.version > before.version:
            self._catalogues.append((monotonic(), before))
            while len(self._catalogues) > KEPT_MAX or self._activities() > ACTIVITIES_MAX:
                self._catalogues.popleft()

    def find(self, version: int) -> Catalogue | None:
        """The catalogue at that version; None if it is not kept."""
        for _, catalogue in self._catalogues:
            if catalogue.version == version:
                return catalogue
        return None

    def forget_old(self) -> None:
        """Drops those whose time has passed."""
        until = monotonic() - KEPT_S
        while self._catalogues and self._catalogues[0][0] < until:
            self._catalogues.popleft()

    def _activities(self) -> int:
        """In all tables that are not shared."""
        tables = {id(catalogue.activities): catalogue for _, catalogue in self._catalogues}
        return sum(len(catalogue.activities) for catalogue in tables.values())

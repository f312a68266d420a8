"""What counters are, without a database: dictionaries, and one request after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from rangli.core.errors import Reason

Item = tuple[str, str, int]  # limit_id, subject_id, quantity
Place = tuple[str, str, int]  # limit_id, subject_id, day (0 of a lifetime)


@dataclass
class PlainLimit:
    """is_daily: else for good.  is_shared: by everybody."""

    most: int
    is_shared: bool
    is_daily: bool


@dataclass
class PlainReservation:
    """counted: where its items count, or have counted."""

    items: tuple[Item, ...]
    counted: list[tuple[Place, int]]
    state: str = "RESERVED"
    is_due: bool = False


@dataclass
class Plain:
    """Limits, what is used of them, and reservations. Verbs answer the state, or why not."""

    limits: dict[str, PlainLimit]
    used: dict[Place, int] = field(default_factory=dict)
    reservations: dict[str, PlainReservation] = field(default_factory=dict)
    day: int = 1

    def place(self, limit_id: str, subject_id: str) -> Place:
        limit = self.limits[limit_id]
        subject = "" if limit.is_shared else subject_id
        return limit_id, subject, self.day if limit.is_daily else 0

    def left(self, limit_id: str, subject_id: str) -> int:
        used = self.used.get(self.place(limit_id, subject_id), 0)
        return max(0, self.limits[limit_id].most - used)

    def reserve(self, key: str, items: tuple[Item, ...]) -> str | Reason:
        if known := self.reservations.get(key):
            ended = known.state == "ROLLED_BACK"
            return Reason.RESERVATION_ENDED if ended else Reason.NAME_TAKEN
        counted = self._count(items)
        if isinstance(counted, Reason):
            return counted
        self.reservations[key] = PlainReservation(items, counted)
        return "RESERVED"

    def confirm(self, key: str, *, late: bool) -> str | Reason:
        known = self.reservations.get(key)
        if known is None:
            return Reason.NO_SUCH_RESOURCE
        self._expire_if_due(known)
        if known.state == "EXPIRED" and late:
            counted = self._count(known.items)
            if isinstance(counted, Reason):
                return counted
            known.counted = counted
        elif known.state not in ("RESERVED", "CONFIRMED"):
            return Reason.RESERVATION_ENDED
        known.state = "CONFIRMED"
        return known.state

    def roll_back(self, key: str) -> str | Reason:
        known = self.reservations.setdefault(key, PlainReservation((), [], "ROLLED_BACK"))
        if known.state in ("RESERVED", "CONFIRMED"):
            self._give_back(known)
        known.state = "ROLLED_BACK"
        return known.state

    def sweep(self) -> None:
        for known in self.reservations.values():
            self._expire_if_due(known)

    def _count(self, items: tuple[Item, ...]) -> list[tuple[Place, int]] | Reason:
        counted: list[tuple[Place, int]] = []
        for limit_id, subject_id, quantity in items:
            limit, place = self.limits[limit_id], self.place(limit_id, subject_id)
            if self.used.get(place, 0) + quantity > limit.most:
                for where, back in counted:
                    self.used[where] -= back
                is_stock = limit.is_shared and not limit.is_daily
                return Reason.SOLD_OUT if is_stock else Reason.LIMIT_REACHED
            self.used[place] = self.used.get(place, 0) + quantity
            counted.append((place, quantity))
        return counted

    def _expire_if_due(self, known: PlainReservation) -> None:
        if known.is_due and known.state == "RESERVED":
            self._give_back(known)
            known.state = "EXPIRED"

    def _give_back(self, known: PlainReservation) -> None:
        for place, quantity in known.counted:
            self.used[place] -= quantity

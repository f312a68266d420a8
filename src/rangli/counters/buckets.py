"""A stock in several rows, so that not everybody waits for the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def shares(used: Sequence[int], most: int, buckets: int) -> list[int]:
    """Each row's share of `most`: never below what is used there, so in all it may be more.

    used: of all rows.  buckets: what there is room for is spread evenly over so many of the first.
    """
    each, more = divmod(max(0, most - sum(used)), buckets)
    return [
        out + (each + (bucket < more) if bucket < buckets else 0) for bucket, out in enumerate(used)
    ]


def pick(rooms: Sequence[int], need: int, start: int) -> dict[int, int]:
    """The first buckets from `start` on, in the round, that have room for `need`, with their rooms.

    If all together have too little: all that have any, which may be none.
    """
    picked: dict[int, int] = {}
    for turn in range(len(rooms)):
        bucket = (start + turn) % len(rooms)
        if need <= 0:
            break
        if rooms[bucket] > 0:
            picked[bucket] = rooms[bucket]
            need -= rooms[bucket]
    return picked


def is_short(found: Mapping[int, int], picked: Mapping[int, int], need: int) -> bool:
    """Whether the rows picked, now locked, may have too little although others have enough.

    If each has just what was seen before, then at that moment there was no more in all.
    """
    return sum(found.values()) < need and found != picked

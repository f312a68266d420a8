"""Catalogues of a while ago are kept for what was promised on them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rangli.activities import kept
from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.kept import KEPT_MAX, Kept
from tests.activities.compiled import catalogue, live
from tests.world import World, cart, line, spec


def following(*versions: int) -> Kept:
    """What is kept after catalogues of these versions followed each other."""
    kept = Kept()
    catalogues = [Catalogue("t", version) for version in versions]
    for before, after in pairwise(catalogues):
        kept.follow(before, after)
    return kept


def versions(kept: Kept, upto: int = 200) -> list[int]:
    return [version for version in range(upto) if kept.find(version) is not None]


def test_those_that_were_followed_by_another_are_kept() -> None:
    assert versions(following(1, 2, 5, 6)) == [1, 2, 5]


def test_the_same_version_with_another_base_is_not_kept_twice() -> None:
    assert versions(following(1, 1, 1)) == []


def test_only_so_many_are_kept_the_oldest_go() -> None:
    assert versions(following(*range(1, KEPT_MAX + 4))) == list(range(3, KEPT_MAX + 3))


def test_large_ones_are_fewer_unless_they_share_their_activities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "ACTIVITIES_MAX", 3)
    one = live("a", spec("item_discount", percent_off={"off_bps": 1000}))
    changing, shared = Kept(), Kept()
    before = catalogue([one])
    for version in range(2, 9):
        changing.follow(before, now := evolve(before, version, activities={"a": one}))
        before = now
    for version in range(9, 16):
        shared.follow(before, now := evolve(before, version, pool_levels={}))
        before = now

    assert versions(changing) == [5, 6, 7]
    assert versions(shared) == list(range(8, 15))


def test_what_is_older_than_an_hour_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1_000.0
    monkeypatch.setattr(kept, "monotonic", lambda: clock)
    found = following(1, 2)
    clock += 3_600
    found.follow(Catalogue("t", 2), Catalogue("t", 3))
    found.forget_old()
    assert versions(found) == [1, 2]

    clock += 1
    found.forget_old()

    assert versions(found) == [2]


def test_after_postgres_went_back_no_version_is_what_it_was() -> None:
    assert versions(following(1, 2, 3, 2)) == []


async def test_the_feed_gives_older_versions_which_price_as_they_did(world: World) -> None:
    await world.launch("a", spec("item_discount", percent_off={"off_bps": 1000}))
    await world.caught_up()
    first = world.catalogue

    await world.verb("Pause", "a")
    await world.caught_up()

    newest = world.catalogue
    assert newest.version > first.version
    assert world.feed.catalogue_at(world.tenant, first.version) is first
    assert world.feed.catalogue_at(world.tenant, newest.version) is newest
    assert world.feed.catalogue_at(world.tenant, newest.version + 1) is None
    assert world.feed.catalogue_at("nobody", 7) is None
    assert (await world.quote(cart(line("x", 100)))).payable_minor == 100

"""When, where and for whom activities act: whether two ever meet, whether one is always there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rangli.activities.entries import EVERYWHERE
from rangli.activities.live import LiveActivity
from rangli.activities.scope import Stores, Users
from rangli.core.clock import instant, micros
from rangli.pricing.lint import products
from rangli.pricing.lint.model import Look

# In longer schedules every part of the week comes, whatever clocks do.
_WHOLE_WEEKS = timedelta(days=15)
_COMPARED_MAX = 100_000


def together(look: Look, one: LiveActivity, other: LiveActivity) -> tuple[int, int] | None:
    """From when to when both may act on one cart; None if they never do."""
    starts_us = max(one.starts_us, other.starts_us, look.at_us)
    ends_us = min(one.ends_us, other.ends_us)
    if (
        starts_us >= ends_us
        or one.currency != other.currency
        or (one.price_basis and other.price_basis and one.price_basis != other.price_basis)
        or (one.channels and other.channels and set(one.channels).isdisjoint(other.channels))
        or not _windows_meet(one, other)
        or not _stores_meet(look, one.stores, other.stores)
        or not _users_meet(look, one.users, other.users)
    ):
        return None
    return starts_us, ends_us


def shared_product(look: Look, one: LiveActivity, other: LiveActivity) -> str | None:
    """A product that both act on, "" if none is known by name; None if none seems to be."""
    if one.is_book or other.is_book:
        book, beside = (one, other) if one.is_book else (other, one)
        entries = look.catalogue.books.get(book.activity_id)
        if beside.products is None or entries is None:
            return None
        skus = sorted(beside.products.skus)
        return next((sku for sku in skus if entries.knows(sku, (EVERYWHERE,))), None)
    if one.products is None or other.products is None:
        return "" if one.products is other.products and one.lists == other.lists else None
    return products.shared(look, one.products, other.products)


def always_there(look: Look, narrow: LiveActivity, wide: LiveActivity) -> bool:
    """Whether wherever, whenever and for whomever the one may act, the other may too.

    Products aside. Surely: where that is not certain, it is not said.
    """
    if any(each.further or each.by_basis for each in (wide, narrow)):
        return False  # what each gives depends on the cart
    return (
        wide.starts_us <= max(narrow.starts_us, look.at_us)
        and wide.ends_us >= narrow.ends_us
        and wide.currency == narrow.currency
        and wide.price_basis in ("", None, narrow.price_basis)
        and _windows_within(narrow, wide)
        and (not wide.channels or 0 < len(narrow.channels) == len(_in(narrow, wide)))
        and _stores_within(narrow.stores, wide.stores)
        and _users_within(narrow.users, wide.users)
    )


def ever_open(activity: LiveActivity, at_us: int) -> bool:
    """Whether its weekly windows leave an instant of its schedule from that one on."""
    starts_us, ends_us = max(activity.starts_us, at_us), activity.ends_us
    if starts_us >= ends_us:
        return False
    starts_at, ends_at = instant(starts_us), instant(ends_us)
    if not activity.weekly_windows or ends_at - starts_at >= _WHOLE_WEEKS:
        return True
    day = starts_at.astimezone(activity.time_zone).date() - timedelta(days=1)
    candidates = [starts_us]
    while day <= ends_at.astimezone(activity.time_zone).date() + timedelta(days=1):
        for window in activity.weekly_windows:
            for fold in (0, 1):
                local = datetime(day.year, day.month, day.day, fold=fold) + timedelta(
                    minutes=window.from_minute
                )
                local = local.replace(tzinfo=activity.time_zone, fold=fold)
                at = local.astimezone(UTC)
                if at.astimezone(activity.time_zone).replace(fold=fold) != local:
                    return True  # the clock leaps over its begin: better nothing said
                candidates.append(micros(at))
        day += timedelta(days=1)
    return any(starts_us <= c < ends_us and activity.dormant(c) is None for c in candidates)


def _in(narrow: LiveActivity, wide: LiveActivity) -> set[str]:
    return set(narrow.channels) & set(wide.channels)


def _windows_meet(one: LiveActivity, other: LiveActivity) -> bool:
    if not (one.weekly_windows and other.weekly_windows) or one.time_zone != other.time_zone:
        return True
    return any(
        not set(a.days).isdisjoint(b.days)
        and max(a.from_minute, b.from_minute) < min(a.to_minute, b.to_minute)
        for a in one.weekly_windows
        for b in other.weekly_windows
    )


def _windows_within(narrow: LiveActivity, wide: LiveActivity) -> bool:
    if not wide.weekly_windows:
        return True
    return (
        bool(narrow.weekly_windows)
        and narrow.time_zone == wide.time_zone
        and all(
            any(
                set(inner.days) <= set(outer.days)
                and outer.from_minute <= inner.from_minute
                and inner.to_minute <= outer.to_minute
                for outer in wide.weekly_windows
            )
            for inner in narrow.weekly_windows
        )
    )


def no_store(look: Look, target: Stores) -> bool:
    """Whether surely no store is in the target."""
    return not _stores(look, target)


def _stores(look: Look, target: Stores) -> frozenset[str]:
    out = target.exclude_store_ids | look.members(target.exclude_set_ids)
    return (target.store_ids | look.members(target.set_ids)) - out


def _stores_meet(look: Look, one: Stores | None, other: Stores | None) -> bool:
    if one is None or other is None or one == other:
        return True
    return not _stores(look, one).isdisjoint(_stores(look, other))


def _stores_within(narrow: Stores | None, wide: Stores | None) -> bool:
    if wide is None:
        return True
    return narrow is not None and (
        narrow.store_ids <= wide.store_ids
        and narrow.set_ids <= wide.set_ids
        and wide.exclude_store_ids <= narrow.exclude_store_ids
        and wide.exclude_set_ids <= narrow.exclude_set_ids
    )


def nobody(look: Look, target: Users) -> bool:
    """Whether surely no shopper is in the target."""
    if target.user_groups:
        return False
    if not set(target.set_ids).isdisjoint(target.exclude_set_ids):
        left = [s for s in target.set_ids if s not in target.exclude_set_ids]
        return not look.members(left)
    return not look.members(target.set_ids)


def _users_meet(look: Look, one: Users | None, other: Users | None) -> bool:
    if one is None or other is None or one == other or one.user_groups or other.user_groups:
        return True
    ours, theirs = look.members(one.set_ids), look.members(other.set_ids)
    return min(len(ours), len(theirs)) > _COMPARED_MAX or not ours.isdisjoint(theirs)


def _users_within(narrow: Users | None, wide: Users | None) -> bool:
    if wide is None:
        return True
    return narrow is not None and (
        set(narrow.set_ids) <= set(wide.set_ids)
        and narrow.user_groups <= wide.user_groups
        and set(wide.exclude_set_ids) <= set(narrow.exclude_set_ids)
    )

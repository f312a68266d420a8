"""What product targets have to do with each other: nothing left, one within another, shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rangli.activities.matching import category_and_above
from rangli.activities.scope import Products
from rangli.pricing.lint.model import Look

# Sets up to this size are compared member by member.
_COMPARED_MAX = 10_000


def terms(target: Products) -> Iterator[tuple[str, str]]:
    """What a target includes, one by one: ("sku", "x"), ("category", "a/b"), ("all", "")."""
    if target.all:
        yield "all", ""
    for kind, names in (
        ("sku", target.skus),
        ("set", target.set_ids),
        ("category", target.category_paths),
        ("brand", target.brands),
        ("tag", target.tags),
    ):
        for name in sorted(names):
            yield kind, name


def is_empty(look: Look, target: Products) -> bool:
    """Whether surely no product is in the target."""
    return not any(
        some_left(look, target, kind, name)
        for kind, name in terms(target)
        if kind != "set" or look.members((name,))
    )


def some_left(look: Look, target: Products, kind: str, name: str) -> bool:
    """Whether what a target includes by this term may still be in it."""
    exclude = target.exclude
    if exclude is None or not _band_within(target, exclude):
        return True
    return not _included(look, kind, name, exclude)


def count_max(look: Look, target: Products) -> int | None:
    """How many products it holds at most; None if that is not known."""
    if target.all or target.category_paths or target.brands or target.tags:
        return None
    return len(target.skus | look.members(target.set_ids))


def within(look: Look, narrow: Products, wide: Products) -> bool:
    """Whether surely every product of the one is a product of the other."""
    if narrow == wide:
        return True
    if not _band_within(narrow, wide) or wide.without not in ((), narrow.without):
        return False
    if wide.exclude is not None and not _excludes_as_much(narrow.exclude, wide.exclude):
        return False
    return wide.all or all(_included(look, kind, name, wide) for kind, name in terms(narrow))


def shared(look: Look, one: Products, other: Products) -> str | None:
    """Whether a product is in both: one of its skus, "" if none is known; None if none seems to be.

    Products that only happen to be in both (of that brand, and in that category) are not seen.
    """
    if not _bands_meet(one, other):
        return None
    named = _shared_skus(look, one, other)
    sku = next((s for s in named if not _out(look, one, s) and not _out(look, other, s)), None)
    if sku is not None:
        return sku
    for narrow, wide in ((one, other), (other, one)):
        for kind, name in terms(narrow):
            if kind in ("sku", "set") or not _included(look, kind, name, wide):
                continue
            if some_left(look, narrow, kind, name) and some_left(look, wide, kind, name):
                return ""
    return None


def _shared_skus(look: Look, one: Products, other: Products) -> Iterable[str]:
    for narrow, wide in ((one, other), (other, one)):
        for sku in sorted(narrow.skus):
            if _names(look, wide, sku):
                yield sku
    # A set's members by the smaller of the two.
    ours, theirs = look.members(one.set_ids), look.members(other.set_ids)
    if one.all or other.all:
        yield from sorted((ours or theirs) if len(ours or theirs) <= _COMPARED_MAX else ())[:1]
    elif min(len(ours), len(theirs)) <= _COMPARED_MAX:
        yield from sorted(ours & theirs)


def _included(look: Look, kind: str, name: str, wide: Products) -> bool:
    """Whether surely all products that a term includes are included by a target."""
    if wide.all:
        return True
    match kind:
        case "sku":
            found = _names(look, wide, name)
        case "set":
            found = name in wide.set_ids or _names_all(look, wide, name)
        case "category":
            found = not wide.category_paths.isdisjoint(category_and_above(name) or ())
        case "brand":
            found = name in wide.brands
        case "tag":
            found = name in wide.tags
        case _:
            found = False
    return found


def _names_all(look: Look, target: Products, set_id: str) -> bool:
    """Whether a target includes every product of a set by name."""
    members = look.members((set_id,))
    return len(members) <= _COMPARED_MAX and all(_names(look, target, sku) for sku in members)


def _names(look: Look, target: Products, sku: str) -> bool:
    """Whether a target includes the product by name."""
    return (
        target.all
        or sku in target.skus
        or not target.set_ids.isdisjoint(look.catalogue.index.sets_of.get(sku, ()))
    )


def _out(look: Look, target: Products, sku: str) -> bool:
    exclude = target.exclude
    return exclude is not None and _names(look, exclude, sku)


def _excludes_as_much(much: Products | None, little: Products) -> bool:
    """Whether surely everything that the second excludes, the first does too."""
    if much is None or not _band_within(little, much):
        return False
    return much.all or (
        not little.all
        and little.skus <= much.skus
        and little.set_ids <= much.set_ids
        and little.category_paths <= much.category_paths
        and little.brands <= much.brands
        and little.tags <= much.tags
    )


def _band_within(narrow: Products, wide: Products) -> bool:
    """Whether the list prices of the one are among those of the other."""
    if wide.max_list_minor and not 0 < narrow.max_list_minor <= wide.max_list_minor:
        return False
    return wide.min_list_minor <= narrow.min_list_minor


def _bands_meet(one: Products, other: Products) -> bool:
    return all(
        not high.max_list_minor or low.min_list_minor <= high.max_list_minor
        for low, high in ((one, other), (other, one))
    )

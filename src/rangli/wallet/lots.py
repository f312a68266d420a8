"""Which lots pay: the ones that expire first, of those that are locked."""

from __future__ import annotations

from collections.abc import Iterable

from rangli.core.errors import Reason, Refused
from rangli.ledger.book import Book
from rangli.wallet.model import Pocket


def take(
    book: Book, pocket: Pocket, lots: Iterable[int], amount: int, *, lots_max: int
) -> list[tuple[int, int]]:
    """How much of which lot: so much in all, each as far as it goes, in the order given.

    Lots whose time has passed by the book's clock are left out. Changes nothing.
    Raises Refused (INSUFFICIENT_FUNDS) if all of them, or the first `lots_max`, hold less.
    """
    taken: list[tuple[int, int]] = []
    available = 0
    for account_id in lots:
        lot = book.account(pocket.tenant, account_id)
        if lot.expired(book.now) or lot.available_minor <= 0:
            continue
        if len(taken) == lots_max:
            raise _short(pocket, available, amount, lots_max=lots_max)
        part = min(amount - available, lot.available_minor)
        taken.append((account_id, part))
        available += part
        if available == amount:
            return taken
    raise _short(pocket, available, amount)


def frozen(pocket: Pocket) -> Refused:
    """The refusal of what would go out of a frozen pocket."""
    return Refused(
        Reason.FUNDS_FROZEN,
        f"{pocket.owner} {pocket.kind} is frozen",
        metadata={"owner": pocket.owner, "kind": pocket.kind, "unit": pocket.unit},
    )


def _short(pocket: Pocket, available: int, wanted: int, **limit: int) -> Refused:
    why = f" in {limit['lots_max']} lots, which is all that may be used at once" if limit else ""
    return Refused(
        Reason.INSUFFICIENT_FUNDS,
        f"{pocket.owner} {pocket.kind} {pocket.unit}: {available} is available{why}, not {wanted}",
        metadata={
            "owner": pocket.owner,
            "kind": pocket.kind,
            "unit": pocket.unit,
            "available_minor": available,
            "wanted_minor": wanted,
            **limit,
        },
    )

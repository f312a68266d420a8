"""What is wrong, or may go wrong, with activities, found without pricing a cart.

Each kind of finding has its file; all are in the one list below. Budgets are taken to have money:
what one pauses for a while is as good as running.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from rangli.pricing.lint import credentials, depth, overlap, shadow, unreachable
from rangli.pricing.lint.model import FINDINGS_MAX, Finding, Look

__all__ = ["lint"]


def lint(look: Look) -> tuple[list[Finding], bool]:
    """At most `FINDINGS_MAX` findings, errors first, then by activity; and whether there are more.

    More there are, too, where so many activities compete that not all pairs are looked at.
    """
    rivals, shades = overlap.pairs_of(look), shadow.pairs_of(look)
    kinds: tuple[Iterable[Finding], ...] = (
        unreachable.find(look),
        overlap.no_group(look),
        overlap.same_code(look),
        shadow.find(look, shades),
        credentials.find(look),
        depth.find(look),
        overlap.find(look, rivals),
    )
    found: dict[Finding, None] = {}
    for findings in kinds:
        # One more of each kind than fits, so that no kind hides an error of another.
        found.update(dict.fromkeys(islice(findings, FINDINGS_MAX + 1)))
    ordered = sorted(found, key=lambda f: (-f.severity, f.activity_ids, f.kind, f.message))
    return ordered[:FINDINGS_MAX], rivals.cut or shades.cut or len(ordered) > FINDINGS_MAX

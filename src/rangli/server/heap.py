"""The collector of a process that serves: it looks seldom, and never at what stays."""

from __future__ import annotations

import gc

# So many containers more than were let go since the last look. A full process holds some ten
# thousand of them for its calls, nearly all of which end without the collector: by Python's own
# threshold, of 700, each call would pay for its being looked at again and again.
_YOUNG = 50_000
_YOUNG_A_MIDDLE, _MIDDLES_A_FULL = 20, 50


def settle() -> None:
    """What was loaded up to now stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _YOUNG_A_MIDDLE, _MIDDLES_A_FULL)

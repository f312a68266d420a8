"""The price kernel in use: `price(programs, tree, plan) -> Outcome`.

It is the compiled one, unless the environment says `RANGLI_KERNEL=reference`: the readable one of
`stacking/`, for comparing whole runs. Both give the same outcome, bit for bit.
"""

from __future__ import annotations

import os

_chosen = os.environ.get("RANGLI_KERNEL", "compiled")
if _chosen == "compiled":
    from rangli.pricing._stacking import price
elif _chosen == "reference":
    from rangli.pricing.stacking import price
else:
    raise ValueError(f"RANGLI_KERNEL is compiled or reference, not {_chosen!r}")

__all__ = ["price"]

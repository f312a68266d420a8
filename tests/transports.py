"""The transports on which tests serve: both, or the one that RANGLI_TRANSPORT names."""

from __future__ import annotations

import os

from rangli.transport.choice import TRANSPORTS, Transport

_NAMED = os.environ.get("RANGLI_TRANSPORT")
CHOSEN: tuple[Transport, ...] = tuple(each for each in TRANSPORTS if _NAMED in (None, each))
assert CHOSEN, f"RANGLI_TRANSPORT={_NAMED} is none of {', '.join(TRANSPORTS)}"
# Of tests that serve on one only.
USUAL: Transport = CHOSEN[0]

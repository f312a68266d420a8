"""locust users of all that a shop asks for day by day, at a steady number.

By one command, set-up and checks included: `python -m loadtests --kind mix`. By hand:

    RANGLI_LOAD_TENANT=... locust -f loadtests/mix.py --host 127.0.0.1:7700

Of ten users six buy, two come for the coupons of a sale, one pays out of a wallet and one takes
marketing money; each does and checks what its own file says.
"""

from __future__ import annotations

from loadtests.claims import ClaimUser
from loadtests.money import FundUser, WalletUser
from loadtests.orders import OrderUser

__all__ = ["ClaimUser", "FundUser", "OrderUser", "WalletUser"]

for _kind, _weight in ((OrderUser, 6), (ClaimUser, 2), (WalletUser, 1), (FundUser, 1)):
    _kind.weight = _weight

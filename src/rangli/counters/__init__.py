"""Who may have how much of what, in which period: limits, and stock as the limit that all share.

`CounterBook` decides on locked rows; domains keep what was counted (`Counted`) with their own rows
and give it back from there. `filter` says an early no out of Redis; PostgreSQL alone says yes.
"""

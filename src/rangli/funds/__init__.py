"""Marketing money: budget pools in a tree, who bears which share of an activity, settlement.

The money is in the `ledger`: a pool has an account for what it got and did not pass on (`budget`),
and one for what it spent. Allocating moves money from parent to child, so no pool gives more than
its parent gave it; an order's reservation is a hold from `budget` to `spent`, so no pool gives more
than it has. What is here says for whom: which activity and funder each leg of a hold is for, which
business day it counts for, and how far a pool is used.

    model           pools and their levels, shares and how amounts are split: pure
    wanted          what is asked for orders, and what is told of reservations
    records         what is kept of reservations
    amounts, room   how much is meant, and what there is
    book            decisions on locked pools and holds, around the ledger's book
    store           SQL of pools and fundings       spending_store  of reservations
    service         what other domains ask: who bears an activity, how pools stand
    pools           what operators do with pools    spending        what orders do, in batches
    settlement      who paid what; whether others' books agree (and settlement_store, its SQL)
    sweeper         counts what has expired; begins new days
    audit           what must hold at all times

A pool's rows are read and written under the lock of its budget account, which every change takes:
so they need no locks of their own, and the ledger's order of locks is the only one.
"""

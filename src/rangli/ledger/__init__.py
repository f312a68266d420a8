"""The ledger: one way to move value.

Accounts belong to an owner and hold one unit. Every transaction's entries sum to zero; entries are
never changed; balances equal their entries at all times. A hold sets value aside until it is
captured, voided or its time has passed by PostgreSQL's clock. Budgets (`funds`) and balances
(`wallet`) are accounts here; this room knows neither.

    model       accounts, holds, legs, causes
    book        decisions on locked rows: pure
    checks      what it refuses, and in which words: pure
    store       accounts by name, rows to lock, and what a book has done
    at_once     a batch of postings in one statement, if nothing speaks against it
    service     postings through the batcher, balances, statements
    statements  what accounts hold and what moved on them
    sweeper     ends holds and lots whose time has passed
    audit       what must hold at all times, as SQL that names the rows that break it
"""

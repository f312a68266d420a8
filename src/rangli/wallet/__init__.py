"""Shoppers' own value: balance, points and cash in lots that expire. It pays; it is no discount.

A lot is an account of the ledger, a reservation is a hold, and a refund moves back what its legs
have taken; this room adds which lots pay, what each tender was worth, and who is frozen. (Payouts
and transfers between users would be further pairs of accounts: nothing here assumes that value
only comes from the house.)

    model       pockets, tenders, reservations, and what can be asked
    tender      how a refund is shared by tenders and lots: pure
    lots        which lots pay: pure, on the ledger's book
    service     credits, debits, freezes
    orders      reserve, capture, release
    refunds     back to the lots that paid
    store       SQL that locks and changes; `read_store` what is only read
    asked_rpc   requests, checked;  answer_rpc  answers;  rpc  the service
    audit       what must hold at all times
"""

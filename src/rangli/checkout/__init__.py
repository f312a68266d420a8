"""From a cart to an order: evaluate, reserve, amend, commit, release, refund.

What is personal and changing (coupons, limits, budgets, tender) is gathered here and handed to
`pricing`, which stays a pure function; what an order needs is taken in one transaction.
"""

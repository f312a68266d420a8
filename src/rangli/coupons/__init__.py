"""Coupons: one user's proof of entitlement to an activity. Batches, claims, issue, codes.

The activity holds the rule and its cost; a coupon says who may use it, and until when. Stock and
limits are counted by `counters`.
"""

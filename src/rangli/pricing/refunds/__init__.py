"""What a return refunds, out of the snapshot of the quote that was paid and of nothing else.

What is kept of an order has an amount due, 0 or more, which depends on what is kept alone, not on
how it came to be kept. A return refunds by how much its leaving lowers the amount due. So whatever
the sequence, refunds come to what was paid once everything is returned. Where a return would raise
the amount due, nothing is refunded, and the difference lowers later refunds (`owed_minor`).

Units leave from the last down, those of a line and those an adjustment names. The first k of n
units bear amount * k / n of it, rounded down: what is kept is never due less than its exact part,
so no refund comes too early. Funders share what is undone as they shared the whole.

The amount due is the list price of what is kept, less what of each activity's discount stays. The
activities are gone through in the order in which they acted:

KEEP            its discount stays on what is kept.
CLAWBACK        it is judged again on what is kept and what the activities before it leave there,
                with the snapshot's terms. Where it no longer reaches its conditions, its tier or as
                many sets or multiples, no more of its discount stays than it would give now: each
                kept unit keeps a part of its own share, nothing moves to other lines. Gifts it
                would no longer give are due at their worth.
REQUIRE_RETURN  as CLAWBACK, and what was got for the conditions is named: it comes back, or stays
                due.
REPRICE         once one such activity had applied, what is kept is priced as a whole: all that
                could have acted, under the snapshot's policy and limits. In this the others keep
                their place with a fixed amount, what stays of them by the rules above; what had
                not applied in a group that one of them acted in stays out of it.

Delivery groups are lines of one unit: returned when named. Gifts cost nothing and refund nothing,
unless they had become due.
"""

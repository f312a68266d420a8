"""The price kernel and quotes: a pure function from cart, catalogue and instant to a price.

cart       what is priced
policy     in which groups activities act, and who wins in each
quote      the way of a cart through all that follows
asked      a cart made ready: matching, acting order, the kernel's rows
matching   which activities act on which lines, and why the others don't: `matched`;
           what rules may read of the request: `rule_names`
steps      what is to act as rows of a plan
plan       what the kernel reads and answers: integer arrays
stacking   the kernel's readable specification; `_stacking` is the compiled one
shared_limits  limits of an activity that acts several times
answering  the kernel's integers as an answer
answer     a price: who took what off which line, and why others gave nothing
hints      what unlocks a better price: from `gaps` of a `priced_cart` follow `changes`
estimates  prices for product pages; `validity` is until when they hold
refunds    what a return pays back, from a quote's snapshot
lint       what is wrong, or may go wrong, with activities as a whole
simulate   what carts come to before and after a change
codec      when quotes go from bytes to bytes without objects between: `_codec`
threads    where prices are found that take long
*_rpc      between all these and their messages
"""

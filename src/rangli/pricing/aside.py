"""Prices for other domains: at once where they take a moment, else in a thread."""

from __future__ import annotations

from functools import partial

from rangli.activities.catalogue import Catalogue
from rangli.pricing.answer import Quote
from rangli.pricing.asked import asked
from rangli.pricing.cart import Cart
from rangli.pricing.quote import priced, quote, quoted
from rangli.pricing.threads import Threads

# With more lines than this even matching a cart may keep others waiting.
LINES_AT_ONCE = 100


async def quote_aside(threads: Threads, catalogue: Catalogue, cart: Cart) -> Quote:
    """As `quote`, without keeping other calls waiting. Raises Exhausted (OVERLOADED) too."""
    if len(cart.lines) > LINES_AT_ONCE:
        return await threads.run(partial(quote, catalogue, cart))
    made = asked(catalogue, cart)
    if not made.takes_long:
        return quoted(made, priced(made))
    return quoted(made, await threads.run(partial(priced, made)))

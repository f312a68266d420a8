"""`rangli demo`: a real retailer's year, priced over gRPC, compared with what the tills recorded.

    data      the Complete Journey lines in cents, and what is left out
    book      the price book: the most frequent unit discount per product and week
    coupons   redemptions traced to lines, and the coupons' face values
    oracle    the same prices worked out a second time, apart from the service
    budgets   the pools that pay for them, in a tree
    offers    book and coupons as the service's messages
    publish   their way into a running server
    baskets   baskets as quotes, answers as columns
    replay    all baskets through the server, in time order
    settle    what they took, posted to the budgets, settled per funder, reconciled
    compare   service against oracle against tills
    report    what they come to, as tables;  page  in HTML;  chart  its pictures
    run       the whole job, top to bottom;  command  its options

Everything but `command` needs the extra: `pip install 'rangli[demo]'`.
"""

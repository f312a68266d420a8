"""The same carts and promotions through rangli and through other engines, in one run.

    __main__    `make peers`: installs, compares the answers, then measures and writes the table
    problems    the carts and promotions, and by a plain formula what they must come to
    ours        the same through rangli
    peer        an engine in a process of its own, asked by lines of JSON
    engines/    what those processes run, with the versions they need
    install     gets the engines into build/peers, from PyPI and npm
    measure     interleaved rounds, each answer compared with the formula

**What is compared.** Engines differ in what a second promotion is taken off, so the promotions are
such that all must agree. Every category has at most one percentage, which acts before anything
else; whatever follows is an amount off units, which depends on no base; nothing comes near the
price of a line. List prices are whole dollars and percentages whole numbers, so that no discount
has a fraction of a cent and no engine's rounding can show. All promotions touch every cart; nine of
ten apply, the others ask for more than any cart holds.

**What is included.** Ours: from the request's bytes to the answer's, with decoding, catalogue
look-up, funders and encoding, and beside it the kernel alone. django-oscar: `Applicator.apply` on a
basket whose lines are loaded, with its offers in SQLite in memory, as oscar reads them. Medusa:
`computeActions` of its promotion module, with promotions that are plain objects in memory in the
place of its database. Each is timed inside its own process, with nothing to decode or encode for
the other two, by the wall clock, while the others wait.
"""

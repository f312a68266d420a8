"""Load on a running server: a retailer's real baskets, priced over gRPC by locust.

    __main__    `python -m loadtests`: set-up, run, summary, in one command
    prepare     some weeks of the retailer's year: published, and as baskets to ask for
    locustfile  the users; locust runs it, by the command above or by hand
    check       what a right answer is
    summary     rate, percentiles and failures of a run
    peers       the same carts through other engines: `make peers`

Needs the extras: `pip install 'rangli[demo,load]'`. Run from the root of the repository.
"""

"""Load on a running server by locust: real baskets priced, money moved, coupons fought over.

    __main__    `python -m loadtests`: set-up, run, summary, in one command
    prepare     some weeks of the retailer's year: published, and as baskets to ask for
    budgets     what the users of budgets take from
    locustfile  the users who ask for prices; locust runs it, by the command above or by hand
    money       the users who move money, likewise
    sale        what the users of coupons and orders need, and the look at it in the end
    claims      the users who fight over a flash sale; shape: how many they are, when
    codes       the users who redeem codes, and those who guess
    orders      the users who take carts to orders
    mix         all of them at once
    user        what all users are: calls timed, checked and reported
    check       what a right price is
    summary     rate, percentiles and failures of a run
    peers       the same carts through other engines: `make peers`

Needs the extras: `pip install 'rangli[demo,load]'`. Run from the root of the repository.
"""

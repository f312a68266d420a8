"""What a basket's answer says that it took of the budgets."""

from rangli.cli.demo import coupons
from rangli.cli.demo.baskets import Answers, Baskets
from rangli.v1.pricing_service_pb2 import AppliedActivity, FunderAmount, QuoteResponse
from tests.cli.demo import journeys


def answers() -> Answers:
    small = journeys.journey()
    found = coupons.trace(small.redemptions, small.coupons, small.lines)
    shown = coupons.presented(found, coupons.derive(found, small.lines), small.lines)
    return Answers(Baskets(small.lines, small.products, shown))


def applied(activity_id: str, *, retailer: int, brand: int, credential_id: str = ""):
    return AppliedActivity(
        activity_id=activity_id,
        version=3,
        credential_id=credential_id,
        discount_minor=retailer + brand,
        funders=[
            FunderAmount(funder="retailer", amount_minor=retailer),
            FunderAmount(funder="manufacturer", amount_minor=brand),
        ],
    )


def test_two_coupons_of_one_activity_are_one_item():
    noted = answers()
    quote = QuoteResponse(
        applied=[
            applied("till-prices", retailer=30, brand=0),
            applied("coupon", retailer=1, brand=99, credential_id="c1"),
            applied("coupon", retailer=2, brand=50, credential_id="c2"),
            applied("nothing", retailer=0, brand=0, credential_id="c3"),
        ]
    )

    noted.take(0, quote)

    (spend,) = noted.spends()
    assert (spend.request_id, spend.order_id) == ("basket:100", "100")
    assert spend.occurred_at.ToJsonString() == "2017-03-06T05:00:00Z"
    assert [
        (item.activity_id, item.version, item.amount_minor, [p.amount_minor for p in item.parts])
        for item in spend.items
    ] == [("till-prices", 3, 30, [30, 0]), ("coupon", 3, 152, [3, 149])]


def test_a_basket_that_nothing_was_taken_off_is_not_posted():
    noted = answers()

    noted.take(0, QuoteResponse())
    noted.take(1, QuoteResponse(applied=[applied("nothing", retailer=0, brand=0)]))

    assert noted.spends() == []

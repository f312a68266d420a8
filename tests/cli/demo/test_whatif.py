"""What if a campaign's coupons were off: the demo's seven baskets, through a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rangli.cli.demo import whatif
from rangli.cli.demo.serving import OwnServer
from rangli.cli.drafts import BadFile, Header
from rangli.cli.server import Server
from rangli.cli.simulated import report
from tests.cli.demo import journeys


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with OwnServer(workers=1) as server:
        yield server.ready()


async def test_without_a_campaigns_coupons_its_households_pay_what_the_coupons_gave(address):
    known = whatif.derive(journeys.journey())
    header = Header(named=10)
    whatif.leave_out(header, known, 1)

    answer = await whatif.simulate(known, Server(address), header, weeks=53)

    assert [draft.activity_id for draft in header.drafts] == ["coupon:900:c1"]
    assert (answer.carts, answer.refused) == (7, 0)
    (told,) = answer.differences
    assert (told.cheaper, told.dearer, told.same) == (0, 2, 5)
    # What the coupons gave in all: 1.50, and 0.90 where the milk cost no more.
    assert told.after.payable_minor - told.before.payable_minor == 150 + 90
    assert [(each.number, each.user_id) for each in told.losers] == [(0, "1"), (4, "5")]
    assert "coupon:900:c1 2.40 0.00 -2.40 2 0" in " ".join(report(answer).split())


def test_a_campaign_that_nobody_used_is_refused():
    known = whatif.derive(journeys.journey())

    with pytest.raises(BadFile):
        whatif.leave_out(Header(), known, 77)

"""Users see their coupons."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rangli.core.errors import Invalid
from rangli.coupons.reading import usable
from rangli.storage.postgres import connection
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import EXPIRED, FROZEN, LOCKED, NOW, USABLE, USED, VOID, Mint


async def one_in_each_state(mint: Mint) -> dict[int, pb.Coupon]:
    """Ann's coupon in each state; all last a day, but the USABLE one an hour less."""
    await mint.batch(per_user_max=0)
    made = {state: await mint.claim() for state in (USED, LOCKED, VOID, FROZEN, EXPIRED, USABLE)}
    await mint.order("lock", made[USED])
    await mint.order("use", made[USED])
    await mint.order("lock", made[LOCKED])
    await mint.void(made[VOID])
    await mint.change("Freeze", made[FROZEN])
    await mint.age(made[EXPIRED], 86_400)
    await mint.age(made[USABLE], 3_600)
    return made


async def test_a_user_sees_his_own_the_newest_first_in_the_states_asked_for(mint: Mint) -> None:
    made = await one_in_each_state(mint)
    await mint.claim("ben")

    listed = (await mint.list()).coupons

    assert [one.coupon_id for one in listed] == [one.coupon_id for one in reversed(made.values())]
    assert {one.coupon_id: one.state for one in listed} == {
        one.coupon_id: state for state, one in made.items()
    }
    for state, coupon in made.items():
        found = (await mint.list(states=[state])).coupons
        assert [one.coupon_id for one in found] == [coupon.coupon_id]
    assert len((await mint.list(states=[USABLE, EXPIRED])).coupons) == 2


async def test_a_list_goes_on_where_the_last_page_ended(mint: Mint) -> None:
    await mint.batch("b1", stock=50, per_user_max=0)
    await mint.batch("b2", per_user_max=0)
    made = [await mint.claim(batch_id="b2" if number % 5 == 0 else "b1") for number in range(13)]
    seen, token = [], ""
    for _ in range(5):
        page = await mint.list(page_size=3, page_token=token)
        seen += [one.coupon_id for one in page.coupons]
        token = page.next_page_token

    assert seen == [one.coupon_id for one in reversed(made)]
    assert token == ""
    assert len((await mint.list(batch_id="b2")).coupons) == 3


async def test_what_expires_soon_comes_soonest_first(mint: Mint) -> None:
    made = await one_in_each_state(mint)
    await mint.batch("later", validity={"lasts_s": 40 * 86_400}, per_user_max=0)
    await mint.batch("soon", validity={"lasts_s": 60}, stock=50, per_user_max=0)
    await mint.claim(batch_id="later")
    soon = [await mint.claim(batch_id="soon") for _ in range(5)]
    wanted = [one.coupon_id for one in soon] + [made[USABLE].coupon_id]
    seen, token = [], ""
    for _ in range(3):
        page = await mint.list(expiring_within_days=1, page_size=2, page_token=token)
        seen += [one.coupon_id for one in page.coupons]
        token = page.next_page_token

    assert seen == wanted
    assert token == ""
    assert len((await mint.list(expiring_within_days=40)).coupons) == 7
    only = (await mint.list(expiring_within_days=40, batch_id="later")).coupons
    assert [one.batch_id for one in only] == ["later"]


async def test_what_can_be_used_now_is_what_an_order_may_lock(mint: Mint) -> None:
    made = await one_in_each_state(mint)
    await mint.batch("later", validity={"from": NOW + timedelta(days=1), "lasts_s": 60})
    await mint.claim(batch_id="later")
    tenant = mint.world.tenant

    async with connection(mint.world.stores.pg) as conn:
        free = await usable(conn, tenant, "ann")
        with_order = await usable(conn, tenant, "ann", order_id="o1")
        of_another = await usable(conn, tenant, "ann", order_id="o9")
        few = await usable(conn, tenant, "ann", order_id="o1", limit=1)

    assert [one.coupon_id for one in free] == [made[USABLE].coupon_id]
    assert [one.coupon_id for one in with_order] == [
        made[LOCKED].coupon_id,
        made[USABLE].coupon_id,
    ]
    assert of_another == free
    assert [one.coupon_id for one in few] == [made[LOCKED].coupon_id]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("states[0]", {"states": [0]}),
        ("states[0]", {"states": [99]}),
        ("expiring_within_days", {"expiring_within_days": 367}),
        ("states", {"expiring_within_days": 1, "states": [USABLE]}),
        ("page_size", {"page_size": 201}),
        ("page_token", {"page_token": "nonsense"}),
        ("page_token", {"page_token": "YWJj", "expiring_within_days": 1}),
        ("batch_id", {"batch_id": "{}"}),
    ],
)
async def test_a_list_out_of_bounds_is_refused_by_its_field(
    mint: Mint, path: str, fields: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as caught:
        await mint.list(**fields)

    assert caught.value.violations[0].field == path

"""Users claim coupons: the plain cases."""

from __future__ import annotations

from tests.coupons.mint import USABLE, Mint, refused


async def test_a_claim_brings_a_coupon_with_the_batchs_terms(mint: Mint) -> None:
    await mint.batch(transferable=True)

    coupon = await mint.claim("ann")

    assert (coupon.user_id, coupon.batch_id, coupon.activity_id) == ("ann", "b1", "a1")
    assert coupon.state == USABLE
    assert coupon.activity_version == 1
    assert coupon.transferable
    assert coupon.expires_at.seconds - coupon.usable_from.seconds == 86_400
    assert await mint.get(coupon) == coupon
    assert (await mint.seen()).given == 1
    assert await mint.events() == [("ann", "coupon.given")]


async def test_a_user_has_one_unless_the_batch_says_more(mint: Mint) -> None:
    await mint.batch()
    await mint.batch("b2", per_user_max=2)
    await mint.batch("b3", per_user_max=0)

    await mint.claim()
    no = await refused(mint.claim())

    assert no["reason"] == "LIMIT_REACHED"
    assert (no["limit_id"], no["subject"], no["subject_id"]) == ("coupon/b1/user", "USER", "ann")
    assert (no["most"], no["left"], no["wanted"]) == ("1", "0", "1")
    for _ in range(2):
        await mint.claim(batch_id="b2")
        await mint.claim(batch_id="b3")
    assert (await refused(mint.claim(batch_id="b2")))["limit_id"] == "coupon/b2/user"
    await mint.claim(batch_id="b3")


async def test_what_is_sold_out_says_so_and_names_the_batch(mint: Mint) -> None:
    await mint.batch(stock=1)
    await mint.claim("ann")

    no = await refused(mint.claim("ben"))

    assert no["reason"] == "SOLD_OUT"
    assert (no["batch_id"], no["limit_id"], no["left"]) == ("b1", "coupon/b1/stock", "0")

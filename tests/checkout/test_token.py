"""A token is good for what was evaluated, until it expires, and cannot be made by others."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest

from rangli.core.errors import Invalid, Refused
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import quote_pb2 as qb
from tests.checkout.shop import Shop, checkout
from tests.world import NOW, line, new_tenant, spec

TENTH = spec("item_coupon", percent_off={"off_bps": 1000})


def asked() -> pb.Checkout:
    """A checkout with more than one of everything whose order does not count."""
    return checkout(
        line("a", 100_00, tags=["x", "y"]),
        line("b", 50_00),
        user_groups=["g", "h"],
        store_id="s1",
        channel="app",
        deliveries=[qb.DeliveryGroup(delivery_id=each, fee_minor=5) for each in ("d1", "d2")],
        facts=[qb.Fact(name=each, number=1) for each in ("f1", "f2")],
        codes=["one"],
        device_id="phone-1",
        phone="123",
    )


async def test_a_token_says_what_was_promised(shop: Shop) -> None:
    await shop.offer("tenth", TENTH)
    coupon_id = await shop.give("tenth")
    evaluation = await shop.evaluate(asked(), ttl_s=60)

    token = shop.opened(asked(), evaluation.token)

    quote = evaluation.quote
    assert token.catalogue_version == quote.catalogue_version
    assert token.priced_at_us == quote.priced_at.ToMicroseconds()
    assert token.expires_at_us == evaluation.expires_at.ToMicroseconds()
    assert (token.list_minor, token.discount_minor, token.payable_minor) == (
        quote.list_minor,
        quote.discount_minor,
        quote.payable_minor,
    )
    assert token.coupon_ids == (coupon_id,)
    assert evaluation.expires_at.ToDatetime(NOW.tzinfo) == NOW + timedelta(seconds=60)


async def test_the_same_evaluation_has_the_same_token(shop: Shop) -> None:
    first, second = await shop.evaluate(asked()), await shop.evaluate(asked())

    assert first.SerializeToString(deterministic=True) == second.SerializeToString(
        deterministic=True
    )


async def test_the_order_of_the_message_does_not_matter(shop: Shop) -> None:
    token = (await shop.evaluate(asked())).token

    other = asked()
    for several in (other.cart.lines, other.cart.deliveries, other.cart.facts):
        several.reverse()
    other.cart.user_groups.reverse()
    other.cart.lines[1].tags.reverse()
    other.cart.hints = 3  # asks for more to be told, and changes no price

    assert shop.opened(other, token).payable_minor == 150_10


async def test_the_order_and_number_of_named_coupons_do_not_matter(shop: Shop) -> None:
    await shop.offer("tenth", TENTH)
    one, two = await shop.give("tenth"), await shop.give("tenth")
    a = line("a", 100_00)
    token = (await shop.evaluate(checkout(a, coupon_ids=[one, two]))).token

    assert shop.opened(checkout(a, coupon_ids=[two, one, two]), token)
    for others in ([one], []):
        with pytest.raises(Invalid):
            shop.opened(checkout(a, coupon_ids=others), token)


async def test_every_flipped_bit_is_noticed(shop: Shop) -> None:
    await shop.offer("tenth", TENTH)
    await shop.give("tenth")
    token = (await shop.evaluate(asked())).token
    sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))

    for at in range(len(sealed)):
        for bit in range(8):
            forged = bytearray(sealed)
            forged[at] ^= 1 << bit
            refuse(shop, urlsafe_b64encode(bytes(forged)).decode().rstrip("="))
    for at in range(len(token)):
        refuse(shop, token[:at])
        refuse(shop, token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :])


@pytest.mark.parametrize("text", ["", "x", "=", "ü" * 40, "A" * 200, "A" * 100_000])
async def test_what_is_no_token_is_refused(shop: Shop, text: str) -> None:
    refuse(shop, text)


async def test_a_token_is_written_in_one_way(shop: Shop) -> None:
    token = (await shop.evaluate(asked())).token
    for other in (token + "=", token + "\n", f" {token}", token + "AA"):
        refuse(shop, other)


def refuse(shop: Shop, token: str) -> None:
    with pytest.raises(Invalid) as refusal:
        shop.opened(asked(), token)
    assert [violation.field for violation in refusal.value.violations] == ["token"]


CHANGES: dict[str, Callable[[pb.Checkout], object]] = {
    "user": lambda c: setattr(c.cart, "user_id", "bob"),
    "quantity": lambda c: setattr(c.cart.lines[0], "quantity", 2),
    "list price": lambda c: setattr(c.cart.lines[0], "list_minor", 1),
    "sku": lambda c: setattr(c.cart.lines[0], "sku", "c"),
    "line id": lambda c: setattr(c.cart.lines[0], "line_id", "c"),
    "one line less": lambda c: c.cart.lines.pop(),
    "tag": lambda c: c.cart.lines[0].tags.append("z"),
    "store": lambda c: setattr(c.cart, "store_id", "s2"),
    "channel": lambda c: setattr(c.cart, "channel", "web"),
    "group": lambda c: c.cart.user_groups.append("vip"),
    "fact": lambda c: setattr(c.cart.facts[0], "number", 2),
    "fee": lambda c: setattr(c.cart.deliveries[0], "fee_minor", 6),
    "code": lambda c: c.cart.codes.append("two"),
    "credential": lambda c: c.cart.credentials.add(credential_id="c", activity_id="a"),
    "policy": lambda c: setattr(c.cart, "policy_id", "magento"),
    "device": lambda c: setattr(c, "device_id", "phone-2"),
    "phone": lambda c: setattr(c, "phone", "124"),
    "coupons": lambda c: c.coupon_ids.append("c1"),
    "no coupons": lambda c: setattr(c, "without_coupons", True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_token_is_of_its_checkout_alone(
    shop: Shop, change: Callable[[pb.Checkout], object]
) -> None:
    token = (await shop.evaluate(asked())).token
    other = asked()
    change(other)

    with pytest.raises(Invalid, match="token"):
        shop.opened(other, token)


async def test_a_token_is_of_its_tenant_alone(shop: Shop) -> None:
    token = (await shop.evaluate(asked())).token
    other = Shop(shop.world.of(new_tenant()))

    with pytest.raises(Invalid, match="token"):
        other.opened(asked(), token)


async def test_a_token_is_good_until_the_instant_it_expires(shop: Shop) -> None:
    evaluation = await shop.evaluate(asked(), ttl_s=60)
    ends_at = NOW + timedelta(seconds=60)

    assert shop.opened(asked(), evaluation.token, at=ends_at - timedelta(microseconds=1))
    with pytest.raises(Refused) as refusal:
        shop.opened(asked(), evaluation.token, at=ends_at)

    assert refusal.value.reason.value == "EVALUATION_EXPIRED"
    assert refusal.value.metadata == {"expired_at": ends_at.isoformat()}


async def test_a_late_token_of_another_cart_is_no_token_rather_than_late(shop: Shop) -> None:
    token = (await shop.evaluate(asked(), ttl_s=1)).token

    with pytest.raises(Invalid):
        shop.opened(checkout(line("a", 1)), token, at=NOW + timedelta(hours=1))

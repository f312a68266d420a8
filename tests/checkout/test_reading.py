"""Orders as they are read: one, a user's, why they cost what they cost, and refunds foretold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from rangli.core.errors import Invalid, NotFound, RangliError
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import refund_pb2
from tests.checkout.desk import COMMITTED, RELEASED, RESERVED, Desk
from tests.checkout.shop import checkout, limit
from tests.world import NOW, World, line, new_tenant, spec


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    """A shop that takes orders; all audits are clean when the test has ended."""
    one = Desk(world)
    yield one
    assert await one.findings() == []


async def get(desk: Desk, order_id: str) -> cb.Order:
    return await desk.method("GetOrder", pb.GetOrderRequest(order_id=order_id))


async def orders(desk: Desk, **fields: object) -> pb.ListOrdersResponse:
    fields.setdefault("user_id", "ann")
    return await desk.method("ListOrders", pb.ListOrdersRequest(**fields))


async def explained(desk: Desk, order_id: str) -> pb.ExplainOrderResponse:
    return await desk.method("ExplainOrder", pb.ExplainOrderRequest(order_id=order_id))


async def preview(desk: Desk, order_id: str, *units: tuple[str, int]) -> pb.RefundOrderResponse:
    """units: none, all that is left."""
    request = pb.PreviewOrderRefundRequest(order_id=order_id, whole=not units)
    for name, quantity in units:
        request.returned.lines.add(line_id=name, quantity=quantity)
    return await desk.method("PreviewOrderRefund", request)


async def refused(desk: Desk, order_id: str, *units: tuple[str, int]) -> RangliError:
    with pytest.raises(RangliError) as error:
        await preview(desk, order_id, *units)
    return error.value


async def test_an_order_is_read_as_it_was_answered(desk: Desk) -> None:
    reserved = await desk.reserve("o1", checkout(line("a", 10_00)))

    assert await get(desk, "o1") == reserved


async def test_what_is_not_there_or_another_tenants_is_not_found(desk: Desk) -> None:
    await desk.reserve("o1", checkout(line("a", 10_00)))
    other = Desk(desk.world.of(new_tenant()))

    for where, order_id in ((desk, "o2"), (other, "o1")):
        for read in (get, explained, preview):
            with pytest.raises(NotFound):
                await read(where, order_id)
    with pytest.raises(Invalid):
        await get(desk, "")


async def test_an_order_that_only_was_released_has_no_explanation(desk: Desk) -> None:
    await desk.release("o1")

    assert (await get(desk, "o1")).state == RELEASED
    with pytest.raises(NotFound):
        await explained(desk, "o1")


async def test_what_is_past_its_time_is_read_as_expired(desk: Desk) -> None:
    await desk.reserve("o1", checkout(line("a", 10_00)))
    await desk.pass_by("o1")

    assert (await get(desk, "o1")).state == cb.ORDER_STATE_EXPIRED
    (listed,) = (await orders(desk, states=[cb.ORDER_STATE_EXPIRED])).orders
    assert listed.order_id == "o1"
    await desk.sweep()


async def test_a_users_orders_come_newest_first_page_by_page(desk: Desk) -> None:
    for number in range(5):
        await desk.reserve(f"o{number}", checkout(line("a", 10_00)))
    await desk.reserve("bobs", checkout(line("a", 10_00), user_id="bob"))

    seen: list[str] = []
    token = ""
    for _ in range(3):
        page = await orders(desk, page_size=2, page_token=token)
        seen += [order.order_id for order in page.orders]
        token = page.next_page_token
    assert (seen, token) == (["o4", "o3", "o2", "o1", "o0"], "")


async def test_orders_of_some_states_are_listed(desk: Desk) -> None:
    for order_id in ("o1", "o2", "o3"):
        await desk.reserve(order_id, checkout(line("a", 10_00)))
    await desk.commit("o2")
    await desk.release("o3")

    found = {
        state: [order.order_id for order in (await orders(desk, states=[state])).orders]
        for state in (RESERVED, COMMITTED, RELEASED)
    }

    assert found == {RESERVED: ["o1"], COMMITTED: ["o2"], RELEASED: ["o3"]}
    both = await orders(desk, states=[RESERVED, COMMITTED])
    assert [order.order_id for order in both.orders] == ["o2", "o1"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", ""),
        ("user_id", "u\n"),
        ("page_size", 201),
        ("page_size", -1),
        ("page_token", "no token"),
        ("page_token", "bzE="),
        ("states", [0]),
        ("states", [99]),
    ],
)
async def test_what_is_wrong_with_a_list_is_named(desk: Desk, field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        await orders(desk, **{field: value})

    assert refusal.value.violations[0].field.startswith(field)


async def test_an_order_explains_itself_whatever_is_published_since(desk: Desk) -> None:
    await desk.offer("sale", spec("item_discount", percent_off={"off_bps": 1000}))
    high = {"tiers": [{"min_amount_minor": 500_00, "amount_off_minor": 5_00}]}
    await desk.offer("high", spec("order_threshold", threshold_off=high))
    await desk.offer("tenth", spec("item_coupon", percent_off={"off_bps": 1000}))
    coupon_id = await desk.give("tenth")
    order = await desk.reserve("o1", checkout(line("a", 100_00)))
    await desk.world.verb("Pause", "sale")
    await desk.world.caught_up()

    told = await explained(desk, "o1")

    assert (told.order, told.quote.payable_minor) == (order, order.payable_minor)
    assert [each.activity_id for each in told.quote.applied] == ["sale", "tenth"]
    assert [each.activity_id for each in told.quote.not_applied] == ["high"]
    assert told.quote.not_applied[0].required == 500_00
    assert [each.credential_id for each in told.cart.credentials] == [coupon_id]
    assert not told.quote.HasField("terms")
    # On the catalogue of then the cart is priced just so.
    assert told.quote.catalogue_version == order.catalogue_version


async def test_a_refund_is_foretold_as_it_then_happens_and_nothing_moves(desk: Desk) -> None:
    sale = {"tiers": [{"min_amount_minor": 20_00, "amount_off_minor": 10_00}]}
    await desk.offer("sale", spec("order_threshold", threshold_off=sale))
    await desk.reserve("o1", checkout(line("a", 15_00, 2)))
    before = await desk.commit("o1")

    foretold = await preview(desk, "o1", ("a", 1))

    assert await get(desk, "o1") == before
    assert (await preview(desk, "o1", ("a", 1))).refund == foretold.refund
    done = await desk.refund("o1", ("a", 1))
    assert foretold.refund == done.refund
    assert foretold.external_minor == done.external_minor == 10_00
    rest = await preview(desk, "o1")
    assert rest.refund.refund_minor == 10_00


async def test_only_units_that_were_committed_and_not_returned_can_be_refunded(
    desk: Desk,
) -> None:
    await desk.reserve("o1", checkout(line("a", 10_00, 3), line("b", 5_00)))
    assert (await refused(desk, "o1", ("a", 1))).reason.value == "ORDER_STATE"

    await desk.commit("o1", ("a", 2))
    assert (await preview(desk, "o1", ("a", 2))).refund.refund_minor == 20_00
    assert (await preview(desk, "o1")).refund.refund_minor == 20_00
    for units in (("a", 3), ("b", 1), ("c", 1)):
        assert (await refused(desk, "o1", units)).reason.value == "INVALID_FIELD"

    await desk.refund("o1", ("a", 1))
    assert (await refused(desk, "o1", ("a", 2))).reason.value == "INVALID_FIELD"
    assert (await preview(desk, "o1")).refund.refund_minor == 10_00


async def test_a_preview_says_what_comes_back_or_whole(desk: Desk) -> None:
    await desk.reserve("o1", checkout(line("a", 10_00)))
    await desk.commit("o1")

    for request in (
        pb.PreviewOrderRefundRequest(order_id="o1"),
        pb.PreviewOrderRefundRequest(order_id="o1", whole=True, returned=refund_pb2.Return()),
        pb.PreviewOrderRefundRequest(order_id="o1", returned=refund_pb2.Return()),
    ):
        with pytest.raises(Invalid):
            await desk.method("PreviewOrderRefund", request)


async def test_orders_made_at_one_instant_are_listed_once_each(desk: Desk) -> None:
    for number in range(4):
        await desk.reserve(f"o{number}", checkout(line("a", 10_00)))
    await desk.world.rows(
        "UPDATE orders SET created_at = $2 WHERE tenant = $1 RETURNING order_id",
        NOW + timedelta(microseconds=1),
    )

    first = await orders(desk, page_size=3)
    second = await orders(desk, page_size=3, page_token=first.next_page_token)

    seen = [order.order_id for order in (*first.orders, *second.orders)]
    assert seen == ["o3", "o2", "o1", "o0"]


async def test_the_stored_cart_tells_which_lines_were_closed_to_an_activity(desk: Desk) -> None:
    limits = [limit("SKU", 3, "UNITS")]
    await desk.offer("flash", spec("flash_price", set_price={"price_minor": 1_00}, limits=limits))
    asked = checkout(line("a", 10_00, 3), line("b", 10_00, 5))
    await desk.reserve("o0", checkout(line("b", 10_00, 3), user_id="bob"))

    order = await desk.reserve("o1", asked)

    told = await explained(desk, "o1")
    assert order.payable_minor == 53_00
    assert [list(left.closed_line_ids) for left in told.cart.limits_left] == [["b"]]
    again = await desk.world.quote(told.cart)
    again.ClearField("terms")
    assert again == told.quote

"""PreviewRefund on a server: nothing but the snapshot decides."""

from __future__ import annotations

from rangli.v1 import pricing_service_pb2 as pb
from tests.pricing.refunded import back
from tests.world import World, cart, entry, line, spec

CLAWED_BACK = "REFUND_POLICY_CLAWBACK"


async def preview(world: World, snapshot: pb.QuoteSnapshot, now: pb.Return) -> int:
    request = pb.PreviewRefundRequest(snapshot=snapshot, now=now)
    return (await world.call("PreviewRefund", request)).refund_minor


async def test_a_refund_stays_the_same_when_its_activity_is_changed_and_cancelled(
    world: World,
) -> None:
    tiers = {"tiers": [{"min_amount_minor": 100_00, "amount_off_minor": 10_00}]}
    rule = spec("order_threshold", threshold_off=tiers, refund_policy=CLAWED_BACK)
    await world.launch("m", rule)
    request = cart(line("a", 60_00), line("b", 60_00), snapshot=True)
    snapshot = pb.QuoteSnapshot(request=request, response=await world.quote(request))
    before = await preview(world, snapshot, back({"a": 1}))

    rule.effect.threshold_off.tiers[0].min_amount_minor = 20_00
    await world.update("m", rule, expected_revision=(await world.get("m")).revision)
    await world.publish("m")
    await world.verb("Cancel", "m", reason="over")
    assert (await world.quote(request)).discount_minor == 0

    assert before == 50_00
    assert await preview(world, snapshot, back({"a": 1})) == before


async def test_a_refund_that_needs_a_search_is_computed_beside_other_calls(world: World) -> None:
    off = {"amount_minor": 10_00}
    await world.launch(
        "c", spec("order_coupon", amount_off=off, refund_policy="REFUND_POLICY_REPRICE")
    )
    request = cart(line("a", 60_00, 2), snapshot=True, policy_id="best")
    request.credentials.add(credential_id="c1", activity_id="c")
    snapshot = pb.QuoteSnapshot(request=request, response=await world.quote(request))

    # One alone would have cost 50.00.
    assert await preview(world, snapshot, back({"a": 1})) == 60_00


async def test_a_new_price_uses_the_price_entries_of_then(world: World) -> None:
    await world.create("book", spec("price_book", price_book={}))
    await world.import_entries("book", [entry("a", price_minor=40_00)])
    await world.publish("book")
    tiers = {"tiers": [{"min_amount_minor": 80_00, "amount_off_minor": 10_00}]}
    policy = "REFUND_POLICY_REPRICE"
    await world.launch("m", spec("order_threshold", threshold_off=tiers, refund_policy=policy))
    request = cart(line("b", 60_00), line("a", 60_00, 2), snapshot=True)
    snapshot = pb.QuoteSnapshot(request=request, response=await world.quote(request))
    assert snapshot.response.payable_minor == 130_00
    await world.import_entries("book", [entry("a", price_minor=1_00)])

    assert await preview(world, snapshot, back({"a": 1})) == 40_00
    assert await preview(world, snapshot, back({"b": 1})) == 60_00
    assert await preview(world, snapshot, back({"a": 1, "b": 1})) == 90_00

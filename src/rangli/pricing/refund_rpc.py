"""PreviewRefund: between its messages and the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rangli.core.call import KIB, CallContext, Method
from rangli.core.errors import Invalid, Violation
from rangli.pricing.refunds.model import Order, Returned, whole
from rangli.pricing.refunds.returns_rpc import returned_of
from rangli.pricing.refunds.settlement import Refund, refunds, takes_long
from rangli.pricing.refunds.snapshot_rpc import order_of
from rangli.pricing.threads import Threads
from rangli.v1 import quote_pb2, refund_pb2

_EARLIER_MAX = 100
# As many as are read in a few milliseconds.
_BYTES_AT_ONCE = 32 * KIB


def methods(threads: Threads) -> tuple[Method, ...]:
    """PreviewRefund. threads: for previews that take long."""
    rpc = _Refunds(threads)
    return (
        Method(
            "PreviewRefund",
            refund_pb2.PreviewRefundRequest,
            rpc.preview_refund,
            limit_bytes=1024 * KIB,
            deadline_s_max=10.0,
        ),
    )


class _Refunds:
    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def preview_refund(
        self, _call: CallContext, request: refund_pb2.PreviewRefundRequest
    ) -> refund_pb2.PreviewRefundResponse:
        if request.ByteSize() > _BYTES_AT_ONCE:
            order, returns = await self._threads.run(lambda: read(request))
        else:
            order, returns = read(request)
        if not takes_long(order, returns):
            return message(order, last(order, returns))
        # One at a time, so that a caller who has gone costs no more than one.
        steps = refunds(order, returns)
        for _ in returns[1:]:
            await self._threads.run(lambda: next(steps))
        return await self._threads.run(lambda: message(order, next(steps)))


def read(request: refund_pb2.PreviewRefundRequest) -> tuple[Order, list[Returned]]:
    """The order, and all returns with the new one last. Raises Invalid."""
    for name in ("snapshot", "now"):
        if not request.HasField(name):
            raise Invalid.fields(Violation(name, "is required"))
    if len(request.earlier) > _EARLIER_MAX:
        words = f"at most {_EARLIER_MAX}, not {len(request.earlier)}"
        raise Invalid.fields(Violation("earlier", words))
    order = order_of(request.snapshot)
    held, returns = whole(order), []
    paths = [f"earlier[{number}]" for number in range(len(request.earlier))]
    for path, one in zip([*paths, "now"], [*request.earlier, request.now], strict=True):
        returned = returned_of(one, path, order=order, held=held)
        held = held.without(returned)
        returns.append(returned)
    return order, returns


def last(order: Order, returns: list[Returned]) -> Refund:
    """What the last of the returns refunds."""
    *_, refund = refunds(order, returns)
    return refund


def message(order: Order, refund: Refund) -> refund_pb2.PreviewRefundResponse:
    """A refund as callers see it."""
    after = refund.after
    paid_back = _PaidBack(order, refund)
    return refund_pb2.PreviewRefundResponse(
        refund_minor=refund.refund_minor,
        lines=[*_lines(order, refund, paid_back), *_gifts(refund)],
        activities=_activities(order, refund),
        required_returns=[
            refund_pb2.RequiredReturn(
                activity_id=order.activities[required.activity].live.activity_id,
                line_id=required.name,
                quantity=required.quantity,
                gift=required.gift,
                kept_minor=required.kept_minor,
            )
            for required in after.required
        ],
        funders=_amounts(paid_back.in_all()),
        kept_payable_minor=after.due_minor - refund.owed_minor,
        owed_minor=refund.owed_minor,
    )


class _PaidBack:
    """What funders get back: by number of the piece, then by name."""

    def __init__(self, order: Order, refund: Refund) -> None:
        self.by_piece: dict[int, dict[str, int]] = {}
        for number, activity in enumerate(order.activities):
            before, after = (part.offs.get(number, {}) for part in (refund.before, refund.after))
            for piece in before.keys() | after.keys():
                if before.get(piece) != after.get(piece):
                    sums = self.by_piece.setdefault(piece, {})
                    whole_parts = order.pieces[piece].funders(number)
                    for off, sign in ((before.get(piece), 1), (after.get(piece), -1)):
                        parts = off.parts(whole_parts) if off is not None else ()
                        for funder, minor in zip(activity.live.funders, parts, strict=False):
                            sums[funder] = sums.get(funder, 0) + sign * minor

    def in_all(self) -> dict[str, int]:
        """By name."""
        sums: dict[str, int] = {}
        for by_name in self.by_piece.values():
            for funder, minor in by_name.items():
                sums[funder] = sums.get(funder, 0) + minor
        return sums


def _lines(order: Order, refund: Refund, paid_back: _PaidBack) -> Iterator[refund_pb2.RefundedLine]:
    """What came back, and what is kept and costs something else now."""
    before, after = refund.before.due, refund.after.due
    for number, piece in enumerate(order.pieces):
        units = refund.returned.units.get(number, 0)
        funders = _amounts(paid_back.by_piece.get(number, {}))
        if units or funders or before[number] != after[number]:
            yield refund_pb2.RefundedLine(
                line_id=piece.piece_id,
                quantity=units,
                list_minor=piece.row.unit_minor * units,
                refund_minor=before[number] - after[number],
                funders=funders,
            )


def _gifts(refund: Refund) -> Iterator[refund_pb2.RefundedLine]:
    before, after = refund.before.gift_due, refund.after.gift_due
    for sku in sorted(refund.held.gifts):
        units = refund.returned.gifts.get(sku, 0)
        back_minor = before.get(sku, 0) - after.get(sku, 0)
        if units or back_minor:
            yield refund_pb2.RefundedLine(
                line_id=sku, quantity=units, refund_minor=back_minor, gift=True
            )


def _activities(order: Order, refund: Refund) -> Iterator[refund_pb2.RefundedActivity]:
    """In acting order; what had not applied, and does on a new price, comes last."""
    before, after = refund.before, refund.after
    given: dict[int, list[tuple[int, int]]] = {}
    for gift, counts in zip(order.gifts, zip(before.given, after.given, strict=True), strict=True):
        given.setdefault(gift.activity, []).append(counts)
    last_place = len(order.activities)
    for number, activity in sorted(
        enumerate(order.activities),
        key=lambda each: (each[1].place if each[1].applied else last_place, each[0]),
    ):
        had, has = before.offs.get(number, {}), after.offs.get(number, {})
        gifts = given.get(number, [])
        if had == has and all(had_units == has_units for had_units, has_units in gifts):
            continue
        undone_minor = sum(x.off_minor for x in had.values()) - sum(
            x.off_minor for x in has.values()
        )
        returned_minor = sum(x.share_minor for x in had.values()) - sum(
            x.share_minor for x in has.values()
        )
        yield refund_pb2.RefundedActivity(
            activity_id=activity.live.activity_id,
            credential_id=activity.candidate.shown.credential_id,
            undone_minor=undone_minor,
            clawback_minor=undone_minor - returned_minor,
            ended=not any(x.off_minor for x in has.values()) and not any(n for _, n in gifts),
        )


def _amounts(by_name: Mapping[str, int]) -> list[quote_pb2.FunderAmount]:
    return [
        quote_pb2.FunderAmount(funder=funder, amount_minor=minor)
        for funder, minor in sorted(by_name.items())
        if minor
    ]

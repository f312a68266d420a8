"""What a call leaves behind is let go with it, and not left for the collector to find."""

from __future__ import annotations

import asyncio
import gc

import pytest

from rangli.core.call import CallContext, Method, Shape
from rangli.core.errors import Invalid, Violation
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse

CALLS = 20


async def answer(_call, _request):
    return QuoteResponse()


async def refuse(_call, _request):
    raise Invalid.fields(Violation("currency", "?"))


async def refuse_and_hold(_call, _request):
    refusal = Invalid.fields(Violation("currency", "?"))  # to which its trace leads back
    raise refusal


def refuse_at_once(_call, _request):
    raise Invalid.fields(Violation("currency", "?"))


@pytest.mark.parametrize(
    ("handler", "shape"),
    [
        (answer, Shape.UNARY),
        (refuse, Shape.UNARY),
        (refuse_and_hold, Shape.UNARY),
        (refuse_at_once, Shape.INLINE),
    ],
    ids=["answered", "refused", "refused-held", "refused-inline"],
)
async def test_a_call_leaves_no_circle_of_objects(serving, handler, shape):
    async with serving(Method("Quote", QuoteRequest, handler, shape)) as caller:
        gc.collect()
        gc.disable()
        try:
            calls = [caller.call("Quote") for _ in range(CALLS)]
            await asyncio.gather(*calls, return_exceptions=True)
            await asyncio.sleep(0.1)  # what ends a call may come after its answer
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            left = [one for one in gc.garbage if isinstance(one, CallContext)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()

    assert left == []

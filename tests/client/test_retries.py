"""What the client sends again, what it does not, and what it says at last."""

from __future__ import annotations

import asyncio
import socket

import grpc
import psutil
import pytest

from rangli.client import CallRefused, RangliClient
from rangli.client.calls import ROWS_PER_MESSAGE
from rangli.core.call import Method, Shape
from rangli.core.errors import Invalid, NotFound, Reason, Refused, Unavailable, Violation
from rangli.v1.activity_pb2 import Activity, ActivitySpec
from rangli.v1.activity_service_pb2 import ActivityVerbRequest, CreateActivityRequest
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse
from rangli.v1.selection_service_pb2 import SET_KIND_USER, ImportSetRequest, ImportSetResponse, Set

PRICING = "rangli.v1.PricingService"
ACTIVITY = "rangli.v1.ActivityService"
SELECTION = "rangli.v1.SelectionService"
AWAY = Unavailable("postgres", "away")


def failing(seen: list, *errors: Exception, answer: object = None):
    """A handler that raises each error once and then answers."""
    left = list(errors)

    async def handle(call, request):
        seen.append((call, request))
        if left:
            raise left.pop(0)
        return QuoteResponse(currency="EUR") if answer is None else answer

    return handle


async def test_a_call_is_repeated_while_the_server_is_unavailable(serving):
    seen: list = []
    method = Method("Quote", QuoteRequest, failing(seen, AWAY, AWAY, AWAY))
    async with serving(PRICING, method) as address, RangliClient(address) as client:
        answer = await client.pricing.quote(QuoteRequest(), timeout_s=20)

    assert answer.currency == "EUR"
    assert len(seen) == 4


async def test_it_gives_up_after_four_attempts_and_says_why(serving):
    seen: list = []
    method = Method("Quote", QuoteRequest, failing(seen, *[AWAY] * 10))
    async with serving(PRICING, method) as address, RangliClient(address) as client:
        with pytest.raises(CallRefused) as refused:
            await client.pricing.quote(QuoteRequest(), timeout_s=20)

    assert len(seen) == 4
    assert (refused.value.code, refused.value.reason) == (
        grpc.StatusCode.UNAVAILABLE,
        "UNAVAILABLE",
    )
    assert refused.value.metadata == {"component": "postgres"}
    assert refused.value.retry_after_s == 1.0


@pytest.mark.parametrize(
    "error",
    [NotFound("set", "x"), Refused(Reason.WRONG_STATE, "no"), RuntimeError("fault")],
    ids=["not-found", "refused", "fault"],
)
async def test_an_answer_is_never_asked_for_again(serving, error):
    seen: list = []
    method = Method("Quote", QuoteRequest, failing(seen, error))
    async with serving(PRICING, method) as address, RangliClient(address) as client:
        with pytest.raises(CallRefused):
            await client.pricing.quote(QuoteRequest())

    assert len(seen) == 1


async def test_field_violations_reach_the_caller(serving):
    error = Invalid.fields(Violation("lines[0].sku", "is required"), Violation("currency", "?"))
    method = Method("Quote", QuoteRequest, failing([], error))
    async with serving(PRICING, method) as address, RangliClient(address) as client:
        with pytest.raises(CallRefused, match=r"lines\[0\].sku") as refused:
            await client.pricing.quote(QuoteRequest())

    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    found = [(v.field, v.description) for v in refused.value.violations]
    assert found == [("lines[0].sku", "is required"), ("currency", "?")]


async def test_all_attempts_of_a_change_carry_one_request_id(serving):
    seen: list = []
    method = Method("CreateActivity", CreateActivityRequest, failing(seen, AWAY, answer=Activity()))
    async with serving(ACTIVITY, method) as address, RangliClient(address) as client:
        await client.activities.create(ActivitySpec())
        await client.activities.create(ActivitySpec())

    first, again, other = [request.request_id for _, request in seen]
    assert first == again != other
    assert 1 <= len(first) <= 64


async def test_a_given_request_id_is_kept(serving):
    seen: list = []
    method = Method("PauseActivity", ActivityVerbRequest, failing(seen, answer=Activity()))
    async with serving(ACTIVITY, method) as address, RangliClient(address) as client:
        await client.activities.pause("a1", request_id="mine", expected_revision=3, reason="why")

    ((_, request),) = seen
    assert request == ActivityVerbRequest(
        request_id="mine", activity_id="a1", expected_revision=3, reason="why"
    )


async def test_tenant_and_actor_go_with_every_call(serving):
    seen: list = []
    method = Method("Quote", QuoteRequest, failing(seen))
    async with (
        serving(PRICING, method) as address,
        RangliClient(address, tenant="shop-1", actor="till 7") as client,
    ):
        await client.pricing.quote(QuoteRequest())

    ((call, _),) = seen
    assert (call.tenant, call.actor) == ("shop-1", "till 7")


class Imports:
    """Takes streams; breaks off the first ones."""

    def __init__(self, breaks: int) -> None:
        self.breaks = breaks
        self.request_ids: list[str] = []
        self.sizes: list[int] = []
        self.members: list[str] = []

    async def __call__(self, _call, requests):
        self.members = []
        async for request in requests:
            if request.HasField("header"):
                self.request_ids.append(request.header.request_id)
            self.sizes.append(len(request.members))
            self.members += request.members
            if self.breaks:
                self.breaks -= 1
                raise AWAY
        return ImportSetResponse(set=Set(member_count=len(self.members)))

    def method(self) -> Method:
        return Method("ImportSet", ImportSetRequest, self, Shape.CLIENT_STREAM, deadline_s_max=60.0)


async def test_an_import_is_cut_into_messages_in_order(serving):
    imports = Imports(breaks=0)
    members = [f"u{number}" for number in range(ROWS_PER_MESSAGE * 2 + 1)]
    async with serving(SELECTION, imports.method()) as address, RangliClient(address) as client:
        answer = await client.selection.import_set("s", SET_KIND_USER, iter(members))

    assert answer.member_count == len(members)
    assert imports.members == members
    assert imports.sizes == [0, ROWS_PER_MESSAGE, ROWS_PER_MESSAGE, 1]


async def test_a_broken_import_of_a_list_is_sent_again_whole_as_the_same_change(serving):
    imports = Imports(breaks=2)
    members = [f"u{number}" for number in range(5000)]
    async with serving(SELECTION, imports.method()) as address, RangliClient(address) as client:
        answer = await client.selection.import_set("s", SET_KIND_USER, members)

    assert answer.member_count == 5000
    assert len(imports.request_ids) == 3
    assert len(set(imports.request_ids)) == 1


async def test_a_broken_import_of_what_can_be_read_once_is_not_sent_again(serving):
    imports = Imports(breaks=1)
    async with serving(SELECTION, imports.method()) as address, RangliClient(address) as client:
        with pytest.raises(CallRefused) as refused:
            await client.selection.import_set("s", SET_KIND_USER, iter(["u1"]))

    assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert len(imports.request_ids) == 1


async def test_the_callers_time_out_ends_the_call(serving):
    async def never(_call, _request):
        await asyncio.Event().wait()

    method = Method("Quote", QuoteRequest, never, deadline_s_max=60)
    async with serving(PRICING, method) as address, RangliClient(address) as client:
        with pytest.raises(CallRefused) as refused:
            await client.pricing.quote(QuoteRequest(), timeout_s=0.1)

    assert refused.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_server_that_is_not_there_is_unavailable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with RangliClient(f"127.0.0.1:{unused.getsockname()[1]}") as client:
            with pytest.raises(CallRefused) as refused:
                await client.pricing.quote(QuoteRequest(), timeout_s=20)

    assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert refused.value.reason == ""


async def test_it_opens_as_many_connections_as_it_is_told(serving):
    method = Method("Quote", QuoteRequest, failing([]))
    async with serving(PRICING, method) as address, RangliClient(address, connections=3) as client:
        for _ in range(9):
            await client.pricing.quote(QuoteRequest())

        port = int(address.split(":")[1])
        ours = [
            connection
            for connection in psutil.Process().net_connections("tcp")
            if connection.raddr and connection.raddr.port == port
        ]

    assert len(ours) == 3

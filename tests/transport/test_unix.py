"""Unix sockets on both transports."""

from __future__ import annotations

import socket
import stat

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from rangli.core.call import Method, Service, Shape
from rangli.transport.choice import server
from rangli.transport.gate import Gate
from rangli.transport.tls import Certificates
from tests.certificates import Authority

SERVICE = "rangli.v1.PricingService"


def echo(ctx, request):
    return StringValue(value=request.value + ctx.peer)


@pytest.fixture
async def new_server(transport):
    """`new_server()`: one that has not started; it is stopped after the test."""
    made = []

    def new(certificates: Certificates | None = None):
        service = Service(SERVICE, (Method("Echo", StringValue, echo, Shape.INLINE),))
        made.append(server(transport, [service], gate=Gate(10), certificates=certificates))
        return made[-1]

    yield new
    for one in made:
        await one.stop(0)


async def echoed(channel: grpc.aio.Channel) -> str:
    call = channel.unary_unary(f"/{SERVICE}/Echo")
    async with channel:
        data = await call(StringValue(value="rye").SerializeToString(), timeout=20)
    return StringValue.FromString(data).value


async def test_calls_come_in_by_a_path_for_its_user_and_group_alone(new_server, folder):
    path = folder / "rangli.sock"
    serving = new_server()

    assert await serving.start(f"unix:{path}") == 0

    assert await echoed(grpc.aio.insecure_channel(f"unix:{path}")) == "rye"
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


async def test_certificates_are_asked_for_on_a_path_too(new_server, folder, tmp_path):
    ours, path = Authority(tmp_path / "ours"), folder / "rangli.sock"
    serving = new_server(Certificates(ours.server(ours.ca_file)))
    await serving.start(f"unix:{path}")
    named = [("grpc.ssl_target_name_override", "localhost")]
    channel = grpc.aio.secure_channel(f"unix:{path}", ours.client("alice.example"), named)

    assert await echoed(channel) == "ryealice.example"


async def test_the_socket_of_a_server_that_is_gone_is_replaced(new_server, folder):
    path = folder / "rangli.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
        gone.listen()
    serving = new_server()

    await serving.start(f"unix:{path}")

    assert await echoed(grpc.aio.insecure_channel(f"unix:{path}")) == "rye"


async def test_the_socket_of_a_living_server_is_left_to_it(new_server, folder):
    path = folder / "rangli.sock"
    serving, second = new_server(), new_server()
    await serving.start(f"unix:{path}")

    with pytest.raises(FileExistsError, match="a server is listening there"):
        await second.start(f"unix:{path}")

    assert await echoed(grpc.aio.insecure_channel(f"unix:{path}")) == "rye"


async def test_a_living_server_whose_queue_is_full_keeps_its_socket(new_server, folder):
    path = folder / "rangli.sock"
    serving = new_server()
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))

        with pytest.raises(FileExistsError, match="a server is listening there"):
            await serving.start(f"unix:{path}")


async def test_a_file_that_is_no_socket_is_left_alone(new_server, folder):
    path = folder / "rangli.sock"
    path.write_text("precious")
    serving = new_server()

    with pytest.raises(FileExistsError, match="not a socket"):
        await serving.start(f"unix:{path}")

    assert path.read_text() == "precious"

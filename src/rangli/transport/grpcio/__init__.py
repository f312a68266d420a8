"""Services over grpc.aio.

server    the listening server: options, port, drain
calls     one call of each shape, from bytes to bytes
context   tenant, actor and deadline out of a call's metadata
refusals  a refusal or a fault as the call's status
gate      how many calls may be in flight
"""

from rangli.transport.grpcio.gate import Gate
from rangli.transport.grpcio.server import GrpcServer

__all__ = ["Gate", "GrpcServer"]

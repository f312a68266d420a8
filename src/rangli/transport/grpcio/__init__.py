"""Services over grpc.aio.

server       the listening server: options, port, drain
credentials  its certificates
calls        one call of each shape, from bytes to bytes
refusals     a refusal or a fault as the call's status
peers        whom a caller's certificate names
"""

from rangli.transport.grpcio.server import GrpcServer

__all__ = ["GrpcServer"]

"""gRPC over HTTP/2 by ourselves: ngh2 (libnghttp2) for the frames, uvloop for the sockets.

To be read beside the protocol (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md,
"PROTOCOL" below) and RFC 9113. From the socket inwards:

listener    the port, its connections, their lives and end; TLS
connection  one connection: frames in, calls, and its end
outgoing    what it puts out: answers, one write a turn, bounded where a peer takes nothing
life        what ends a connection: silence, idleness, age, stalls, floods
limits      how much one peer may ask of us
head        a request's headers: method, deadline, metadata
messages    length-prefixed messages, and what is read of a stream
calls       one call, and how each shape runs
trailers    statuses and metadata as header fields
"""

from rangli.transport.h2.listener import H2Server

__all__ = ["H2Server"]

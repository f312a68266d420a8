"""How bytes come in. A transport serves the `Service`s of the domains and knows none of them.

`grpcio` is the first one: grpc.aio with our own parsing, limits, deadlines and error details.
"""

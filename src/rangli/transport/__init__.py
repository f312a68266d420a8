"""How bytes come in. A transport serves the `Service`s of the domains and knows none of them.

grpcio      grpc.aio, the default
h2          our own gRPC over HTTP/2, many times cheaper
choice      which of the two serves
arriving    tenant, actor and deadline of a call
answering   a method's messages, from bytes to bytes
refusals    a refusal or a fault as a status
gate        how many calls may be in flight
tls         certificates, and whom they name
unix        sockets of this machine
reflection  what is served, for tools that ask
"""

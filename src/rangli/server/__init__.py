"""Wiring: the processes that serve, and what each of them holds.

settings    where to listen, how many workers, limits, logs
reserved    the port or the socket, held for the workers
supervisor  owns the port, the embedded stores and the workers
process     one worker process, as its supervisor sees it
worker      one asyncio process: stores, catalogue, services, drain
app         the services, and what they stand on
health      what is served and what is degraded
logs        structured logs on stderr
"""

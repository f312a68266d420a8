"""Between a server and its PostgreSQL: passes everything on, and loses a commit when told to."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path

# The table that every change writes to last; a commit of anything else is of no interest.
_KEYS = b"INSERT INTO idempotency_records"
_COPY = b'COPY "idempotency_records"'  # of a whole batch
# They write it as well, and commit by themselves.
_ALONE = (b"SELECT ledger_post_at_once(", b"SELECT coupon_claim_at_once(")
# The end of every answer inside a transaction.
_READY = b"Z\0\0\0\x05T"
# As PostgreSQL says it when another of its processes was killed.
_WHY = b"SFATAL\0VFATAL\0C57P02\0Mterminating connection because of crash\0\0"
_CRASHED = b"E" + struct.pack(">I", len(_WHY) + 4) + _WHY
_LAST_WORDS_S = 0.05


class Loss(Enum):
    """What becomes of the commit that is lost, besides its connection."""

    UNSENT = auto()  # PostgreSQL never hears of it, and rolls back
    UNANSWERED = auto()  # PostgreSQL is told, and the connection is cut at once
    DONE = auto()  # PostgreSQL has committed and says so, to nobody


class Proxy:
    """Loses what it is told to, each with its connection.

    to_lose: the next commits that write idempotency records, one for each entry.
    cut_after: so many messages of the next transaction get through, and no more; None: all, and
        again None once that has happened.
    crash_after: so many answers of the next transaction get through, then the server's last words,
        and after a while the connection ends; None likewise.
    """

    def __init__(self, upstream: Path) -> None:
        self._upstream = upstream
        self._links: set[asyncio.Task[None]] = set()
        self.to_lose: list[Loss] = []
        self.lost: list[Loss] = []
        self.cut_after: int | None = None
        self.crash_after: int | None = None
        self._is_away = False

    async def link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        if self._is_away:
            writer.transport.abort()
            return
        self._links.add(task)
        upstream, to_server = await asyncio.open_unix_connection(self._upstream)
        link = _Link(self, upstream, writer)
        down = asyncio.create_task(link.down())
        try:
            await self._up(reader, to_server, link)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            to_server.close()
            await asyncio.wait({down}, timeout=5)
            down.cancel()
            writer.transport.abort()
            self._links.discard(task)

    async def _up(
        self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, link: _Link
    ) -> None:
        to_server.write(await _startup(reader))
        while True:  # ends with the connection
            kind, payload = await _message(reader)
            link.saw(kind, payload)
            if self.cut_after is not None and link.sent > self.cut_after + 1:
                self.cut_after = None
                return
            frame = kind + struct.pack(">I", len(payload) + 4) + payload
            commits = is_commit(kind, payload) or (link.alone and kind == b"S")
            if not (self.to_lose and link.writes_keys and commits):
                to_server.write(frame)
                await to_server.drain()
                continue
            loss = self.to_lose.pop(0)
            link.muted = True
            if loss is not Loss.UNSENT:
                to_server.write(frame)
                await to_server.drain()
            if loss is Loss.DONE:
                await link.answered.wait()
            self.lost.append(loss)
            return

    @contextmanager
    def away(self) -> Iterator[None]:
        """While the block runs there is no server: what is connected ends, and nothing connects."""
        self._is_away = True
        for task in self._links:
            task.cancel()
        try:
            yield
        finally:
            self._is_away = False

    async def close(self) -> None:
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)


class _Link:
    """One connection's way back, and what its current transaction has written."""

    def __init__(
        self, proxy: Proxy, upstream: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._upstream = upstream
        self._to_client = to_client
        self._statements: set[bytes] = set()
        self._alone: set[bytes] = set()
        self.writes_keys = False
        self.alone = False  # what is sent commits by itself, at the end of its messages
        # Since the transaction began, 0 outside of one.
        self.sent = 0
        self.answers = 0
        self.muted = False
        self.answered = asyncio.Event()

    def saw(self, kind: bytes, payload: bytes) -> None:
        """Look for statements that write keys: their preparation is sent once, their use often."""
        is_begin = kind == b"Q" and payload.upper().startswith(b"BEGIN")
        if is_begin:
            self.writes_keys = False
            self.answers = 0
        self.sent = self.sent + 1 if self.sent or is_begin else 0
        if kind == b"P":
            name, _, query = payload.partition(b"\0")
            query = b" ".join(query.split())
            alone = any(statement in query for statement in _ALONE)
            if _KEYS in query or alone:
                self._statements.add(name)
            if alone:
                self._alone.add(name)
        elif kind == b"B":
            _portal, name, *_ = payload.split(b"\0", 2)
            self.writes_keys |= name in self._statements
            self.alone = name in self._alone
        elif kind == b"Q" and payload.startswith(_COPY):
            self.writes_keys = True
        elif is_commit(kind, payload) or (kind == b"Q" and payload.upper().startswith(b"ROLLBACK")):
            self.sent = 0

    async def down(self) -> None:
        """What the server says, to the client; once muted, to nobody."""
        with suppress(ConnectionError):
            while data := await self._upstream.read(65_536):
                if self.muted:
                    self.answered.set()
                    continue
                self._to_client.write(data)
                self.answers += data.endswith(_READY)
                crash_after = self._proxy.crash_after
                if crash_after is not None and self.sent and self.answers > crash_after:
                    self._proxy.crash_after = None
                    self._to_client.write(_CRASHED)
                    await asyncio.sleep(_LAST_WORDS_S)
                    break
                await self._to_client.drain()
        self.answered.set()
        self._to_client.transport.abort()


async def _startup(reader: asyncio.StreamReader) -> bytes:
    """The first message, which has no kind."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size, "big") - 4)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    size = int.from_bytes(await reader.readexactly(4), "big")
    return kind, await reader.readexactly(size - 4)


def is_commit(kind: bytes, payload: bytes) -> bool:
    return kind == b"Q" and payload.upper().startswith(b"COMMIT")


@asynccontextmanager
async def proxied(dsn: str, folder: Path) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy, and the DSN of the same database through it; its socket lies in `folder`."""
    before, _, host = dsn.partition("?host=")
    proxy = Proxy(Path(host) / ".s.PGSQL.5432")
    server = await asyncio.start_unix_server(proxy.link, folder / ".s.PGSQL.5432")
    try:
        yield proxy, f"{before}?host={folder}"
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()

"""A bad network between two that talk TCP: everything passes through, and a seeded plan spoils some of it.

What is spoilt is an exchange: whatever one side asks after it was answered, and the answer to that. So it
serves HTTP without pipelining as well as PostgreSQL's protocol.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

CHUNK = 1 << 16
UPON = 1.0
"""Seconds. A client that is content keeps the connection for longer, for what it may ask next."""
Address = tuple[str, int] | str
"""Host and port, or the path of a socket."""


class Fault(Enum):
    RESET = "nothing is passed on, and the connection is reset"
    LATE = "the request is passed on when whoever asked has long given up"
    CUT = "the request is passed on, and the connection reset in the place of the answer"
    HALF_CLOSE = "the request is passed on, and the answering side closed without a word"
    TRUNCATE = "half of the answer, and a reset"
    DELAY = "the answer comes late"
    DRIP = "the answer comes in drops"


class Plan:
    """Scripted faults first, then seeded ones; `rates` may be changed at any time, and {} is a fair network.

    `only`: spoil nothing but requests that hold these bytes. Seconds: an answer is delayed by up to `delay`,
    a request comes late by `late`."""

    def __init__(
        self,
        rates: Mapping[Fault, float] | None = None,
        seed: int = 0,
        *,
        only: bytes = b"",
        delay: float = 1.0,
        late: tuple[float, float] = (1.0, 2.0),
    ) -> None:
        self.rates = dict(rates or {})
        self.seed = seed
        self.only = only
        self.delay = delay
        self.late = late
        self.met: Counter[Fault] = Counter()
        self._script: deque[Fault] = deque()
        self._random = random.Random(seed)

    def __repr__(self) -> str:
        return f"Plan(seed={self.seed}, met={ {fault.name: n for fault, n in self.met.items()} })"

    def script(self, *faults: Fault) -> None:
        """The next exchanges meet these, one each."""
        self._script.extend(faults)

    def next(self, request: bytes) -> Fault | None:
        if self.only not in request:
            return None
        fault = self._script.popleft() if self._script else self._drawn()
        if fault is not None:
            self.met[fault] += 1
        return fault

    def between(self, least: float, most: float) -> float:
        return self._random.uniform(least, most)

    def _drawn(self) -> Fault | None:
        point = self._random.random()
        for fault, rate in self.rates.items():
            if point < rate:
                return fault
            point -= rate
        return None


@dataclass(eq=False)
class _Line:
    """One connection: who asked, and whom."""

    asker: asyncio.StreamReader
    to_asker: asyncio.StreamWriter
    server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    fault: Fault | None = None
    answered: bool = True
    last: bytes = b""
    last_at: float = 0.0


class Proxy:
    """`upstream` is asked anew for each connection; what it raises as OSError is a refused one.

    `spoilt` keeps the answers that did not arrive, or not whole, or not in time: whoever hangs up upon an
    answer had stopped waiting for it."""

    def __init__(self, upstream: Callable[[], Address], plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.spoilt: list[bytes] = []
        self.port = 0
        self.open = asyncio.Event()
        """Cleared, nothing passes in either direction, and nobody is told."""
        self.open.set()
        self._upstream = upstream
        self._lines: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _accept(self, asker: asyncio.StreamReader, to_asker: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        try:
            server, to_server = await _dial(self._upstream())
        except OSError:
            _reset(to_asker)
            return
        line = _Line(asker, to_asker, server, to_server)
        try:
            await self._carry(line)
        except asyncio.CancelledError:
            pass  # closing; a cancelled callback of asyncio.start_server is reported as a failure
        finally:
            to_asker.close()
            to_server.transport.abort()

    async def _carry(self, line: _Line) -> None:
        """Until the server has nothing more to say. Who asked may leave earlier: the server is told of that
        when it has answered, as on a long line."""
        asking = asyncio.create_task(self._ask(line))
        try:
            with suppress(OSError):
                await self._answer(line)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, line: _Line) -> None:
        with suppress(OSError):
            while data := await line.asker.read(CHUNK):
                await self.open.wait()
                if line.answered:
                    line.answered, line.fault = False, self.plan.next(data)
                if line.fault is Fault.RESET:
                    break
                if line.fault is Fault.LATE:
                    await asyncio.sleep(self.plan.between(*self.plan.late))
                if line.to_server.is_closing():
                    break
                line.to_server.write(data)
                await line.to_server.drain()
        if time.monotonic() - line.last_at < UPON:
            self.spoilt.append(line.last)
        if line.fault is Fault.RESET:
            _reset(line.to_asker)
        if line.answered or line.fault is Fault.RESET:
            line.to_server.close()

    async def _answer(self, line: _Line) -> None:
        while data := await line.server.read(CHUNK):
            await self.open.wait()
            fault, line.answered = line.fault, True
            line.fault, line.last, line.last_at = None, data, time.monotonic()
            if fault is not None or line.to_asker.is_closing() or line.asker.at_eof():
                self.spoilt.append(data)
            if not await self._pass(line.to_asker, data, fault) or line.asker.at_eof():
                return

    async def _pass(self, to: asyncio.StreamWriter, data: bytes, fault: Fault | None) -> bool:
        """Whether the line still stands."""
        match fault:
            case Fault.CUT:
                _reset(to)
                return False
            case Fault.HALF_CLOSE:
                to.write_eof()
                await asyncio.sleep(self.plan.delay)
                return False
            case Fault.TRUNCATE:
                to.write(data[: len(data) // 2])
                await to.drain()
                _reset(to)
                return False
            case Fault.DELAY:
                await asyncio.sleep(self.plan.between(0, self.plan.delay))
        size = max(1, len(data) // 10) if fault is Fault.DRIP else len(data)
        for start in range(0, len(data), size):
            if to.is_closing():
                return False
            to.write(data[start : start + size])
            await to.drain()
            if fault is Fault.DRIP:
                await asyncio.sleep(self.plan.delay / 20)
        return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close as a machine does that knows of no such connection: without a farewell."""
    held: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _dial(where: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(where, str):
        return await asyncio.open_unix_connection(where)
    return await asyncio.open_connection(*where)

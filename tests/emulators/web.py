"""The web as it can be: a server on loopback that answers each path in the way it was told to.

It speaks raw bytes, since what it must do wrong no web framework lets it do.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]


Answer = Callable[[StreamWriter], Awaitable[None]]


@dataclass
class Web:
    """`async with Web({"/": page(b"…")}) as web`. `connections` counts every one that was taken."""

    answers: dict[str, Answer] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    most_at_once: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """A plain function, so that the tasks are ours to end."""
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.most_at_once = max(self.most_at_once, self.open_now)
        try:
            request = _parse(await reader.readuntil(b"\r\n\r\n"))
            self.requests.append(request)
            await self.answers.get(request.path, missing)(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Request(first.split(" ")[1], {name.lower(): value for name, value in headers.items()})


def head(status: str = "200 OK", *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "Connection: close", "", ""]).encode()


def raw(answer: bytes) -> Answer:
    async def write(writer: StreamWriter) -> None:
        writer.write(answer)

    return write


def page(body: bytes, content_type: str = "text/html; charset=utf-8", *lines: str) -> Answer:
    return raw(head("200 OK", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *lines) + body)


def status(line: str) -> Answer:
    return raw(head(line, "Content-Type: text/html", "Content-Length: 0"))


def redirect(location: str, line: str = "302 Found") -> Answer:
    return raw(head(line, f"Location: {location}", "Set-Cookie: seen=1", "Content-Length: 0"))


def truncated(body: bytes) -> Answer:
    """Promises twice what it sends."""
    return raw(head("200 OK", "Content-Type: text/html", f"Content-Length: {2 * len(body)}") + body)


def gzip_bomb(size: int) -> Answer:
    return page(gzip.compress(bytes(size)), "text/html", "Content-Encoding: gzip")


def endless(start: bytes = b"") -> Answer:
    async def write(writer: StreamWriter) -> None:
        writer.write(head("200 OK", "Content-Type: text/html") + start)
        while True:
            writer.write(b"a" * 65_536)
            await writer.drain()

    return write


def drip(pause: float) -> Answer:
    """One byte at a time: no read ever waits longer than `pause` seconds."""

    async def write(writer: StreamWriter) -> None:
        writer.write(head("200 OK", "Content-Type: text/html"))
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(pause)

    return write


def endless_headers() -> Answer:
    async def write(writer: StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: " + b"a" * 8_000 + b"\r\n")
            await writer.drain()

    return write


def endless_early_hints() -> Answer:
    """Interim answers for ever, never the real one."""

    async def write(writer: StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    return write


async def silent(writer: StreamWriter) -> None:
    """Takes the question and says nothing."""
    await asyncio.sleep(60)


async def reset(writer: StreamWriter) -> None:
    writer.transport.abort()


missing = status("404 Not Found")

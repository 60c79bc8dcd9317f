"""Slack's and Teams' end of the wire at its leanest, in a process of its own.

It reads every request whole, answers in the shape and size of the platform's answer, and keeps little more
than when it came and for which conversation: what is measured against it is the sender. The emulators of
`tests.emulators` look at what is sent; this one must only never be the slower end.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from tests.bench.talk import Json, obey

KEPT: Final = 5000
"""Bodies, the last ones."""
LOOK_EVERY: Final = 0.01
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
HOST = re.compile(rb"(?i)\r\nhost: *([^\r]+)")
CHANNEL = re.compile(rb'"channel": ?"([^"]+)"')
HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


class Wire:
    """`arrivals`: (seconds since 1970, conversation) of every message; `number`: how many there ever were."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, str]] = []
        self.bodies: deque[bytes] = deque(maxlen=KEPT)
        self.number = 0

    def answer(self, path: str, host: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON. Raises KeyError for a path that neither platform has."""
        if path.startswith("/emea/v3/conversations/"):
            return 201, b'{"id":"%d"}' % self._arrived(unquote(path.split("/")[4]), body)
        if path.startswith("/tenant/"):
            return 200, _login(path, host)
        return 200, SLACK[path](self, body)

    def _arrived(self, conversation: str, body: bytes) -> int:
        self.arrivals.append((time.time(), conversation))
        self.bodies.append(body)
        self.number += 1
        return self.number

    def post_message(self, body: bytes) -> bytes:
        """Slack repeats the message in its answer."""
        found = CHANNEL.search(body)
        assert found is not None
        number = self._arrived(found[1].decode(), body)
        stamp = b"%d.%06d" % (time.time(), number % 1_000_000)
        return b'{"ok":true,"channel":"%b","ts":"%b","message":%b}' % (found[1], stamp, body)

    def update(self, body: bytes) -> bytes:
        """Of an author's figures: no message, so not counted."""
        return b'{"ok":true,"channel":"D1","ts":"1.1"}'

    def auth_test(self, body: bytes) -> bytes:
        return b'{"ok":true,"team_id":"","user_id":"UBOT","is_enterprise_install":true}'

    async def obey(self, told: Json) -> Json:
        """`number`: of all that came. `until`: once so many came. `arrivals`: all since the last time
        that was asked. `bodies`: the last `number`, into a file."""
        match told["do"]:
            case "number":
                return {"number": self.number}
            case "until":
                return await self._until(told["number"])
            case "arrivals":
                arrivals, self.arrivals = self.arrivals, []
                return {"arrivals": arrivals}
            case "bodies":
                last = list(self.bodies)[-told["number"] :]
                Path(told["file"]).write_bytes(b"[%b]" % b",".join(last))
                return {"number": len(last)}
            case other:
                raise ValueError(other)

    async def _until(self, number: int) -> Json:
        """Waited for here: to be asked again and again would slow the wire down."""
        while self.number < number:
            await asyncio.sleep(LOOK_EVERY)
        return {}


SLACK: dict[str, Callable[[Wire, bytes], bytes]] = {
    "/api/auth.test": Wire.auth_test,
    "/api/chat.postMessage": Wire.post_message,
    "/api/chat.update": Wire.update,
}


def _login(path: str, host: str) -> bytes:
    """Microsoft's identity platform: where its endpoints are, and a token for whoever asks."""
    if path.endswith("/token"):
        return b'{"token_type":"Bearer","expires_in":3600,"access_token":"%b"}' % (b"e" * 1500)
    base = f"https://{host}/tenant"
    told = {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
    }
    return json.dumps(told).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1, kept open, as much of it as the clients at hand speak."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            whole = end + 4 + int(_header(LENGTH, head) or 0)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._reply(head, body)

    def _reply(self, head: bytes, body: bytes) -> None:
        assert self._transport is not None
        path = head.split(b" ", 2)[1].decode()
        status, answer = self._wire.answer(path, _header(HOST, head), body)
        self._transport.write(HEAD % (status, len(answer)) + answer)


def _header(name: re.Pattern[bytes], head: bytes) -> str:
    found = name.search(head)
    return found[1].decode() if found else ""


async def main() -> None:
    wire = Wire()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(wire), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def do(told: Json) -> Json:
        return {"port": port} if told["do"] == "port" else await wire.obey(told)

    await obey(do)


if __name__ == "__main__":
    asyncio.run(main())

"""People who press buttons, in a process of their own: `python -m tests.bench.load`, a Load on standard
input, a Result on standard output, both as JSON.

Every request is built and signed before the first one leaves, so that the machine is the server's while the
clock runs. A connection is kept open; it sends its next press when the last one was answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

from tests.bench import people
from tests.emulators.slack import signed

PATH = "/slack/events"


@dataclass(frozen=True)
class Load:
    """`presses` in all, shared out to `connections`; none starts after `seconds`. `name` makes their keys
    unique. `channels`: where each user presses `buttons` (action_id, value) in turn; `messages`: what stands
    there. `doors`: where to answer each of them, with "{user}" for who it is. `spread`: neighbours begin with
    different buttons."""

    name: str
    port: int
    secret: str
    presses: int
    channels: dict[str, str]
    messages: dict[str, dict[str, Any]]
    buttons: list[tuple[str, str]]
    doors: str
    spread: bool = False
    connections: int = 16
    seconds: float = 60.0


@dataclass
class Result:
    """`milliseconds` an answer each; `last`: the button that each user pressed last, by its index."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    @property
    def acknowledged(self) -> int:
        return self.answers.get("200", 0)

    @property
    def rate(self) -> float:
        """Acknowledged presses a second."""
        return self.acknowledged / self.seconds

    @property
    def p99(self) -> float:
        ranked = sorted(self.milliseconds)
        return ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]


@dataclass(frozen=True)
class Press:
    user: str
    button: int
    request: bytes


def presses(load: Load, connection: int) -> Iterator[Press]:
    """What one connection sends: its own users' presses, each user's in their order."""
    users = sorted(load.channels)[connection :: load.connections]
    share = len(range(connection, load.presses, load.connections))
    turns = Counter({user: number for number, user in enumerate(users)} if load.spread else {})
    for number, user in enumerate(islice(cycle(users), share)):
        button = turns[user] % len(load.buttons)
        turns[user] += 1
        yield Press(user, button, request(load, user, button, f"{load.name}.{connection}.{number}"))


def request(load: Load, user: str, button: int, key: str) -> bytes:
    body = urlencode({"payload": json.dumps(payload(load, user, load.buttons[button], key))})
    headers = {
        "Host": f"127.0.0.1:{load.port}",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "Accept": "application/json,*/*",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        **signed(load.secret, body, time.time()),
    }
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", body]
    return "\r\n".join(lines).encode()


def payload(load: Load, user: str, button: tuple[str, str], key: str) -> dict[str, Any]:
    """docs.slack.dev/reference/interaction-payloads/block_actions-payload, message and all."""
    channel, (action_id, value) = load.channels[user], button
    message = load.messages[channel]
    container = {"type": "message", "message_ts": message["ts"], "channel_id": channel}
    pressed = {"type": "button", "block_id": "b", "action_id": action_id, "value": value}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": people.WORKSPACE},
        "api_app_id": "A1",
        "token": "gone",
        "container": {**container, "is_ephemeral": False},
        "trigger_id": key,
        "team": {"id": people.WORKSPACE, "domain": "fake"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": "directmessage" if channel.startswith("D") else "general"},
        "message": message,
        "state": {"values": {}},
        "response_url": load.doors.format(user=user),
        "actions": [
            {**pressed, "text": {"type": "plain_text", "text": value}, "action_ts": f"{time.time():.6f}"}
        ],
    }


async def run(load: Load) -> Result:
    result = Result()
    ready = [list(presses(load, number)) for number in range(load.connections)]
    doors = [await asyncio.open_connection("127.0.0.1", load.port) for _ in ready]
    began = time.perf_counter()
    until = began + load.seconds
    async with asyncio.TaskGroup() as group:
        for door, mine in zip(doors, ready, strict=True):
            group.create_task(_press(door, mine, until, result))
    result.seconds = time.perf_counter() - began
    for _, writer in doors:
        writer.close()
    return result


async def _press(
    door: tuple[asyncio.StreamReader, asyncio.StreamWriter], mine: list[Press], until: float, result: Result
) -> None:
    reader, writer = door
    for press in mine:
        began = time.perf_counter()
        if began > until:
            return
        writer.write(press.request)
        status = await _status(reader)
        result.milliseconds.append((time.perf_counter() - began) * 1000)
        result.answers[status] = result.answers.get(status, 0) + 1
        if status == "200":
            result.last[press.user] = press.button


async def _status(reader: asyncio.StreamReader) -> str:
    """Of one answer, read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return head.split(" ", 2)[1]


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Load(**json.load(sys.stdin)))))))

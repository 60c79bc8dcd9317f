"""The chats of the bench: our adapters of Slack and Teams, at whose other end is the wire, and one that only
nods, for what is measured without any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from aiohttp import web

from bot.app import Chat, Clock, words
from bot.chat.event import Event
from bot.chat.messenger import Limit, Messenger, Notice, Pace
from bot.chat.platform import Answer
from storage.notebook import Notebook

BOT = "11111111-aaaa-4aaa-8aaa-111111111111"
PASSWORD = "a-client-secret-known-to-nobody"
TENANT = "tenant"
UNLIMITED = Limit(1e6, burst=10**6)
FREE = Pace(send=UNLIMITED, update=UNLIMITED, channel=UNLIMITED)
"""The pace of a chat that takes whatever comes."""


class Nod:
    """Everything arrives at once."""

    def __init__(self) -> None:
        self._numbers = count(1)

    async def reach(self, address: str) -> None:
        return None

    async def send(self, address: str, notice: Notice) -> str:
        return f"D1:{next(self._numbers)}"

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        return None

    async def delete(self, address: str, reference: str) -> None:
        return None

    async def find(self, address: str, notice_id: str, since: datetime) -> tuple[str, ...]:
        return ()


@dataclass
class Nodding:
    name: str = "nod"
    pace: Pace = FREE
    messenger: Messenger = field(default_factory=Nod)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return ()

    async def start(self) -> None:
        return None

    async def close(self) -> None:
        return None


def slack(notebook: Notebook, port: int, pace: Pace | None) -> Chat:
    """At its own pace unless another is given."""
    from bot.platforms.slack.adapter import Slack, SlackSettings

    url = f"http://127.0.0.1:{port}/api/"
    chat = Slack(SlackSettings("secret", "xoxb-bench", url), _deaf, words, notebook)
    chat.pace = pace or chat.pace
    return chat


def teams(notebook: Notebook, port: int, pace: Pace | None, now: Clock) -> Chat:
    """At its own pace unless another is given."""
    from bot.platforms.teams.adapter import Teams
    from bot.platforms.teams.glue import TeamsSettings

    url = f"http://127.0.0.1:{port}"
    settings = TeamsSettings(
        BOT, PASSWORD, TENANT, login_url=url, service_url=f"{url}/emea/", service_hosts=("127.0.0.1",)
    )
    chat = Teams(settings, _deaf, words, notebook, now)
    chat.pace = pace or chat.pace
    return chat


async def _deaf(event: Event) -> Answer:
    raise AssertionError("nobody speaks to a bot that is measured sending")


def place(platform: str, number: int) -> str:
    """The workspace of that number; Teams has one tenant."""
    return TENANT if platform == "teams" else f"T{number}"


def users(number: int) -> list[str]:
    """Ids that both platforms take for people."""
    return [f"UN{n}" for n in range(number)]


def met(platform: str, place: str, users: Sequence[str], port: int) -> list[dict[str, Any]]:
    """Rows of the notebook about people who have been written to before: nothing is opened for them."""
    match platform:
        case "slack":
            records = [{"channel": f"D{place}.{user}"} for user in users]
        case "teams":
            records = [_conversation(user, port) for user in users]
        case _:
            records = []
    addresses = (f"{platform}:{place}:{user}" for user in users)
    return [{"key": key, "record": record} for key, record in zip(addresses, records, strict=False)]


def _conversation(user: str, port: int) -> dict[str, Any]:
    """As bot.platforms.teams.parse.Conversation writes itself down."""
    return {
        "tenant": TENANT,
        "id": f"a:{user}",
        "service_url": f"http://127.0.0.1:{port}/emea/",
        "bot": f"28:{BOT}",
        "aad": user,
        "user": f"29:{user}",
    }

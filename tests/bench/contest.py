"""Three servers, and the same people pressing the same buttons of the same cards: ours, a peer, a floor."""

from __future__ import annotations

import asyncio
import http.client
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from bot.chat.action import pack
from handlers.sharing.cards import Decline, Reconsider
from tests.bench import peer_bolt, people, servers, world
from tests.bench.load import Load, Result

SECRET_KEY = "0123456789abcdef0123456789abcdef"


@dataclass
class Contender:
    """A server under test, and all that it answered. `buttons`: (action_id, value), pressed in turn."""

    name: str
    port: int
    process: subprocess.Popen[str]
    buttons: list[tuple[str, str]]
    results: list[Result] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(len(result.milliseconds) for result in self.results)

    @property
    def acknowledged(self) -> int:
        return sum(result.acknowledged for result in self.results)

    @property
    def next_name(self) -> str:
        return f"{self.name}.{len(self.results)}"

    def meet(self, load: Load) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"],
            cwd=servers.ROOT,
            env=servers.environment(),
            input=json.dumps(asdict(load)),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        self.results.append(Result(**json.loads(done.stdout)))
        return self.results[-1]

    @property
    def last(self) -> dict[str, int]:
        """The button each user pressed last."""
        return {user: button for result in self.results for user, button in result.last.items()}


@dataclass(frozen=True)
class Arena:
    folder: Path
    environ: dict[str, str]
    users: list[str]
    messages: dict[str, dict[str, Any]]
    ours: Contender
    peer: Contender
    floor: Contender

    def press(self, server: Contender, presses: int) -> Result:
        return server.meet(
            Load(
                name=server.next_name,
                port=server.port,
                secret=self.environ["SLACK_SIGNING_SECRET"],
                presses=presses,
                channels={user: people.conversation(user) for user in self.users},
                messages=self.messages,
                buttons=server.buttons,
                doors=urljoin(self.environ["SLACK_API_URL"], "/response/own.{user}"),
            )
        )


@contextmanager
def arena(folder: Path, told: dict[str, str], members: int) -> Iterator[Arena]:
    users = people.members(members)
    environ = servers.environment(**told, **own(folder))
    with ExitStack() as stack:
        post = asyncio.run(world.make(environ, users))
        asyncio.run(peer_bolt.prepare(peer_bolt.engine(str(folder / "peer.sqlite3")), users))
        yield Arena(
            folder,
            environ,
            users,
            {where: shown(told, where) for where in map(people.conversation, users)},
            stack.enter_context(ours(folder, environ, post)),
            stack.enter_context(peer(folder, environ, post)),
            stack.enter_context(floor(folder, environ)),
        )


def own(folder: Path) -> dict[str, str]:
    return {
        "CERCLE_DATABASE_URL": f"sqlite:///{folder / 'cercle.sqlite3'}",
        "CERCLE_SECRET_KEY": SECRET_KEY,
        "CERCLE_LOG_LEVEL": "WARNING",
    }


def shown(told: dict[str, str], channel: str) -> dict[str, Any]:
    """The card that stands there, as Slack itself tells it."""
    where = urlsplit(told["SLACK_API_URL"])
    with closing(http.client.HTTPConnection(where.netloc)) as connection:
        connection.request(
            "POST",
            f"{where.path}conversations.history",
            urlencode({"channel": channel, "limit": 1}),
            {
                "Authorization": f"Bearer {told['SLACK_BOT_TOKEN']}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        message: dict[str, Any] = json.load(connection.getresponse())["messages"][0]
    return message


@contextmanager
def serve(folder: Path, environ: dict[str, str], port: int) -> Iterator[subprocess.Popen[str]]:
    """`cercle serve`, once it says that it is ready."""
    bound = environ | {"CERCLE_PORT": str(port)}
    with servers.serving(folder, bound, port, "-m", "bot", "serve", path="/readyz") as process:
        yield process


@contextmanager
def ours(folder: Path, environ: dict[str, str], post: str) -> Iterator[Contender]:
    port = servers.free_port()
    buttons = [("act:1", pack(Decline(post))), ("act:1", pack(Reconsider(post)))]
    with serve(folder, environ, port) as process:
        yield Contender("ours", port, process, buttons)


@contextmanager
def peer(folder: Path, environ: dict[str, str], post: str) -> Iterator[Contender]:
    port = servers.free_port()
    command = ("-m", "tests.bench.peer_bolt", str(port), str(folder / "peer.sqlite3"))
    with servers.serving(folder, environ, port, *command) as process:
        yield Contender("peer", port, process, [(peer_bolt.PRESSED, post)])


@contextmanager
def floor(folder: Path, environ: dict[str, str]) -> Iterator[Contender]:
    port = servers.free_port()
    with servers.serving(folder, environ, port, "-m", "tests.bench.peer_floor", str(port)) as process:
        yield Contender("floor", port, process, [("act:1", "x")])


# What the databases say


def kept_by_ours(arena: Arena) -> int:
    """Presses whose key was written; none counts unless the last thing each member said stands there too."""
    with closing(sqlite3.connect(arena.folder / "cercle.sqlite3")) as database:
        heard = database.execute("SELECT count(*) FROM inbox WHERE key LIKE 'slack:ours.%'").fetchone()[0]
        stances = dict(
            database.execute(
                "SELECT external_id, declined_at IS NOT NULL FROM stance JOIN account USING (person_id)"
            )
        )
    wrong = {user for user, button in arena.ours.last.items() if stances.get(user) != (button == 0)}
    return 0 if wrong else int(heard)


def kept_by_peer(arena: Arena) -> int:
    with closing(sqlite3.connect(arena.folder / "peer.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM press").fetchone()[0])

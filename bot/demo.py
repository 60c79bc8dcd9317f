"""`cercle demo`: the whole bot with the playground, on a database of its own, and no account at all."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.app import VERBS, Cercle, Clock, utc_now, words
from bot.chat.action import pack
from bot.chat.event import Command, Sender, Submission
from bot.chat.form import Answers, Note, Value
from bot.chat.platform import Dispatch
from bot.chat.reply import Ask
from bot.clients.http import GuardedClient
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.hints import MEETING_PLACE
from bot.platforms.playground.persona import PERSONAS, Persona, Role, channel_address
from bot.platforms.playground.preview import Preview, adaptive_cards_designer, block_kit_builder
from bot.serving import stopped
from handlers.team.service import first_code
from storage import shares
from storage.engines.connect import connect as connect_database
from storage.engines.connect import upgrade
from storage.notebook import Notebook
from storage.seal import Seal
from storage.transaction import Transaction

HOST = "127.0.0.1"
OPENING = time(10)
ZONE = ZoneInfo("Europe/Paris")
TUESDAY = 1
Advance = Callable[[timedelta], None]

WISHES: Mapping[str, Mapping[str, Value]] = {
    "ines": {"networks": ("linkedin", "bluesky")},
    "tom": {"networks": ("linkedin", "x")},
    "awa": {"networks": ("linkedin", "whatsapp")},
    "hugo": {"networks": ("mastodon", "linkedin"), "instance": "mastodon.social"},
    "priya": {"networks": ("x", "linkedin"), "ceiling": "1"},
}
"""What the members of the demonstration ask for, beside what the form proposes."""


def previews() -> tuple[Preview, ...]:
    """Slack's and Teams' own drawings of a card, beside the playground's."""
    from bot.platforms.slack import render as slack
    from bot.platforms.teams import render as teams

    return (
        Preview(
            "Slack",
            slack.message,
            partial(slack.modal, cancel=words("en", "platform.cancel")),
            block_kit_builder,
            "Block Kit Builder",
            carries=True,
        ),
        Preview(
            "Teams",
            teams.card,
            partial(teams.dialog, required=words("en", "platform.required")),
            adaptive_cards_designer,
            "Adaptive Cards Designer",
            carries=False,
        ),
    )


def connect(
    origin: str,
    people: tuple[Persona, ...],
    now: Clock,
    advance: Advance | None,
    dispatch: Dispatch,
    _: Notebook,
) -> list[Playground]:
    return [
        Playground(
            dispatch,
            words,
            previews={preview.name: preview for preview in previews()},
            verbs=VERBS,
            clock=now,
            people=people,
            origin=origin,
            advance=advance,
        )
    ]


@asynccontextmanager
async def running(
    port: int,
    now: Clock,
    people: tuple[Persona, ...] = PERSONAS,
    *,
    by_itself: bool = True,
    advance: Advance | None = None,
) -> AsyncIterator[tuple[Cercle, str]]:
    """The bot listening on loopback, and its address. Not `by_itself`: nothing moves unless it is driven.
    `advance` lets the page move the clock `now` forward."""

    def moved(by: timedelta) -> None:
        if advance is not None:
            advance(by)
            cercle.ring()

    with tempfile.TemporaryDirectory(prefix="cercle-") as folder:
        origin = f"http://{HOST}:{port}"
        url = f"sqlite:///{Path(folder) / 'demo.sqlite3'}"
        upgrade(url)
        secret = secrets.token_urlsafe()
        cercle = Cercle(
            connect_database(url, Seal.of_secret(secret)),
            origin,
            connect=partial(connect, origin, people, now, moved if advance else None),
            client=GuardedClient(allowed_origins=frozenset({origin})),
            secret=secret,
            now=now,
        )
        runner = web.AppRunner(cercle.web(by_itself=by_itself), access_log=None, auto_decompress=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            yield cercle, origin
        finally:
            await runner.cleanup()


def free_port(wanted: int) -> int:
    """`wanted`, or another one if somebody listens there."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")


@dataclass
class DemoClock:
    """A clock that can be put forward, never back."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += max(by, timedelta())


def on_a_tuesday(now: datetime) -> DemoClock:
    """A clock that starts next Tuesday at 10:00 in Paris, so that a demonstration on a Sunday night is not
    met by silence: cards wait for people's working time."""
    local = now.astimezone(ZONE)
    days = (TUESDAY - local.weekday()) % 7
    start = datetime.combine(local.date() + timedelta(days=days), OPENING, ZONE)
    return DemoClock(start - now)


async def appoint(cercle: Cercle, lead: Sender, now: Clock) -> None:
    """Make somebody the lead the way anybody becomes one: with the first code."""
    code = await cercle.database.transact(partial(first_code, now=now()))
    await cercle.dispatch(Command("demo-lead", lead, f"lead {code}"))


async def call(cercle: Cercle, lead: Sender) -> None:
    """The call for volunteers, in the channel where newcomers read it."""
    await cercle.dispatch(Command("demo-call", lead, "call", channel_address(MEETING_PLACE)))


async def enter(cercle: Cercle, who: Persona, **wishes: Value) -> None:
    """Somebody joins as everybody does: opens the form, says yes to the charter, and sends it."""
    opened = await cercle.dispatch(Command(f"demo-open-{who.id}", who.sender, "join"))
    assert isinstance(opened.reply, Ask)
    form = opened.reply.form
    held = {part.name: part.value for part in form.parts if not isinstance(part, Note)}
    answers = Answers({**held, "consent": True, **wishes})
    await cercle.dispatch(Submission(f"demo-join-{who.id}", who.sender, pack(form.action), answers))


async def people_it(cercle: Cercle, now: Clock) -> None:
    """A circle as it is after its first days: a lead, a few members, a call in the channel."""
    await appoint(cercle, PERSONAS[0].sender, now)
    for who in PERSONAS:
        if who.role is Role.AMBASSADOR:
            await enter(cercle, who, **WISHES[who.id])
    await call(cercle, PERSONAS[0].sender)


def local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%a %H:%M}"


def link_of(tx: Transaction, page_token: str) -> str:
    """The link readers follow, from the page of the one who shared."""
    found = shares.by_page(tx, page_token)
    assert found is not None
    return found[1].link_token


def playground(port: int) -> int:
    """Serve until told to stop; the address is printed."""
    asyncio.run(_playground(free_port(port)))
    return 0


async def _playground(port: int) -> None:
    clock = on_a_tuesday(utc_now())
    async with running(port, clock, advance=clock.advance) as (cercle, origin):
        await people_it(cercle, clock)
        print(f"Cercle is playing at {origin}/playground", flush=True)  # noqa: T201
        await stopped()

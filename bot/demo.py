"""`cercle demo`: the whole bot with the playground, on a database of its own, and no account at all."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.app import VERBS, Cercle, Clock, utc_now, words
from bot.chat.event import Command, Sender
from bot.chat.platform import Dispatch
from bot.clients.http import GuardedClient
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.persona import PERSONAS, Persona
from bot.platforms.playground.preview import Preview, adaptive_cards_designer, block_kit_builder
from bot.serving import stopped
from handlers.team.service import first_code
from storage import shares
from storage.database import Database, Transaction, upgrade
from storage.notebook import Notebook

HOST = "127.0.0.1"
OPENING = time(10)
ZONE = ZoneInfo("Europe/Paris")
TUESDAY = 1


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
    origin: str, people: tuple[Persona, ...], now: Clock, dispatch: Dispatch, _: Notebook
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
        )
    ]


@asynccontextmanager
async def running(
    port: int, now: Clock, people: tuple[Persona, ...] = PERSONAS, *, by_itself: bool = True
) -> AsyncIterator[tuple[Cercle, str]]:
    """The bot listening on loopback, and its address. Not `by_itself`: nothing moves unless it is driven."""
    with tempfile.TemporaryDirectory(prefix="cercle-") as folder:
        origin = f"http://{HOST}:{port}"
        url = f"sqlite:///{Path(folder) / 'demo.sqlite3'}"
        upgrade(url)
        cercle = Cercle(
            Database(url),
            origin,
            connect=partial(connect, origin, people, now),
            client=GuardedClient(allowed_origins=frozenset({origin})),
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


def on_a_tuesday(now: Callable[[], datetime] = utc_now) -> Clock:
    """A clock that starts next Tuesday at 10:00 in Paris, so that a demonstration on a Sunday night is not
    met by silence: cards wait for people's working time."""
    local = now().astimezone(ZONE)
    days = (TUESDAY - local.weekday()) % 7
    start = datetime.combine(local.date() + timedelta(days=days), OPENING, ZONE).astimezone(UTC)
    ahead = start - now()
    return lambda: now() + ahead


async def appoint(cercle: Cercle, lead: Sender, now: Clock) -> None:
    """Make somebody the lead the way anybody becomes one: with the first code."""
    code = await cercle.database.transact(partial(first_code, now=now()))
    await cercle.dispatch(Command("demo-lead", lead, f"lead {code}"))


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
    now = on_a_tuesday()
    async with running(port, now) as (cercle, origin):
        await appoint(cercle, PERSONAS[0].sender, now)
        print(f"Cercle is playing at {origin}/playground", flush=True)  # noqa: T201
        await stopped()

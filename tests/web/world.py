"""A circle of two, one post, their shares; a real database and a real server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from sqlalchemy import select, text

from bot.domain.circle import Person
from bot.domain.member import Preferences
from bot.domain.message import AUTHOR, POST, REMINDER, Kind, Message, State
from bot.domain.network import Network
from bot.domain.post import Copy, Post
from bot.domain.share import Share
from bot.meters import Meters
from bot.web import operations, routes
from handlers.membership.service import found_circle
from storage import circles, deliveries, messages, people, posts, shares
from storage.engines.connect import connect as connect_database
from storage.engines.database import Database
from storage.messages import Recipient
from storage.tables import message, metadata
from storage.transaction import CircleTransaction, Transaction

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SITE = "https://cercle.example"
ARTICLE = "https://example.org/alternants?page=1&lang=fr"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/149.0.0.0 Safari/537.36",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept": "text/html",
    "Accept-Language": "fr",
}
PHONE = BROWSER | {"Sec-CH-UA-Mobile": "?1"}
FIREFOX = BROWSER | {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}

COPY = Copy(
    url=ARTICLE,
    title="Comment nous accueillons nos alternants",
    why="Trois promotions racontent.",
    openings=("J’étais leur tutrice, et c’est moi qui ai le plus appris.",),
    topic_id="",
    networks=(),
    picture_url="https://example.org/alternants.png",
    picture_alt="Quatre personnes autour d’un établi",
    expires_at=NOW + timedelta(days=14),
)


def scene(tx: Transaction) -> tuple[Person, Person, str]:
    """Camille (French) is a member; Sam (English) wrote a post, which both are shown."""
    found_circle(tx, "slack", "T1", "fr", "Europe/Paris", NOW)
    for user, language, zone in (("camille", "fr", "Europe/Paris"), ("sam", "en", "Europe/London")):
        people.add(tx, "slack", "T1", user, name=user.title(), language=language, zone=zone)
    camille, sam = (_find(tx, user) for user in ("camille", "sam"))
    topic = circles.topics(CircleTransaction(tx, camille.circle_id))[0].id
    for person in (camille, sam):
        wishes = Preferences(frozenset({topic}), tuple(Network), instance="mastodon.example.social")
        people.join(tx, person, wishes, 1, NOW)
    post_id = posts.add(CircleTransaction(tx, camille.circle_id), sam.id, replace(COPY, topic_id=topic), NOW)
    posts.mark(CircleTransaction(tx, camille.circle_id), post_id, published_at=NOW)
    offers = [(person.id, network) for person in (camille, sam) for network in Network]
    shares.offer(CircleTransaction(tx, camille.circle_id), post_id, offers)
    for person in (camille, sam):
        for kind in (POST, REMINDER):
            _show(tx, person, kind, post_id)
    _show(tx, sam, AUTHOR, post_id)
    return camille, sam, post_id


def _find(tx: Transaction, user: str) -> Person:
    found = people.find(tx, "slack", "T1", user)
    assert found is not None
    return found[1]


def _show(tx: Transaction, person: Person, kind: Kind, post_id: str) -> None:
    reader = Recipient.of(person)
    messages.request(CircleTransaction(tx, person.circle_id), kind, post_id, [reader], NOW)
    due = _due(tx, person.circle_id, NOW)
    claimed = deliveries.claim(tx, due, NOW, NOW + timedelta(minutes=1))
    deliveries.mark_shown(tx, [(message, "reference") for message in claimed], NOW)


def _due(tx: Transaction, circle_id: str, until: datetime) -> list[Message]:
    m = message.c
    waiting = select(m.id).where(m.state == State.WAITING, m.due_at <= until).order_by(m.due_at)
    found = (
        messages.load(CircleTransaction(tx, circle_id), message_id)
        for message_id in tx.execute(waiting).scalars().all()
    )
    return [due for due in found if due is not None]


@dataclass
class World:
    """`url` is where our pages are."""

    database_url: str
    database: Database
    session: aiohttp.ClientSession
    camille: Person
    sam: Person
    post_id: str
    now: datetime = NOW
    url: str = ""
    rings: int = 0

    def ring(self) -> None:
        self.rings += 1

    async def do(self, work: Callable[[Transaction], T]) -> T:
        return await self.database.transact(work)

    async def lose_table(self, name: str) -> None:
        """Something is badly wrong."""
        await self.do(lambda tx: tx.execute(text(f"ALTER TABLE {name} RENAME TO gone")))

    async def dump(self) -> str:
        """All that is stored."""
        every = metadata.sorted_tables
        return await self.do(lambda tx: "\n".join(str(row) for t in every for row in tx.execute(t.select())))

    async def share(self, network: Network = Network.LINKEDIN, person: Person | None = None) -> Share:
        owner = person or self.camille
        mine = await self.do(
            lambda tx: shares.of_member(CircleTransaction(tx, owner.circle_id), self.post_id, owner.id)
        )
        return next(share for share in mine if share.network == network)

    async def page(self, network: Network = Network.LINKEDIN, person: Person | None = None) -> str:
        return f"{self.url}/s/{(await self.share(network, person)).page_token}"

    async def link(self, network: Network = Network.LINKEDIN, person: Person | None = None) -> str:
        return f"{self.url}/r/{(await self.share(network, person)).link_token}"

    async def post(self) -> Post:
        found = await self.do(
            lambda tx: posts.load(CircleTransaction(tx, self.camille.circle_id), self.post_id)
        )
        assert found is not None
        return found

    async def clicks(self, person: Person | None = None) -> int:
        person_id = person.id if person else None
        circle_id = self.camille.circle_id
        if person_id is None:
            return await self.do(lambda tx: shares.clicks(CircleTransaction(tx, circle_id), self.post_id))
        counts = await self.do(
            lambda tx: shares.clicks_of(CircleTransaction(tx, circle_id), self.post_id, (person_id,))
        )
        return counts.get(person_id, 0)

    async def waiting(self) -> dict[tuple[str, str], timedelta]:
        """What is to be drawn again: (kind, who) and in how long."""
        names = {self.camille.id: "camille", self.sam.id: "sam"}
        return {(m.kind, names[m.person_id or ""]): m.due_at - self.now for m in await self.due()}

    async def due(self) -> list[Message]:
        return await self.do(lambda tx: _due(tx, self.camille.circle_id, self.now + timedelta(days=1)))

    async def write(self, words: str, **copy: Any) -> None:
        """Camille's own words, and whatever else the post says now."""
        circle_id, post = self.camille.circle_id, await self.post()
        await self.do(
            lambda tx: posts.save_words(
                CircleTransaction(tx, circle_id), self.post_id, self.camille.id, words, NOW
            )
        )
        changed = replace(post.copy, **copy)
        await self.do(lambda tx: posts.change(CircleTransaction(tx, circle_id), self.post_id, changed))

    async def withdraw(self) -> None:
        circle_id = self.camille.circle_id
        await self.do(
            lambda tx: posts.mark(CircleTransaction(tx, circle_id), self.post_id, withdrawn_at=self.now)
        )

    async def leave(self, person: Person) -> None:
        await self.do(lambda tx: people.leave(tx, person, self.now))

    async def get(self, url: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
        async with self.session.request(
            method, url, headers=BROWSER if headers is None else headers, allow_redirects=False
        ) as response:
            return Answer(response.status, await response.text(), response.headers)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Any = field(repr=False)


@asynccontextmanager
async def opened(url: str, *, trusted_proxy: bool = False) -> AsyncIterator[World]:
    """`url` is an empty database."""
    database = connect_database(url)
    database.open()
    try:
        async with aiohttp.ClientSession() as session:
            world = World(url, database, session, *await database.transact(scene))
            database.ring = world.ring
            async with serving(world, trusted_proxy) as world.url:
                yield world
    finally:
        database.close()


@asynccontextmanager
async def serving(world: World, trusted_proxy: bool) -> AsyncIterator[str]:
    app = web.Application()
    runner = web.AppRunner(app)
    app.router.add_routes(operations(world.database, Meters(), lambda: world.now))
    app.router.add_routes(
        routes(world.database, SITE, lambda: world.now, secret="s" * 32, trusted_proxy=trusted_proxy)
    )
    await runner.setup()
    try:
        server = web.TCPSite(runner, "127.0.0.1", 0)
        await server.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()

"""`cercle demo --headless`: a month of a programme on an accelerated clock, played over HTTP through the same
handlers, tables, pump and renderers as in production. The people are invented; the dice have a fixed seed."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot import demo
from bot.app import Cercle
from bot.chat.action import Action, pack
from bot.chat.card import Card, LinkButton, every_item
from bot.chat.form import Form, Note, Value
from bot.chat.plain import render
from bot.platforms.playground import world
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.persona import Persona, Role, channel_address
from handlers.actions import OpenJoin
from handlers.posts.cards import OpenCompose, OpenEdit, Withdraw
from handlers.sharing.cards import Decline, Later, OpenWords, Posted
from scheduler.timetable import TIMETABLE
from storage.census import census

START = date(2026, 11, 2)
DAYS = 30
STEP = timedelta(minutes=30)
FROM, UNTIL = time(5), time(18, 30)
"""UTC hours in which the month is played: wide enough to show that nothing happens outside people's own."""
OPENING = datetime.combine(START, FROM, UTC)
SEED = 2
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0"
CRAWLER = "LinkedInBot/1.0 (compatible; Mozilla/5.0)"
CHANNEL = "#general"
TOPICS = {
    "Ressources humaines": "Ressources humaines",
    "Human resources": "Ressources humaines",
    "Vie de l’entreprise": "Entreprise",
    "Company life": "Entreprise",
    "Activité": "Commerce",
    "Business": "Commerce",
}
"""The sample pages' topics, and the circle's as Camille reads them."""

PEOPLE = (
    Persona("camille", "Camille", "fr", Role.COMMS),
    Persona("ines", "Inès", "fr"),
    Persona("hugo", "Hugo", "fr"),
    Persona("lea", "Léa", "fr"),
    Persona("awa", "Awa", "fr", zone="Africa/Dakar"),
    Persona("mehdi", "Mehdi", "fr"),
    Persona("chloe", "Chloé", "fr"),
    Persona("noe", "Noé", "fr", zone="America/Montreal"),
    Persona("tom", "Tom", "en", zone="Europe/London"),
    Persona("priya", "Priya", "en", zone="Asia/Kolkata"),
    Persona("sean", "Seán", "en", zone="Europe/Dublin"),
    Persona("grace", "Grace", "en", zone="Europe/London"),
    Persona("lou", "Lou", "fr", Role.NEWCOMER),
)
LEAD, MEMBERS = PEOPLE[0], PEOPLE[1:]
NETWORKS = ("linkedin", "x", "bluesky", "whatsapp")
OWN_WORDS = {
    "fr": (
        "J’y étais, et je le referais.",
        "Ce que j’en retiens : prendre le temps.",
        "Une équipe dont je suis.",
    ),
    "en": (
        "I was there, and I would do it again.",
        "What I take from it: take the time.",
        "Proud of these people.",
    ),
}
PLAN = (
    (3, 9, "fr", world.Kind.ARTICLE),
    (5, 10, "en", world.Kind.ARTICLE),
    (10, 9, "fr", world.Kind.ERROR),
    (11, 8, "en", world.Kind.ARTICLE),
    (12, 14, "fr", world.Kind.SLOW),
    (17, 9, "fr", world.Kind.ARTICLE),
    (19, 13, "en", world.Kind.ARTICLE),
    (24, 9, "fr", world.Kind.ARTICLE),
    (26, 10, "en", world.Kind.ARTICLE),
)
"""What Camille posts: day of November, hour UTC, language, kind of page. The 11th is a holiday in France."""
CORRECTED, WITHDRAWN, PAUSE, LEAVE = 5, 19, 12, 20
"""The days on which a post is corrected, one withdrawn, somebody pauses, somebody leaves."""


@dataclass
class SimulatedClock:
    now: datetime = OPENING

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Month:
    """The players and what they do; every act is an HTTP request to the playground."""

    cercle: Cercle
    origin: str
    clock: SimulatedClock
    http: aiohttp.ClientSession
    tell: Callable[[str], None]
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 (dice, no secret)
    seen: set[tuple[str, str]] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    pages: dict[tuple[str, world.Kind], Iterator[world.Page]] = field(default_factory=dict)

    @property
    def chat(self) -> Playground:
        (playground,) = self.cercle.platforms
        assert isinstance(playground, Playground)
        return playground

    # acts

    async def act(self, who: Persona, kind: str, place: str = "", **more: object) -> Form | None:
        """One thing somebody does; the form it opens, if it opens one."""
        self.chat.chat.forms.pop(who.id, None)
        post = {"who": who.id, "kind": kind, "place": place or who.address, **more}
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with self.http.post(f"{self.origin}/playground/act", json=post, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        return self.chat.chat.forms.get(who.id)

    async def say(self, who: Persona, text: str, place: str = "") -> Form | None:
        self.tell(f"{who.name} : {text}")
        return await self.act(who, "say", place, text=text)

    async def press(self, who: Persona, card: Card, kind: type[Action], place: str = "") -> Form | None:
        """Press the button that means `kind`; None where the card has none."""
        for item in every_item(card):
            if not isinstance(item, LinkButton) and isinstance(item.action, kind):
                self.tell(f"{who.name} → « {item.label} »")
                return await self.act(who, "click", place, action=pack(item.action))
        return None

    async def fill(self, who: Persona, form: Form, **given: Value) -> Form | None:
        held = {part.name: part.value for part in form.parts if not isinstance(part, Note)}
        answers = {name: list(v) if isinstance(v, tuple) else v for name, v in {**held, **given}.items()}
        return await self.act(who, "submit", action=pack(form.action), answers=answers)

    async def visit(self, url: str, agent: str) -> None:
        """Open a page of ours as a browser does, going nowhere else."""
        headers = {
            "User-Agent": agent,
            "Accept": "text/html",
            "Accept-Language": "fr",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        }
        async with self.http.get(url, headers=headers, allow_redirects=False) as answer:
            assert answer.status in (200, 302), answer.status

    def cards(self, who: Persona, place: str = "") -> dict[str, Card]:
        """What they see there, by reference, oldest first."""
        entries = self.chat.chat.entries(place or who.address, who.id)
        return {entry.reference: entry.said for entry in entries if isinstance(entry.said, Card)}

    # the month

    async def open(self) -> None:
        await demo.appoint(self.cercle, LEAD.sender, self.clock)
        place = channel_address(CHANNEL)
        await self.say(LEAD, "/cercle appel", place)
        await self.settle()
        for who in MEMBERS:
            await self.enter(who, place)

    async def enter(self, who: Persona, place: str) -> None:
        (call,) = (
            c
            for c in self.cards(who, place).values()
            if any(not isinstance(i, LinkButton) and isinstance(i.action, OpenJoin) for i in every_item(c))
        )
        form = await self.press(who, call, OpenJoin, place)
        assert form is not None
        networks = tuple(self.dice.sample(NETWORKS, 2))
        country = "FR" if who.zone == "Europe/Paris" else ""
        await self.fill(who, form, consent=True, networks=networks, country=country, ceiling="2")

    async def close(self) -> None:
        """Camille looks at what became of it all."""
        await self.say(LEAD, "/cercle contenus")
        self.tell(_quoted(list(self.cards(LEAD).values())[-1]))

    async def play(self, day: date) -> None:
        for today, hour, language, kind in PLAN:
            if day.day == today and self.clock.now.hour == hour and not self.clock.now.minute:
                await self.post(language, kind)
        if self.clock.now.time() == time(11):
            await self.special(day.day)
        await self.settle()
        for who in MEMBERS:
            await self.react(who)
        await self.settle()

    async def special(self, day: int) -> None:
        if day == CORRECTED:
            await self.correct()
        if day == WITHDRAWN:
            await self.press(LEAD, self.authored(-1), Withdraw)
        if day == PAUSE:
            await self.say(MEMBERS[1], f"/cercle pause {START.replace(day=23)}")
        if day == LEAVE:
            await self.say(MEMBERS[2], "/cercle quitter")

    def authored(self, position: int) -> Card:
        """One of Camille's living cards of her posts."""
        return [c for c in self.cards(LEAD).values() if _offers(c, OpenEdit)][position]

    async def correct(self) -> None:
        form = await self.press(LEAD, self.authored(0), OpenEdit)
        assert form is not None
        why = next(p.value for p in form.parts if not isinstance(p, Note) and p.name == "why")
        await self.fill(LEAD, form, why=f"{why} (corrigé)")

    async def post(self, language: str, kind: world.Kind) -> None:
        page = next(self.pages.setdefault((language, kind), _pages(language, kind)))
        await self.say(LEAD, f"/cercle publier {self.origin}{page.path}")
        await self.settle()
        card = [c for c in self.cards(LEAD).values() if _offers(c, OpenCompose)][-1]
        self.tell(_quoted(card))
        form = await self.press(LEAD, card, OpenCompose)
        assert form is not None
        await self.fill(LEAD, form, **self.copy(page, form))

    def copy(self, page: world.Page, form: Form) -> Mapping[str, Value]:
        topic = next(p for p in form.parts if not isinstance(p, Note) and p.name == "topic")
        options = getattr(topic, "options", ())
        return {
            "title": page.title,
            "why": page.description,
            "opening_1": page.paragraphs[0][:200],
            "opening_2": page.paragraphs[-1][:200],
            "topic": next(o.value for o in options if o.label == TOPICS[page.topic]),
            "picture_url": f"{self.origin}{world.PREFIX}/{page.picture}",
            "picture_alt": page.alt,
        }

    async def settle(self) -> None:
        """What the clock of production would do by itself."""
        for job in TIMETABLE:
            await job.run(self.cercle.tools)
        await self.cercle.pump.drain()

    async def react(self, who: Persona) -> None:
        """A member looks at what is new; they share it, put it aside, let it pass, or do nothing at all."""
        for reference, card in self.cards(who).items():
            if (who.id, reference) in self.seen or not _offers(card, Later):
                continue
            self.seen.add((who.id, reference))
            self.tell(self.received(who, card))
            choice = self.dice.random()
            if choice < 0.5:
                await self.share(who, reference, card)
            elif choice < 0.65:
                await self.press(who, card, Later)
            elif choice < 0.8:
                await self.press(who, card, Decline)

    def received(self, who: Persona, card: Card) -> str:
        """The whole card the first time it is seen in a language, its title after that."""
        whole, line = _quoted(card), f"{demo.local(self.clock.now, who.zone)} {who.name} ← {card.title}"
        kind = f"{who.language} {card.title}"
        if kind in self.shown:
            return line
        self.shown.add(kind)
        return f"{line}\n{whole}"

    async def share(self, who: Persona, reference: str, card: Card) -> None:
        if self.dice.random() < 0.6:
            await self.rewrite(who, card)
        page = next(i for i in every_item(card) if isinstance(i, LinkButton) and "/s/" in i.url)
        self.tell(f"{who.name} → « {page.label} »")
        await self.visit(page.url, BROWSER.format(n=130))
        await self.settle()
        if self.dice.random() < 0.8:
            await self.press(who, self.cards(who)[reference], Posted)
            await self.read(page.url.rpartition("/")[2])

    async def rewrite(self, who: Persona, card: Card) -> None:
        form = await self.press(who, card, OpenWords)
        assert form is not None
        words = self.dice.choice(OWN_WORDS[who.language])
        self.tell(f"    « {words} »")
        await self.fill(who, form, words=words)

    async def read(self, page_token: str) -> None:
        """Readers follow the link, and so does the network's crawler, which does not count."""
        link = await self.cercle.database.transact(lambda tx: demo.link_of(tx, page_token))
        await self.visit(f"{self.origin}/r/{link}", CRAWLER)
        for n in range(self.dice.randint(0, 6)):
            await self.visit(f"{self.origin}/r/{link}", BROWSER.format(n=100 + n))


def _offers(card: Card, kind: type[Action]) -> bool:
    return any(not isinstance(i, LinkButton) and isinstance(i.action, kind) for i in every_item(card))


def _pages(language: str, kind: world.Kind) -> Iterator[world.Page]:
    return (page for page in world.PAGES if (page.language, page.kind) == (language, kind))


def _quoted(card: Card) -> str:
    return "\n".join(f"    {line}" for line in render(card).splitlines())


def headless() -> int:
    """Play the month; the transcript, then one line of JSON with the counts."""
    counts = asyncio.run(_play(Console(highlight=False, markup=False, soft_wrap=True)))
    print(json.dumps(counts))  # noqa: T201
    return 0


async def _play(console: Console) -> dict[str, int]:
    clock = SimulatedClock()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with demo.running(demo.free_port(0), clock, PEOPLE, by_itself=False) as (cercle, origin):
        async with aiohttp.ClientSession() as http:
            with Progress(*columns, console=console, transient=True) as progress:
                month = Month(cercle, origin, clock, http, progress.console.print)
                await month.open()
                days = [START + timedelta(days=n) for n in range(DAYS)]
                for day in progress.track(days, description="Novembre"):
                    await _day(month, day, progress.console)
                await month.close()
        return await cercle.database.read(census)


async def _day(month: Month, day: date, console: Console) -> None:
    console.rule(f"{day:%d.%m.%Y}")
    month.clock.now = max(month.clock.now, datetime.combine(day, FROM, UTC))
    while month.clock.now <= datetime.combine(day, UNTIL, UTC):
        await month.play(day)
        month.clock.now += STEP

"""A whole circle in a test: real SQLite, the real dispatcher, pump and jobs, the playground as its chat,
and a clock that moves only when told to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.app import DRAWINGS, ROUTER, VERBS, words
from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Button, Card, FormButton, LinkButton, Menu, Row, every_item
from bot.chat.event import Click, Command, HomeOpened, Said, Sender, Submission
from bot.chat.form import Answers, Form, Value
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Home, Reply, Say
from bot.chat.text import COMMAND, normalise, split_word
from bot.dispatch import Dispatcher
from bot.domain.post import Found
from bot.locales import Translator
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.persona import Persona
from bot.platforms.playground.render import SPELLING
from bot.replies import Replies
from handlers.polls.cards import TakeBack, Vote
from handlers.posts.cards import OpenCompose
from handlers.team.service import first_code
from scheduler.pump import PressedCards, Pump
from scheduler.timetable import TIMETABLE, Tools
from storage.engines.connect import connect as connect_database
from storage.seal import Seal
from tests.databases import SEAL
from tests.pressing import Wanted, matches

SITE = "https://cercle.example"
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""10:00 in Paris, a working day."""

FRENCH, ENGLISH = Translator("fr"), Translator("en")


PEOPLE = (
    Persona("camille", "Camille", "fr"),
    Persona("ines", "Inès", "fr"),
    Persona("hugo", "Hugo", "fr"),
    Persona("lou", "Lou", "fr"),
    Persona("awa", "Awa", "fr", zone="Africa/Dakar"),
    Persona("tom", "Tom", "en", zone="Europe/London"),
    Persona("sam", "Sam", "en", zone="Europe/Dublin"),
    Persona("priya", "Priya", "en", zone="Asia/Kolkata"),
)


@dataclass
class Clock:
    now: datetime = TUESDAY

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class House:
    """`answer` is what the last event was answered with."""

    url: str
    clock: Clock = field(default_factory=Clock)
    pages: dict[str, Found | str] = field(default_factory=dict)
    seal: Seal = SEAL

    def __post_init__(self) -> None:
        self.database = connect_database(self.url, self.seal)
        self.database.open()
        self.keys = itertools.count()
        self.replies = Replies(ROUTER)
        drawings = (*DRAWINGS, self.replies.notice)
        pressed = PressedCards(self.database, drawings, SITE, self.clock)
        self.dispatch = Dispatcher(self.database, ROUTER, SITE, self.clock, self.replies, pressed=pressed)
        self.chat = Playground(
            self.dispatch, words, previews={}, verbs=VERBS, clock=self.clock, people=PEOPLE
        )
        self.tools = Tools(self.database, self._read, self.clock)
        self.pump = Pump(self.database, [self.chat], drawings, SITE, self.clock)

    def close(self) -> None:
        self.database.close()

    # who

    def sender(self, who: str) -> Sender:
        return next(persona for persona in PEOPLE if persona.id == who).sender

    def key(self) -> str:
        return f"test-{next(self.keys)}"

    # what they do

    async def says(self, who: str, text: str, place: str = "") -> Reply:
        """`/cercle …`, or free words in the conversation with the bot."""
        command, words = split_word(normalise(text))
        if command == COMMAND:
            name = place.rpartition(":")[2]
            return await self._heard(Command(self.key(), self.sender(who), words, place, place_name=name))
        return await self._heard(Said(self.key(), self.sender(who), normalise(text)))

    async def opens_home(self, who: str) -> Card:
        reply = await self._heard(HomeOpened(self.key(), self.sender(who)))
        assert isinstance(reply, Home)
        return reply.card

    async def presses(self, who: str, wanted: Wanted, on: Card, **fields: object) -> Reply:
        """The button of the card that `button` finds."""
        item = button(on, wanted, **fields)
        return await self._heard(Click(self.key(), self.sender(who), pack(item.action)))

    async def submits(self, who: str, form: Form, **values: Value) -> Reply:
        answers = Answers({**filled(form), **{name: _normalised(value) for name, value in values.items()}})
        return await self._heard(Submission(self.key(), self.sender(who), pack(form.action), answers))

    async def _heard(self, event: object) -> Reply:
        self.answer: Answer = await self.dispatch(event)  # type: ignore[arg-type]
        return self.answer.reply

    # what moves by itself

    async def settle(self) -> int:
        """All that the clock does, and all that may go now is sent."""
        for job in TIMETABLE:
            await job.run(self.tools)
        return await self.pump.drain()

    async def _read(self, url: str) -> Found | str:
        return self.pages.get(url, "page.unreachable")

    # what they see

    def cards(self, who: str) -> list[Card]:
        """The messages in somebody's conversation with the bot, oldest first."""
        address = self.sender(who).address
        return [e.said for e in self.chat.chat.entries(address, who) if isinstance(e.said, Card)]

    def card(self, who: str, title: str = "") -> Card:
        """The latest with that in its title."""
        found = [card for card in self.cards(who) if title in card.title]
        assert found, f"{who} sees no card «{title}», only {[c.title for c in self.cards(who)]}"
        return found[-1]

    # short ways to the usual places

    async def with_lead(self, who: str = "camille") -> None:
        code = await self.database.transact(partial(first_code, now=self.clock()))
        await self.says(who, f"/cercle lead {code}")

    async def with_member(self, who: str, **wishes: Value) -> None:
        form = asked(await self.says(who, "/cercle join"))
        everything = {"consent": True, "networks": ("linkedin", "x"), **wishes}
        reply = await self.submits(who, form, **everything)
        assert isinstance(reply, Say), reply

    async def with_post(self, **values: Value) -> None:
        """Camille posts a link whose page is known, and composes it."""
        url = "https://example.org/alternants"
        self.pages[url] = Found(url, "Comment nous accueillons nos alternants", "Une semaine racontée.")
        await self.says("camille", f"/cercle post {url}")
        await self.settle()
        form = asked(await self.presses("camille", OpenCompose, self.card("camille", "alternants")))
        topic = next(p for p in form.parts if getattr(p, "name", "") == "topic").options[0].value  # type: ignore[union-attr]
        given: Mapping[str, Value] = {
            "why": "Deux d’entre eux sont devenus collègues.",
            "opening_1": "J’étais leur tutrice.",
            "topic": topic,
            **values,
        }
        reply = await self.submits("camille", form, **given)
        assert isinstance(reply, Say), reply


def _normalised(value: Value) -> Value:
    """Return what a platform's parser makes of an answer."""
    return normalise(value) if isinstance(value, str) else value


def asked(reply: Reply) -> Form:
    assert isinstance(reply, Ask), reply
    return reply.form


def said(reply: Reply) -> str:
    """The words of a private answer."""
    assert isinstance(reply, Say), reply
    return plain.render(reply.card, SPELLING)


def button(card: Card, wanted: Wanted, **fields: object) -> Button | FormButton:
    """The button with that action, or with an action of that class and these values in its fields. Several
    buttons that match have to do the same."""
    found = {item.action: item for item in _pressable(card) if matches(item.action, wanted, **fields)}
    assert len(found) == 1, f"{len(found)} buttons do {wanted} {fields or ''} among {actions(card)}"
    return next(iter(found.values()))


def actions(card: Card) -> list[Action]:
    """What its buttons do, those in menus included."""
    return [item.action for item in _pressable(card)]


def kinds(card: Card) -> list[type[Action] | type[LinkButton]]:
    """The class of the action of each button, LinkButton for a link; those in menus included."""
    return [LinkButton if isinstance(item, LinkButton) else type(item.action) for item in every_item(card)]


def votes(card: Card) -> dict[str, Vote | TakeBack]:
    """What the buttons of a poll do, by the answer somebody typed; a chosen answer is taken back."""
    return {
        str(row.spans[0]): row.item.action
        for row in card.body
        if isinstance(row, Row) and not isinstance(row.item, LinkButton | Menu)
        if isinstance(row.item.action, Vote | TakeBack)
    }


def links(card: Card) -> dict[str, str]:
    """The address of each link by its label. It has no action: tests take the label from the catalogue."""
    return {item.label: item.url for item in every_item(card) if isinstance(item, LinkButton)}


def _pressable(card: Card) -> Iterator[Button | FormButton]:
    return (item for item in every_item(card) if not isinstance(item, LinkButton))


def filled(form: Form) -> dict[str, Value]:
    """What a form holds when it is sent untouched."""
    return {part.name: part.value for part in form.parts if hasattr(part, "name")}  # type: ignore[union-attr]

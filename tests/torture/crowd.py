"""A busy circle: its lead publishes, corrects and withdraws; its members decline, find words of their own and
ask; newcomers join and leave. All by signed requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from bot.chat.action import Action
from handlers.posts.cards import OpenCompose, OpenEdit, Restore, Withdraw
from handlers.sharing.cards import Decline, OpenAsk, OpenWords, Reconsider
from tests.torture.ledger import Ledger, What
from tests.torture.people import Person, Seen, Unanswered

NOWHERE = "https://198.51.100.7"
"""Nobody lives there (RFC 5737), and the guarded client does not go there."""
OPEN, DECLINED = "open", "declined"
LIVE, WITHDRAWN = "live", "withdrawn"
IN, OUT = "in", "out"
CEILING = 10
"""Posts a week that a newcomer asks for; those who were there before take them all."""
WISHES = {
    "consent": True,
    "networks": ["linkedin"],
    "ceiling": str(CEILING),
    "day_start": "00:00",
    "day_end": "23:59",
    "days": list("0123456"),
}
APPEARS = 20.0
"""Seconds that somebody waits for a card they have asked for."""


@dataclass
class Post:
    """`mark`: stands in its title for good; `planned` when it was to be published later."""

    mark: str
    began: float
    planned: bool = False
    versions: int = 1
    pressed: int = 0
    retired: bool = False

    def why(self, version: int) -> str:
        return f"{self.mark}v{version}v"


@dataclass
class Crowd:
    """Of one circle on one platform. `pause` between two things one person does, in seconds."""

    lead: Person
    members: Sequence[Person]
    newcomers: Sequence[Person]
    ledger: Ledger
    random: Random
    prefix: str
    pause: float = 1.0
    posts: dict[str, Post] = field(default_factory=dict)
    stopping: bool = False

    def __post_init__(self) -> None:
        self._numbers = count(1)

    async def run(self) -> None:
        """Until `stopping`; whatever was begun is finished."""
        for person in (self.lead, *self.members):
            await self._arrives(person)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._each(self._lead))
            group.create_task(self._each(self._newcomers()))
            for member in self.members:
                group.create_task(self._each(lambda member=member: self._member(member)))

    async def _arrives(self, person: Person) -> None:
        while not self.stopping:
            with suppress(Unanswered):
                await person.arrives()
                return

    async def _each(self, act: Callable[[], Awaitable[None]]) -> None:
        """A card may be drawn anew, or a form not come up, between seeing and pressing: that is life."""
        while not self.stopping:
            with suppress(Unanswered, LookupError, StopIteration):
                await act()
            await asyncio.sleep(self.random.uniform(0, 2 * self.pause))

    async def _seen(self, look: Callable[[], Seen | None]) -> Seen:
        """Raises LookupError when it does not come."""
        until = time.monotonic() + APPEARS
        while time.monotonic() < until and not self.stopping:
            if (card := look()) is not None:
                return card
            await asyncio.sleep(0.1)
        raise LookupError

    # the lead

    async def _lead(self) -> None:
        live = [post for post in self.posts.values() if not post.retired]
        point = self.random.random()
        if not live or point < 0.5:
            await self._publish()
        elif point < 0.9:
            await self._correct(self.random.choice(live))
        else:
            await self._withdraw(self.random.choice(live))

    async def _publish(self) -> None:
        post = Post(f"{self.prefix}{next(self._numbers)}c", time.monotonic())
        link = f"{NOWHERE}/{post.mark}"
        deed = self.ledger.begin(What.POST, self.user(self.lead), post.mark)
        await self.lead.writes(f"post {link}")
        deed.done()
        draft = await self._seen(lambda: _with(self.lead.cards(link), OpenCompose))
        if await self._opens(OpenCompose, draft):
            await self._compose(post)

    async def _compose(self, post: Post) -> None:
        post.planned = self.random.random() < 0.4
        post.began = time.monotonic()
        form = {
            "title": f"A first week {post.mark}",
            "why": post.why(1),
            "opening_1": "I was their tutor.",
            "topic": self.lead.options("topic")[0],
            **(_soon() if post.planned else {}),
        }
        self.posts[post.mark] = post
        deed = self.ledger.begin(What.COMPOSE, self.user(self.lead), post.mark, post.why(1))
        deed.done(await self.lead.fills(form))
        if deed.refused:
            del self.posts[post.mark]

    async def _correct(self, post: Post) -> None:
        card = await self._seen(lambda: _with(self.lead.cards(post.mark), OpenEdit))
        if await self._opens(OpenEdit, card):
            post.versions += 1
            why = post.why(post.versions)
            deed = self.ledger.begin(What.CORRECT, self.user(self.lead), post.mark, why)
            deed.done(await self.lead.fills({"why": why}))

    async def _withdraw(self, post: Post) -> None:
        """Once nobody is about to press something on it. Some of it comes back at once."""
        if post.pressed:
            return
        post.retired = True
        await self._decide(post, Withdraw, WITHDRAWN)
        if self.random.random() < 0.5:
            await self._decide(post, Restore, LIVE)

    async def _decide(self, post: Post, kind: type[Action], fate: str) -> None:
        card = await self._seen(lambda: _with(self.lead.cards(post.mark), kind))
        deed = self.ledger.begin(What.WITHDRAW, self.user(self.lead), post.mark, fate)
        await self.lead.presses(kind, card)
        deed.done()

    async def _opens(self, kind: type[Action], card: Seen, person: Person | None = None) -> bool:
        """A form may fail to come up, and is asked for again."""
        for _ in range(5):
            if await (person or self.lead).opens(kind, card):
                return True
        return False

    # the members

    async def _member(self, member: Person) -> None:
        live = [post for post in self.posts.values() if not post.retired]
        if not live:
            return
        post = self.random.choice(live[-5:])
        card = next(iter(member.cards(post.mark)), None)
        if card is None:
            return
        post.pressed += 1
        try:
            await self._respond(member, post, card)
        finally:
            post.pressed -= 1

    async def _respond(self, member: Person, post: Post, card: Seen) -> None:
        if card.offers(Reconsider):
            await self._take_stance(member, post, card, Reconsider, OPEN)
        elif (point := self.random.random()) < 0.45:
            await self._take_stance(member, post, card, Decline, DECLINED)
        elif point < 0.9:
            await self._write(member, post, card)
        else:
            await self._ask(member, post, card)

    async def _take_stance(
        self, member: Person, post: Post, card: Seen, kind: type[Action], stance: str
    ) -> None:
        if card.offers(kind):
            deed = self.ledger.begin(What.STANCE, self.user(member), post.mark, stance)
            await member.presses(kind, card)
            deed.done()

    async def _write(self, member: Person, post: Post, card: Seen) -> None:
        if card.offers(OpenWords) and await self._opens(OpenWords, card, member):
            words = f"{post.mark}w{next(self._numbers)}w"
            deed = self.ledger.begin(What.WORDS, self.user(member), post.mark, words)
            deed.done(await member.fills({"words": words}))

    async def _ask(self, member: Person, post: Post, card: Seen) -> None:
        if card.offers(OpenAsk) and await self._opens(OpenAsk, card, member):
            question = f"{post.mark}q{next(self._numbers)}q"
            deed = self.ledger.begin(What.ASK, self.user(member), question)
            deed.done(await member.fills({"question": question}))

    # who comes and goes

    def _newcomers(self) -> Callable[[], Awaitable[None]]:
        outside, inside = list(self.newcomers), []

        async def come_and_go() -> None:
            if outside and (len(inside) < 2 or self.random.random() < 0.5):
                inside.append(await self._join(outside.pop(0)))
            elif inside:
                await self._leave(inside.pop(0))
            await asyncio.sleep(self.pause * 4)

        return come_and_go

    async def _join(self, person: Person) -> Person:
        deed = self.ledger.begin(What.JOIN, self.user(person), "", IN)
        deed.done(await person.joins(WISHES))
        return person

    async def _leave(self, person: Person) -> None:
        deed = self.ledger.begin(What.JOIN, self.user(person), "", OUT)
        await person.writes("leave")
        deed.done()

    def user(self, person: Person) -> str:
        return person.sender.user


def _with(cards: Sequence[Seen], kind: type[Action]) -> Seen | None:
    """The newest that has that button."""
    return next((card for card in cards if card.offers(kind)), None)


def _soon() -> dict[str, str]:
    """The lead lives in UTC. A chat's own clock shows minutes; what comes by wire may say seconds."""
    at = datetime.now(UTC) + timedelta(seconds=3)
    return {"publish_date": at.date().isoformat(), "publish_time": f"{at:%H:%M:%S}"}

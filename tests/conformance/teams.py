"""Teams, behind its emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import ClassVar

from aiohttp import web

from bot.app import words
from bot.platforms.teams import render
from bot.platforms.teams.adapter import Teams
from tests.conformance.stage import (
    OFFER,
    WAIT,
    Act,
    Combination,
    Delivery,
    Open,
    Place,
    Press,
    Script,
    Stage,
    Trouble,
    Way,
)
from tests.emulators.teams import CHANNEL, GROUP_CHAT, TENANT, FakeTeams, Fault, TeamsUser, pressable
from tests.platforms.teams.cards import problems
from tests.platforms.teams.conftest import Pages

CONVERSATIONS = {Place.CHANNEL: CHANNEL, Place.THREAD: CHANNEL, Place.GROUP_CHAT: GROUP_CHAT}
BUSY = Fault(429, {"Retry-After": f"{WAIT:g}"})
LOST = Fault(broken="reset", done=True)
TROUBLES = {
    Trouble.BUSY: BUSY,
    Trouble.DOWN: Fault(503),
    Trouble.RESET: Fault(broken="reset"),
    Trouble.LOST: LOST,
}
FAULTS = {Delivery.THROTTLED: BUSY, Delivery.BROKEN: Fault(503), Delivery.LOST: LOST}
NO_HISTORY = "Teams shows a bot no history"


class TeamsStage(Stage):
    name = "teams"
    channel = f"teams:{TENANT}:{CHANNEL}"
    cannot: ClassVar[dict[str | Combination, str]] = {
        "what_was_sent_is_found_by_its_id": NO_HISTORY,
        (None, Way.WORDS, None): "in Teams a command is words to the bot",
        (None, Way.HOME, None): "Teams shows no Home: the bot has no tab",
        (Place.ONE_TO_ONE, Way.OLD_BUTTON, None): "one to one there is one kind of button",
        (Place.ONE_TO_ONE, None, Delivery.REFUSED): "whoever writes one to one has the app",
    }

    def __init__(self, fake: FakeTeams, platform: Teams, script: Script) -> None:
        self.fake = fake
        self.platform = platform
        self.script = script
        self.messenger, self.pace = platform.messenger, platform.pace
        self.person, self.other = (
            TeamsUser(fake, name, f"{number:08d}-cccc-4ccc-8ccc-000000000001")
            for number, name in enumerate(("Ada", "Bob"), 1)
        )
        self.ada = self.person.address

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Stage]:
        fake, script = FakeTeams(), Script()
        await fake.start()
        platform = Teams(fake.settings(), script, words, Pages(), fake.now)
        app = web.Application()
        app.add_routes(platform.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.bot = "http://{}:{}".format(*runner.addresses[0][:2])
        try:
            yield cls(fake, platform, script)
        finally:
            await runner.cleanup()
            await platform.close()
            await fake.close()

    def meets(self, act: Act, trouble: Trouble) -> None:
        self.fake.faults.append(TROUBLES[trouble])

    def standing(self, address: str) -> list[str]:
        shown = self.fake.visible(self._conversation(address))
        return [json.dumps(message.activity, ensure_ascii=False) for message in shown]

    def takes_away(self, address: str) -> None:
        for message in self.fake.visible(self._conversation(address)):
            message.deleted = True

    async def crowd(self, number: int) -> list[str]:
        people = [
            TeamsUser(self.fake, f"Person {each}", f"{each:08d}-dddd-4ddd-8ddd-000000000001")
            for each in range(number)
        ]
        for person in people:
            await person.installs()
        return [person.address for person in people]

    def enforces_limits(self, clock: Callable[[], float]) -> None:
        self.fake.now, self.fake.strict = lambda: datetime.fromtimestamp(clock(), UTC), True

    def _conversation(self, address: str) -> str:
        return CHANNEL if address == self.channel else f"a:{self.person.aad}"

    async def prepare(self, place: Place, delivery: Delivery) -> None:
        for user in (self.person, self.other):
            user.enters(CHANNEL)
            user.enters(GROUP_CHAT)
        if delivery is not Delivery.REFUSED:
            await self.person.installs()
        await self.person.says_in_channel("bonjour")
        await self._settled()
        if delivery in (Delivery.REFUSED, Delivery.BLOCKED):
            self.fake.blocking.add(self.person.aad)
        self.fake.one_to_one = FAULTS.get(delivery)

    async def asks(self, place: Place, way: Way) -> None:
        self.fake.messages.clear()
        self.fake.answered.clear()
        self.person.dialog = None
        where = CONVERSATIONS.get(place, f"a:{self.person.aad}")
        drawn = render.card(OFFER, shared=place is not Place.ONE_TO_ONE)
        self.offer = self.fake.shows(where, drawn)
        self.script.opens = way is Way.FORM
        match way:
            case Way.COMMAND:
                await self._says(place)
            case Way.BUTTON:
                await self.person.presses(Press)
            case Way.OLD_BUTTON:
                [button] = pressable(self.offer.card, Press)
                await self.person.submits_fallback(button, self.offer)
            case Way.FORM_BUTTON | Way.FORM:
                await self.person.presses(Open)
        if way is Way.FORM:
            await self.person.submits(words="oui")
        await self._settled()

    async def _says(self, place: Place) -> None:
        match place:
            case Place.ONE_TO_ONE:
                await self.person.says("canari")
            case Place.CHANNEL:
                await self.person.says_in_channel("canari", thread="1699999999999")
            case Place.THREAD:
                await self.person.says_in_channel("canari", thread="1700000000000")
            case Place.GROUP_CHAT:
                await self.person.says_in_group_chat("canari")

    async def sends_form(self, **inputs: str) -> None:
        await self.person.submits(**inputs)
        await self._settled()

    async def _settled(self) -> None:
        while self.platform._under_way:
            await asyncio.wait(self.platform._under_way)

    def form(self) -> str:
        open_one = self.person.dialog and self.person.dialog["type"] == "continue"
        return json.dumps(self.person.dialog, ensure_ascii=False) if open_one else ""

    def ada_reads(self) -> str:
        return _read(self.person)

    def bob_reads(self) -> str:
        return _read(self.other)

    def problems(self) -> list[str]:
        standing = [m for m in self.fake.messages.values() if not m.deleted]
        return [problem for m in (*standing, *self.fake.answered) for problem in problems(m.card)]


def _read(user: TeamsUser) -> str:
    return "\n".join(json.dumps(message.activity, ensure_ascii=False) for message in user.reads())

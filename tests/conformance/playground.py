"""The playground. It is its own emulator: what it shows is in its memory, and on its page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.app import words
from bot.chat.action import pack
from bot.chat.messenger import Notice
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.persona import CHANNELS, PERSONAS, channel_address
from tests.conformance.stage import (
    FORM,
    OFFER,
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

ADA, BOB = PERSONAS[1], PERSONAS[2]
MEMORY = "the playground is memory: nothing is refused or lost on the way"


class PlaygroundStage(Stage):
    name = "playground"
    ada = ADA.address
    channel = channel_address(CHANNELS[0])
    cannot: ClassVar[dict[str | Combination, str]] = {
        "a_platform_that_is_busy_says_how_long_to_wait": MEMORY,
        "a_failed_call_is_never_taken_for_a_done_one": MEMORY,
        "a_lost_answer_is_told_as_one": MEMORY,
        "an_answer_to_a_busy_platform_is_handed_back_with_the_wait": MEMORY,
        "what_leaves_at_the_pace_of_the_platform_is_never_too_fast": "the playground has no rate limits",
        (Place.THREAD, None, None): "the playground has no threads",
        (Place.GROUP_CHAT, None, None): "the playground has no group chats",
        (None, Way.OLD_BUTTON, None): "the playground has one kind of button",
        (Place.CHANNEL, Way.WORDS, None): "in its channels the playground hears commands only",
        (Place.CHANNEL, Way.HOME, None): "Home is in no channel",
        (None, None, Delivery.REFUSED): MEMORY,
        (None, None, Delivery.BLOCKED): MEMORY,
        (None, None, Delivery.THROTTLED): MEMORY,
        (None, None, Delivery.BROKEN): MEMORY,
        (None, None, Delivery.LOST): MEMORY,
    }

    def __init__(self, platform: Playground, script: Script, client: TestClient[Any, Any]) -> None:
        self.platform = platform
        self.script = script
        self.client = client
        self.messenger, self.pace = platform.messenger, platform.pace
        self.forms = ""

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Stage]:
        script = Script()
        platform = Playground(script, words, previews={}, verbs=(), clock=lambda: datetime.now(UTC))
        app = web.Application()
        app.add_routes(platform.routes())
        async with TestClient(TestServer(app)) as client:
            yield cls(platform, script, client)
            await platform.close()

    def meets(self, act: Act, trouble: Trouble) -> None:
        raise AssertionError(MEMORY)

    def standing(self, address: str) -> list[str]:
        entries = self.platform.chat.entries(address, ADA.id)
        return [str(self.platform._drawn(entry.said, ADA)) for entry in entries]

    def takes_away(self, address: str) -> None:
        self.platform.chat._conversations[address].clear()

    async def crowd(self, number: int) -> list[str]:
        raise AssertionError(MEMORY)

    def enforces_limits(self, clock: Callable[[], float]) -> None:
        raise AssertionError(MEMORY)

    async def prepare(self, place: Place, delivery: Delivery) -> None:
        self.place = channel_address(CHANNELS[0]) if place is Place.CHANNEL else ADA.address

    async def asks(self, place: Place, way: Way) -> None:
        chat = self.platform.chat
        for conversation in (*chat._conversations.values(), chat.homes, chat.forms):
            conversation.clear()
        self.forms = ""
        self.offer = await self.platform.messenger.send(self.place, Notice("offer", OFFER))
        self.script.opens = way is Way.FORM
        match way:
            case Way.COMMAND:
                await self._acts(kind="command", text="canari")
            case Way.WORDS:
                await self._acts(kind="say", text="canari")
            case Way.BUTTON:
                await self._acts(kind="click", action=pack(Press()), entry=self.offer)
            case Way.FORM_BUTTON | Way.FORM:
                await self._acts(kind="click", action=pack(Open()), entry=self.offer)
            case Way.HOME:
                await self._acts(kind="home")
        if way is Way.FORM:
            await self.sends_form(words="oui")

    async def sends_form(self, **inputs: str) -> None:
        opened = self.platform.chat.forms.get(ADA.id, FORM)
        self.forms = ""
        await self._acts(kind="submit", action=pack(opened.action), answers=inputs)

    async def _acts(self, **post: Any) -> None:
        body = {"who": ADA.id, "place": self.place, **post}
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with self.client.post("/playground/act", json=body, headers=headers) as response:
            assert response.status == 200
            self.forms += (await response.json()).get("form", "")

    def form(self) -> str:
        return self.forms

    def ada_reads(self) -> str:
        return self._read(ADA.id, (ADA.address, *map(channel_address, CHANNELS))) + self.forms

    def bob_reads(self) -> str:
        return self._read(BOB.id, (BOB.address, *map(channel_address, CHANNELS)))

    def _read(self, who: str, places: tuple[str, ...]) -> str:
        entries = [entry for place in places for entry in self.platform.chat.entries(place, who)]
        home = self.platform.chat.homes.get(who)
        return repr(([entry.said for entry in entries], home))

    def problems(self) -> list[str]:
        return []

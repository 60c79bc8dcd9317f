"""The playground. It is its own emulator: what it shows is in its memory, and on its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
from tests.conformance.stage import FORM, OFFER, Check, Delivery, Open, Place, Press, Script, Stage, Way

ADA, BOB = PERSONAS[1], PERSONAS[2]
MEMORY = "the playground is memory: nothing is refused or lost on the way"


class PlaygroundStage(Stage):
    name = "playground"
    keeps = False
    cannot: ClassVar[dict[Check, str]] = {
        (Place.THREAD, None, None): "the playground has no threads",
        (Place.GROUP_CHAT, None, None): "the playground has no group chats",
        (None, Way.OLD_BUTTON, None): "the playground has one kind of button",
        (Place.CHANNEL, Way.HOME, None): "Home is in no channel",
        (None, None, Delivery.REFUSED): MEMORY,
        (None, None, Delivery.BLOCKED): MEMORY,
        (None, None, Delivery.THROTTLED): MEMORY,
        (None, None, Delivery.BROKEN): MEMORY,
    }

    def __init__(self, platform: Playground, script: Script, client: TestClient[Any, Any]) -> None:
        self.platform = platform
        self.script = script
        self.client = client
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
            case Way.BUTTON:
                await self._acts(kind="click", action=pack(Press()), entry=self.offer)
            case Way.FORM_BUTTON:
                await self._acts(kind="click", action=pack(Open()), entry=self.offer)
            case Way.FORM:
                await self._acts(kind="click", action=pack(Open()), entry=self.offer)
                await self._acts(kind="submit", action=pack(FORM.action), answers={"words": "oui"})
            case Way.HOME:
                await self._acts(kind="home")

    async def _acts(self, **post: Any) -> None:
        body = {"who": ADA.id, "place": self.place, **post}
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with self.client.post("/playground/act", json=body, headers=headers) as response:
            assert response.status == 200
            self.forms += (await response.json()).get("form", "")

    def ada_reads(self) -> str:
        return self._read(ADA.id, (ADA.address, *map(channel_address, CHANNELS))) + self.forms

    def bob_reads(self) -> str:
        return self._read(BOB.id, (BOB.address, *map(channel_address, CHANNELS)))

    def _read(self, who: str, places: tuple[str, ...]) -> str:
        entries = [entry for place in places for entry in self.platform.chat.entries(place, who)]
        home = self.platform.chat.homes.get(who)
        return repr(([entry.said for entry in entries], home))

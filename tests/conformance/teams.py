"""Teams, behind its emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from aiohttp import web

from bot.app import words
from bot.platforms.teams import render
from bot.platforms.teams.adapter import Teams
from tests.conformance.stage import OFFER, Check, Delivery, Open, Place, Press, Script, Stage, Way
from tests.emulators.teams import (
    CHANNEL,
    GROUP_CHAT,
    FakeTeams,
    Fault,
    TeamsUser,
    pressable,
)
from tests.platforms.teams.conftest import Pages

CONVERSATIONS = {Place.CHANNEL: CHANNEL, Place.THREAD: CHANNEL, Place.GROUP_CHAT: GROUP_CHAT}
FAULTS = {Delivery.THROTTLED: Fault(429, {"Retry-After": "1"}), Delivery.BROKEN: Fault(503)}


class TeamsStage(Stage):
    name = "teams"
    cannot: ClassVar[dict[Check, str]] = {
        (None, Way.HOME, None): "Teams shows no Home: the bot has no tab",
        (Place.ONE_TO_ONE, Way.OLD_BUTTON, None): "one to one there is one kind of button",
        (Place.ONE_TO_ONE, None, Delivery.REFUSED): "whoever writes one to one has the app",
    }

    def __init__(self, fake: FakeTeams, platform: Teams, script: Script) -> None:
        self.fake = fake
        self.platform = platform
        self.script = script
        self.ada, self.bob = (
            TeamsUser(fake, name, f"{number:08d}-cccc-4ccc-8ccc-000000000001")
            for number, name in enumerate(("Ada", "Bob"), 1)
        )

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
        yield cls(fake, platform, script)
        await runner.cleanup()
        await platform.close()
        await fake.close()

    async def prepare(self, place: Place, delivery: Delivery) -> None:
        for user in (self.ada, self.bob):
            user.enters(CHANNEL)
            user.enters(GROUP_CHAT)
        if delivery is not Delivery.REFUSED:
            await self.ada.installs()
        if delivery in (Delivery.REFUSED, Delivery.BLOCKED):
            self.fake.blocking.add(self.ada.aad)
        self.fake.one_to_one = FAULTS.get(delivery)

    async def asks(self, place: Place, way: Way) -> None:
        self.fake.messages.clear()
        self.fake.answered.clear()
        where = CONVERSATIONS.get(place, f"a:{self.ada.aad}")
        drawn = render.card(OFFER, shared=place is not Place.ONE_TO_ONE)
        self.offer = self.fake.shows(where, drawn)
        self.script.opens = way is Way.FORM
        match way:
            case Way.COMMAND:
                await self._says(place)
            case Way.BUTTON:
                await self.ada.presses(Press)
            case Way.OLD_BUTTON:
                [button] = pressable(self.offer.card, Press)
                await self.ada.submits_fallback(button, self.offer)
            case Way.FORM_BUTTON:
                await self.ada.presses(Open)
            case Way.FORM:
                await self.ada.presses(Open)
                await self.ada.submits(words="oui")
        while self.platform._under_way:
            await asyncio.wait(self.platform._under_way)

    async def _says(self, place: Place) -> None:
        match place:
            case Place.ONE_TO_ONE:
                await self.ada.says("canari")
            case Place.CHANNEL:
                await self.ada.says_in_channel("canari", thread="1699999999999")
            case Place.THREAD:
                await self.ada.says_in_channel("canari", thread="1700000000000")
            case Place.GROUP_CHAT:
                await self.ada.says_in_group_chat("canari")

    def ada_reads(self) -> str:
        return _read(self.ada)

    def bob_reads(self) -> str:
        return _read(self.bob)


def _read(user: TeamsUser) -> str:
    return "\n".join(json.dumps(message.activity, ensure_ascii=False) for message in user.reads())

"""Slack, behind its emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import aiohttp
from aiohttp import web

from bot.app import words
from bot.platforms.slack import render
from bot.platforms.slack.adapter import Slack, SlackSettings
from tests.conformance.stage import OFFER, Check, Delivery, Open, Place, Press, Script, Stage, Way
from tests.emulators.slack import FakeSlack, Fault, Kind, SlackUser
from tests.platforms.slack.conftest import Shelf

FAULTS = {
    Delivery.REFUSED: Fault(Kind.REFUSE, code="channel_not_found"),
    Delivery.BLOCKED: Fault(Kind.REFUSE, code="user_disabled"),
    Delivery.THROTTLED: Fault(Kind.THROTTLE),
    Delivery.BROKEN: Fault(Kind.ERROR),
}


class SlackStage(Stage):
    name = "slack"
    cannot: ClassVar[dict[Check, str]] = {
        (Place.THREAD, Way.COMMAND, None): "Slack has no commands in threads",
        (None, Way.OLD_BUTTON, None): "Slack has one kind of button",
        (Place.CHANNEL, Way.HOME, None): "Home is in no channel",
        (Place.THREAD, Way.HOME, None): "Home is in no thread",
        (Place.GROUP_CHAT, Way.HOME, None): "Home is in no group chat",
    }

    def __init__(
        self, slack: FakeSlack, platform: Slack, script: Script, ada: SlackUser, bob: SlackUser
    ) -> None:
        self.slack = slack
        self.platform = platform
        self.script = script
        self.ada = ada
        self.bob = bob

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Stage]:
        async with FakeSlack() as slack, aiohttp.ClientSession() as session:
            slack.add_user("U1", "Ada", locale="fr-FR")
            slack.add_user("U2", "Bob", locale="fr-FR")
            slack.add_channel("C1")
            slack.add_channel("G1")
            script = Script()
            settings = SlackSettings(slack.secret, slack.token, slack.api_url)
            platform = Slack(settings, script, words, Shelf())
            app = web.Application()
            app.add_routes(platform.routes())
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await platform.start()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
            ada, bob = (SlackUser(slack, id, url, session) for id in ("U1", "U2"))
            yield cls(slack, platform, script, ada, bob)
            await runner.cleanup()
            await platform.close()

    async def prepare(self, place: Place, delivery: Delivery) -> None:
        self.slack.one_to_one = FAULTS.get(delivery)

    async def asks(self, place: Place, way: Way) -> None:
        for surface in (self.slack.messages, self.slack.modals, self.slack.homes):
            surface.clear()
        self.offer = self.slack._store(self._channel(place), render.message(OFFER))
        self.offer.thread = "1.000001" if place is Place.THREAD else ""
        self.script.opens = way is Way.FORM
        match way:
            case Way.COMMAND:
                await self.ada.command("canari", self._channel(place))
            case Way.BUTTON:
                await self.ada.click(Press, self.offer)
            case Way.FORM_BUTTON:
                await self.ada.click(Open, self.offer)
            case Way.FORM:
                await self.ada.click(Open, self.offer)
                await self.ada.submit({"words": "oui"})
            case Way.HOME:
                await self.ada.open_home()
        while self.platform._tasks:
            await asyncio.wait(self.platform._tasks)

    def _channel(self, place: Place) -> str:
        channels = {Place.CHANNEL: "C1", Place.THREAD: "C1", Place.GROUP_CHAT: "G1"}
        return channels.get(place) or self.slack.dm("U1")

    def ada_reads(self) -> str:
        return "\n".join(self.ada.reads())

    def bob_reads(self) -> str:
        return "\n".join(self.bob.reads())

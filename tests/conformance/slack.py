"""Slack, behind its emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

import aiohttp
from aiohttp import web

from bot.app import words
from bot.platforms.slack import render
from bot.platforms.slack.adapter import Slack, SlackSettings
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
from tests.emulators.slack import FakeSlack, Fault, Kind, Message, SlackUser
from tests.platforms.slack.blocks import Breach, check
from tests.platforms.slack.conftest import Shelf

METHODS = {
    Act.REACH: "conversations.open",
    Act.SEND: "chat.postMessage",
    Act.UPDATE: "chat.update",
    Act.DELETE: "chat.delete",
    Act.FIND: "conversations.history",
}
TROUBLES = {
    Trouble.BUSY: Fault(Kind.THROTTLE, seconds=WAIT),
    Trouble.DOWN: Fault(Kind.HTML),
    Trouble.RESET: Fault(Kind.RESET),
    Trouble.LOST: Fault(Kind.CUT),
}
FAULTS = {
    Delivery.REFUSED: Fault(Kind.REFUSE, code="channel_not_found"),
    Delivery.BLOCKED: Fault(Kind.REFUSE, code="user_disabled"),
    Delivery.THROTTLED: Fault(Kind.THROTTLE, seconds=WAIT),
    Delivery.BROKEN: Fault(Kind.ERROR),
    Delivery.LOST: Fault(Kind.CUT),
}
CHANNELS = {Place.CHANNEL: "C1", Place.THREAD: "C1", Place.GROUP_CHAT: "G1"}


class SlackStage(Stage):
    name = "slack"
    ada = "slack:T1:U1"
    channel = "slack:T1:C1"
    cannot: ClassVar[dict[str | Combination, str]] = {
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
        self.messenger, self.pace = platform.messenger, platform.pace
        self.person, self.other = ada, bob
        self.left = ""

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Stage]:
        async with FakeSlack() as slack, aiohttp.ClientSession() as session:
            slack.add_user("U1", "Ada", locale="fr-FR")
            slack.add_user("U2", "Bob", locale="fr-FR")
            for channel in ("C1", "G1"):
                slack.add_channel(channel)
            script = Script()
            platform = Slack(SlackSettings(slack.secret, slack.token, slack.api_url), script, words, Shelf())
            app = web.Application()
            app.add_routes(platform.routes())
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await platform.start()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
            ada, bob = (SlackUser(slack, id, url, session) for id in ("U1", "U2"))
            try:
                yield cls(slack, platform, script, ada, bob)
            finally:
                await runner.cleanup()
                await platform.close()

    def meets(self, act: Act, trouble: Trouble) -> None:
        self.slack.faults.script(METHODS[act], TROUBLES[trouble])

    def standing(self, address: str) -> list[str]:
        return [_all_of(message) for message in self.slack.messages[self._conversation(address)]]

    def takes_away(self, address: str) -> None:
        self.slack.messages[self._conversation(address)].clear()

    async def crowd(self, number: int) -> list[str]:
        people = [f"U{100 + each}" for each in range(number)]
        for id in people:
            self.slack.add_user(id)
            await self.messenger.reach(f"slack:T1:{id}")
        return [f"slack:T1:{id}" for id in people]

    def enforces_limits(self, clock: Callable[[], float]) -> None:
        self.slack.clock, self.slack.strict = clock, True

    def _conversation(self, address: str) -> str:
        id = address.rpartition(":")[2]
        return self.slack.dm(id) if id.startswith("U") else id

    async def prepare(self, place: Place, delivery: Delivery) -> None:
        self.slack.one_to_one = FAULTS.get(delivery)

    async def asks(self, place: Place, way: Way) -> None:
        for surface in (self.slack.messages, self.slack.modals, self.slack.homes):
            surface.clear()
        channel = CHANNELS.get(place) or self.slack.dm("U1")
        self.offer = self.slack._store(channel, render.message(OFFER))
        self.offer.thread = "1.000001" if place is Place.THREAD else ""
        self.script.opens = way is Way.FORM
        match way:
            case Way.COMMAND:
                await self.person.command("canari", channel)
            case Way.WORDS:
                await self._says(channel)
            case Way.BUTTON:
                await self.person.click(Press, self.offer)
            case Way.FORM_BUTTON | Way.FORM:
                await self.person.click(Open, self.offer)
            case Way.HOME:
                await self.person.open_home()
        self.left = ""
        if way is Way.FORM:
            await self.sends_form(words="oui")
        await self._settled()

    async def _says(self, channel: str) -> None:
        """In a conversation of several people, the bot is called."""
        if channel.startswith("D"):
            await self.person.say("canari")
            return
        ts = f"{self.slack.clock():.6f}"
        thread = {"thread_ts": self.offer.thread} if self.offer.thread else {}
        mention = {"type": "app_mention", "channel": channel, "user": "U1", "text": "<@UBOT> canari"}
        await self.person.event({**mention, "ts": ts, "event_ts": ts, "team": self.slack.team, **thread})

    async def sends_form(self, **inputs: str) -> None:
        ack = await self.person.submit(inputs)
        self.left = json.dumps((ack.errors, inputs), ensure_ascii=False) if ack.errors else ""
        await self._settled()

    async def _settled(self) -> None:
        while self.platform._tasks:
            await asyncio.wait(self.platform._tasks)

    def form(self) -> str:
        """Slack's client leaves a form that was refused as it is, with the errors beside the inputs."""
        view = self.slack.modals.get("U1")
        return json.dumps(view, ensure_ascii=False) + self.left if view else ""

    def ada_reads(self) -> str:
        return "\n".join(self.person.reads()) + self.left

    def bob_reads(self) -> str:
        return "\n".join(self.other.reads())

    def problems(self) -> list[str]:
        messages = [{"text": m.text, "blocks": m.blocks} for m in self.slack.all_messages()]
        shown = [("message", each) for each in messages]
        shown += [("modal", _view(view)) for view in self.slack.modals.values()]
        shown += [("home", _view(view)) for view in self.slack.homes.values()]
        return [problem for surface, each in shown for problem in _problems(each, surface)]


def _all_of(message: Message) -> str:
    return json.dumps((message.text, message.blocks), ensure_ascii=False)


def _view(view: dict[str, object]) -> dict[str, object]:
    """As it was sent, without what Slack adds."""
    return {key: value for key, value in view.items() if key not in ("id", "hash", "team_id", "bot_id")}


def _problems(payload: dict[str, object], surface: str) -> list[str]:
    try:
        check(payload, surface)
    except Breach as breach:
        return [str(breach)]
    return []

"""The fake platforms, with notes of what a judge has to know: what was stored when, and whether the bot told
somebody that something did not work."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from aiohttp import web

from bot.locales import Translator
from tests.emulators import teams as emulator
from tests.emulators.slack import FakeSlack, Json, Message
from tests.emulators.teams import FakeTeams, words

LANGUAGE, LOCALE, ZONE = "en", "en-GB", "Etc/UTC"
t = Translator(LANGUAGE)
SORRY = t("failure.title")
UNCERTAIN, SAVED = t("platform.uncertain"), t("platform.saved")


@dataclass
class Apologies:
    """When the bot told a person that something did not work, or is not certain, by the platform's id of the
    person."""

    heard: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    uncertain: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, who: str, said: str) -> None:
        if SORRY in said:
            self.heard[who].append(time.monotonic())
        elif UNCERTAIN in said:
            self.uncertain[who].append(time.monotonic())
        elif said == SAVED and self.uncertain[who]:
            self.uncertain[who].pop()

    def between(self, who: str, began: float, ended: float) -> bool:
        return any(began <= at <= ended for at in (*self.heard[who], *self.uncertain[who]))


class Slack(FakeSlack):
    def __init__(self) -> None:
        super().__init__()
        self.apologies = Apologies()

    @property
    def address(self) -> tuple[str, int]:
        assert self._runner is not None
        host, port = self._runner.addresses[0][:2]
        return host, port

    def known_as(self, url: str) -> None:
        """The proxy in front of it."""
        self.root = url

    def _store(self, channel: str, args: Json, to: str = "") -> Message:
        message = super()._store(channel, args, to)
        self.apologies.note(to or f"U{channel[1:]}", message.words())
        return message


class Teams(FakeTeams):
    def __init__(self) -> None:
        super().__init__()
        self.apologies = Apologies()
        self.stored: dict[str, float] = {}

    @property
    def address(self) -> tuple[str, int]:
        assert self._runner is not None
        host, port = self._runner.addresses[0][:2]
        return host, port

    def known_as(self, url: str) -> None:
        self.url = url

    def _post(self, conversation: str, activity: Json) -> web.Response:
        answer = super()._post(conversation, activity)
        for id in emulator._posted(answer):
            self.stored[id] = time.monotonic()
        self.apologies.note(_reader(conversation), words(activity))
        return answer

    def _put(self, id: str, activity: Json) -> web.Response:
        if (message := self.messages.get(id)) is not None:
            self.apologies.note(_reader(message.conversation), words(activity))
        return super()._put(id, activity)


def _reader(conversation: str) -> str:
    return conversation.removeprefix("a:")

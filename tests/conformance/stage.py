"""One platform with its emulator, and two people in it: Ada, who acts, and Bob, who reads along."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum

from bot.chat.action import Action
from bot.chat.card import Button, Card, FormButton, buttons
from bot.chat.event import Click, Event
from bot.chat.form import Form, TextInput
from bot.chat.messenger import Messenger, Pace
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Reply, Say
from bot.chat.report import Report

WAIT = 7.0
"""Seconds that a platform asks to wait when it is busy."""


class Place(Enum):
    """The kinds of conversations."""

    ONE_TO_ONE = "one to one"
    CHANNEL = "in a channel"
    THREAD = "in a thread"
    GROUP_CHAT = "in a group chat"


class Way(Enum):
    """How somebody asks for something."""

    COMMAND = "a typed command"
    WORDS = "words to the bot"
    BUTTON = "a button"
    OLD_BUTTON = "a button in an old client"
    FORM_BUTTON = "a button that opens a form"
    FORM = "a form"
    HOME = "their Home"


class Delivery(Enum):
    """What becomes of messages to Ada alone."""

    ACCEPTED = "accepted"
    REFUSED = "refused, because she does not have the app"
    BLOCKED = "refused, because she blocked the app"
    THROTTLED = "refused for a moment (429)"
    BROKEN = "not answered (5xx)"
    LOST = "done, and the answer lost"


class Act(Enum):
    """What a messenger does."""

    REACH = "reach"
    SEND = "send"
    UPDATE = "update"
    DELETE = "delete"
    FIND = "find"


class Trouble(Enum):
    """What a call of a messenger meets."""

    BUSY = "429 with seconds to wait"
    DOWN = "5xx, nothing done"
    RESET = "connection cut, nothing done"
    LOST = "done, and the answer lost"


Combination = tuple[Place | None, Way | None, Delivery | None]
"""None stands for all of them."""


@dataclass(frozen=True)
class Press(Action, verb="conformance.press"):
    id: int = 1


@dataclass(frozen=True)
class Open(Action, verb="conformance.open"):
    id: int = 1


@dataclass(frozen=True)
class Send(Action, verb="conformance.send"):
    id: int = 1


OFFER = Card("Une question", (buttons(Button("Oui", Press()), FormButton("Dire", Open())),))
"""What stands in a conversation for everybody, to be pressed."""
FORM = Form(Send(), "Vos mots", (TextInput("words", "Vos mots"),), "Envoyer")


@dataclass
class Script:
    """In the place of the app's dispatch: answers what it is told to, which `takes` some seconds, and keeps
    what it is given, with the seconds to wait. Where it `opens`, a button is answered with `FORM`, and the
    form that is sent then with the reply."""

    reply: Reply = None
    opens: bool = False
    takes: float = 0.0
    heard: list[Event] = field(default_factory=list)
    kept: list[Reply] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def __call__(self, event: Event) -> Answer:
        self.heard.append(event)
        if self.takes:
            await asyncio.sleep(self.takes)
        opening = self.opens and isinstance(event, Click)
        return Answer(Ask(FORM) if opening else self.reply, "fr")

    async def keep(self, event: Event, answer: Answer, *, wait: float = 0.0) -> bool:
        self.kept.append(answer.reply)
        self.waits.append(wait)
        return answer.reply is not None

    async def report(self, report: Report) -> bool:
        return True

    async def put_off(self, event: Event, answer: Answer) -> Answer:
        """In the place of a form its title, which carries the word of that form."""
        assert isinstance(answer.reply, Ask)
        return Answer(Say(Card(answer.reply.form.title)), answer.language)


class Stage(ABC):
    """`cannot`: what the platform has no way to do, by the name of a check or by the combination of a private
    reply, and why. `ada` and `channel` are addresses; Bob reads the channel too."""

    name: str
    cannot: Mapping[str | Combination, str] = {}
    script: Script
    messenger: Messenger
    pace: Pace
    ada: str
    channel: str

    @classmethod
    @abstractmethod
    def open(cls) -> AbstractAsyncContextManager[Stage]:
        """The platform, connected to its emulator."""

    # Messages unasked

    @abstractmethod
    def meets(self, act: Act, trouble: Trouble) -> None:
        """Let the next call for that act meet this trouble. For SEND, the address was reached before."""

    @abstractmethod
    def standing(self, address: str) -> list[str]:
        """Everything that each message of ours holds there, oldest first."""

    @abstractmethod
    def takes_away(self, address: str) -> None:
        """Somebody deletes all messages there."""

    @abstractmethod
    async def crowd(self, number: int) -> list[str]:
        """Return the addresses of `number` people to whom the bot can write."""

    @abstractmethod
    def enforces_limits(self, clock: Callable[[], float]) -> None:
        """Make the platform refuse calls above its rate limits. `clock` returns seconds since 1970."""

    # People

    @abstractmethod
    async def prepare(self, place: Place, delivery: Delivery) -> None:
        """Let messages to Ada alone meet that from now on."""

    @abstractmethod
    async def asks(self, place: Place, way: Way) -> None:
        """Put `OFFER` there, have Ada do that, and finish everything that follows from it. What stood there
        before is gone."""

    @abstractmethod
    async def sends_form(self, **inputs: str) -> None:
        """Have Ada send the form that is open before her, and finish everything that follows from it."""

    @abstractmethod
    def form(self) -> str:
        """Everything that the form says and holds which is open before Ada; empty if there is none."""

    @abstractmethod
    def ada_reads(self) -> str:
        """Everything that Ada can read."""

    @abstractmethod
    def bob_reads(self) -> str:
        """Everything that Bob can read, who is in every conversation of several people."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What the platform's own client would refuse to draw of all that it shows now."""

    @classmethod
    def why_not(cls, place: Place, way: Way, delivery: Delivery) -> str:
        """Why the platform cannot do that; empty if it can."""
        asked = (place, way, delivery)
        for which, reason in cls.cannot.items():
            if isinstance(which, tuple) and _covers(which, asked):
                return reason
        return ""


def _covers(which: Combination, asked: tuple[Place, Way, Delivery]) -> bool:
    return all(wanted in (None, given) for wanted, given in zip(which, asked, strict=True))

"""One platform with its emulator, and two people in it: Ada, who acts, and Bob, who reads along."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum

from bot.chat.action import Action
from bot.chat.card import Button, Card, FormButton, buttons
from bot.chat.event import Click, Event
from bot.chat.form import Form, TextInput
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Reply, Say


class Place(Enum):
    """The kinds of conversations."""

    ONE_TO_ONE = "one to one"
    CHANNEL = "in a channel"
    THREAD = "in a thread"
    GROUP_CHAT = "in a group chat"


class Way(Enum):
    """How somebody asks for something."""

    COMMAND = "a typed command"
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


Check = tuple[Place | None, Way | None, Delivery | None]
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
    """In the place of the app's dispatch: answers what it is told to, and keeps what it is given. Where it
    `opens`, a button is answered with `FORM`, and the form that is sent then with the reply."""

    reply: Reply = None
    opens: bool = False
    kept: list[Reply] = field(default_factory=list)

    async def __call__(self, event: Event) -> Answer:
        opening = self.opens and isinstance(event, Click)
        return Answer(Ask(FORM) if opening else self.reply, "fr")

    async def keep(self, event: Event, answer: Answer, *, wait: float = 0.0) -> bool:
        self.kept.append(answer.reply)
        return answer.reply is not None

    async def put_off(self, event: Event, answer: Answer) -> Answer:
        """In the place of a form its title, which carries the word of that form."""
        assert isinstance(answer.reply, Ask)
        return Answer(Say(Card(answer.reply.form.title)), answer.language)


class Stage(ABC):
    """`keeps`: an answer that cannot be shown is handed back to be shown later."""

    name: str
    keeps: bool = True
    cannot: Mapping[Check, str] = {}

    def __init__(self) -> None:
        self.script = Script()

    @classmethod
    @abstractmethod
    def open(cls) -> AbstractAsyncContextManager[Stage]:
        """The platform, connected to its emulator."""

    @abstractmethod
    async def prepare(self, place: Place, delivery: Delivery) -> None:
        """Let messages to Ada alone meet that from now on."""

    @abstractmethod
    async def asks(self, place: Place, way: Way) -> None:
        """Put `OFFER` there, have Ada do that, and finish everything that follows from it. What stood there
        before is gone."""

    @abstractmethod
    def ada_reads(self) -> str:
        """Everything that Ada can read."""

    @abstractmethod
    def bob_reads(self) -> str:
        """Everything that Bob can read, who is in every conversation of several people."""

    @classmethod
    def why_not(cls, place: Place, way: Way, delivery: Delivery) -> str:
        """Why the platform cannot do that; empty if it can."""
        asked = (place, way, delivery)
        for check, reason in cls.cannot.items():
            if all(wanted in (None, given) for wanted, given in zip(check, asked, strict=True)):
                return reason
        return ""

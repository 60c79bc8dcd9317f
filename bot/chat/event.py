"""What came in. An adapter makes an event only after it has verified who sent it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.chat.form import Answers
from bot.chat.text import CommandName, named, split_word

Names = Mapping[str, str]
"""Address → how a text calls whoever or whatever is there: "@Ada", "#general"."""
UNNAMED = "@…"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who acts, as the platform itself vouches for it.

    `workspace` and `user` are the platform's own ids. `locale` ("fr-FR") and `zone` (IANA) are empty where
    the platform does not tell. `guest`: an outsider or a guest of that workspace; None where the platform did
    not tell. `reachable`: whether this person can be written to one to one; None where the event does not
    show it. `chat_url`: a link that opens this person's conversation with the bot, empty where there is none.
    """

    platform: str
    workspace: str
    user: str
    name: str
    locale: str = ""
    zone: str = ""
    guest: bool | None = False
    reachable: bool | None = True
    chat_url: str = ""

    @property
    def address(self) -> str:
        """Where this person is written to, one to one."""
        return f"{self.home}{self.user}"

    @property
    def home(self) -> str:
        """What every address in this person's workspace begins with."""
        return f"{self.platform}:{self.workspace}:"


@dataclass(frozen=True, slots=True)
class Command:
    """`/cercle <text>`, or the same words written to the bot. `text` went through `bot.chat.text.normalise`;
    people and channels stand in it as addresses, and `names` says what the platform calls them. `place`: the
    address of the channel it was typed in, empty when that is the conversation with the bot; `place_name` is
    what a text calls it ("#general"), empty where the platform does not tell."""

    key: str
    sender: Sender
    text: str
    place: str = ""
    names: Names = field(default_factory=dict, compare=False)
    place_name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Click:
    """A button. `action` is packed, and only a hint. `place` and `place_name` as in a Command. `card`: the
    reference of the message that it stood on, where nobody else sees that message and the press left a way
    open to draw over it. `on_home`: it stood on the person's own page."""

    key: str
    sender: Sender
    action: str
    place: str = ""
    place_name: str = field(default="", compare=False)
    card: str = ""
    on_home: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """A form sent. `action` is packed, and only a hint. `names`: how the platform calls the people chosen.
    `on_home`: it was opened from the person's own page."""

    key: str
    sender: Sender
    action: str
    answers: Answers
    names: Names = field(default_factory=dict, compare=False)
    on_home: bool = False


@dataclass(frozen=True, slots=True)
class HomeOpened:
    key: str
    sender: Sender


@dataclass(frozen=True, slots=True)
class Installed:
    """The person can now be written to: the app was added for them, or they unblocked it."""

    key: str
    sender: Sender


@dataclass(frozen=True, slots=True)
class Removed:
    """The person can no longer be written to: the app was removed for them, or the account is closed."""

    key: str
    sender: Sender


@dataclass(frozen=True, slots=True)
class Said:
    """Free words to the bot that start with no verb it knows. `text` and `names` as in a Command."""

    key: str
    sender: Sender
    text: str
    names: Names = field(default_factory=dict, compare=False)


Event = Command | Click | Submission | HomeOpened | Installed | Removed | Said
"""`key` names the delivery (Slack: event id, or trigger id and action time; Teams: activity id): the same
key twice is the same event sent again."""


def readable(event: Command | Said) -> str:
    """Return the words of the event with a name in the place of each address."""
    return named(event.text, (event.sender.home,), lambda address: event.names.get(address, UNNAMED))


def typed(event: Event, chosen: Collection[str] = ()) -> tuple[str | CommandName, ...]:
    """Return the words that would be lost: those of a form that cannot stay open, without the inputs that are
    `chosen`, and those of a command, which Slack takes away."""
    match event:
        case Submission():
            return event.answers.typed(chosen)
        case Command() if split_word(event.text)[1]:
            return (CommandName(readable(event)),)
        case _:
            return ()

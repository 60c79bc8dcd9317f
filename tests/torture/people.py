"""People in front of Slack and Teams who want one thing done: whatever gets no answer is sent again, byte for
byte, and some of what was answered is sent again too. It has to have one effect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol, TypeVar

import aiohttp

from bot.chat.action import Action, verb_of
from bot.chat.event import Sender
from handlers.membership.cards import Join
from tests.emulators.slack import Ack, Json, Message, SlackUser, pressable
from tests.emulators.teams import TENANT, TeamsUser, actions, elements, words
from tests.emulators.teams import Message as TeamsMessage
from tests.emulators.teams import pressable as pressed_in_teams
from tests.pressing import Wanted
from tests.torture.fakes import LOCALE, SAVED, UNCERTAIN, ZONE

T = TypeVar("T")
BROKEN = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
PATIENCE = 30.0
"""Seconds for which something is sent again and again."""
ANSWERS = 8.0
"""Seconds for one answer."""
REPLAYED = 0.15
"""Of what was answered."""


class Unanswered(Exception):
    """It may have had its effect, and it may not."""


@dataclass(frozen=True)
class Seen:
    """A lasting card in somebody's conversation with the bot. `verbs`: of the actions of its buttons."""

    words: str
    verbs: frozenset[str]
    message: Any

    def offers(self, kind: type[Action]) -> bool:
        return kind.verb in self.verbs


class Person(Protocol):
    """Every method that asks something of the bot raises Unanswered."""

    @property
    def sender(self) -> Sender: ...

    async def arrives(self) -> None:
        """Whatever it takes until the bot may write to them."""

    def cards(self, marker: str = "") -> Sequence[Seen]:
        """Those with that in their words, newest first."""

    async def writes(self, text: str) -> None:
        """A command."""

    async def presses(self, kind: type[Action], card: Seen) -> None: ...

    async def opens(self, kind: type[Action], card: Seen) -> bool:
        """Whether the form behind that button came up."""

    def options(self, name: str) -> Sequence[str]:
        """Of a choice in the open form."""

    async def fills(self, values: Mapping[str, Any]) -> bool:
        """Whether the form was taken; the others keep what the form proposed."""

    async def joins(self, values: Mapping[str, Any]) -> bool:
        """The command, the form, and whether it was taken."""


async def insist(ask: Callable[[], Awaitable[T]], answered: Callable[[T], bool], random: Random) -> T:
    """Until it is answered. Raises Unanswered."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(*BROKEN):
            answer = await ask()
            if answered(answer):
                if random.random() < REPLAYED:
                    with suppress(*BROKEN):
                        await ask()
                return answer
        await asyncio.sleep(random.uniform(0.1, 0.4))
    raise Unanswered


@dataclass
class SlackPerson(SlackUser):
    random: Random = field(default_factory=Random)

    @property
    def sender(self) -> Sender:
        return Sender("slack", self.slack.team, self.id, self.id, LOCALE, ZONE)

    async def arrives(self) -> None:
        """In a workspace everybody can be written to."""

    async def again(self) -> Ack:
        return await insist(super().again, lambda ack: ack.status == 200, self.random)

    def cards(self, marker: str = "") -> Sequence[Seen]:
        seen = (_seen_in_slack(message) for message in reversed(self.slack.seen(self.id)) if message.id)
        return [card for card in seen if marker in card.words]

    async def writes(self, text: str) -> None:
        await self.command(text)

    async def presses(self, kind: type[Action], card: Seen) -> None:
        await self.click(kind, card.message)

    async def opens(self, kind: type[Action], card: Seen) -> bool:
        await self.close_modal()
        await self.presses(kind, card)
        return self.id in self.slack.modals

    def options(self, name: str) -> Sequence[str]:
        block = next(b for b in self.slack.modals[self.id]["blocks"] if b.get("block_id") == name)
        return [option["value"] for option in block["element"]["options"]]

    async def fills(self, values: Mapping[str, Any]) -> bool:
        ack = await self.submit(values)
        if UNCERTAIN in self.slack.modal_words(self.id):
            return await self._is_told()
        return "response_action" not in ack.body

    async def _is_told(self) -> bool:
        """How what was uncertain ended. An answer that stands elsewhere may be a yes or a no."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            modal = self.slack.modals.get(self.id, {"blocks": ()})
            if any(block["type"] == "input" for block in modal["blocks"]):
                return False
            if SAVED in self.slack.modal_words(self.id):
                return True
            if UNCERTAIN not in self.slack.modal_words(self.id):
                break
            await asyncio.sleep(0.1)
        raise Unanswered

    async def joins(self, values: Mapping[str, Any]) -> bool:
        await self.close_modal()
        await self.writes("join")
        return self.id in self.slack.modals and await self.fills(values)


def _seen_in_slack(message: Message) -> Seen:
    def read() -> Seen:
        packed = ((option or element).get("value", "") for element, option in pressable(message.blocks))
        return Seen(message.words(), frozenset(map(verb_of, packed)), message)

    return _once(message, read)


@dataclass
class TeamsPerson(TeamsUser):
    locale: str = LOCALE
    zone: str = ZONE
    random: Random = field(default_factory=Random)
    before: TeamsMessage | None = None
    """The message whose button is pressed."""

    @property
    def sender(self) -> Sender:
        return Sender("teams", TENANT, self.aad, self.name, self.locale, self.zone)

    async def arrives(self) -> None:
        await self.installs()

    def cards(self, marker: str = "") -> Sequence[Seen]:
        seen = map(_seen_in_teams, reversed(self.messages))
        return [card for card in seen if marker in card.words]

    async def writes(self, text: str) -> None:
        await self.says(text)

    async def presses(  # type: ignore[override]
        self, kind: type[Action], card: Seen, inputs: Mapping[str, str] | None = None
    ) -> None:
        self.before = card.message
        await super().presses(kind, inputs)

    async def opens(self, kind: type[Action], card: Seen) -> bool:
        self.dialog = None
        await self.presses(kind, card)
        return self._form_is_open

    def options(self, name: str) -> Sequence[str]:
        chooser = next(e for e in elements(self.dialog) if e.get("id") == name)
        return [choice["value"] for choice in chooser["choices"]]

    async def fills(self, values: Mapping[str, Any]) -> bool:
        await self.submits(**_typed(values))
        return not self._form_is_open

    async def joins(self, values: Mapping[str, Any]) -> bool:
        """Asked for in words, the form stands in the conversation."""
        await self.writes("join")
        form = next((card for card in self.cards() if card.offers(Join)), None)
        if form is not None:
            await self.presses(Join, form, _typed(values))
        return form is not None

    @property
    def _form_is_open(self) -> bool:
        return bool(self.dialog) and self.dialog["type"] == "continue"

    def _button(self, wanted: Wanted, fields: Mapping[str, object]) -> tuple[TeamsMessage, Json]:
        assert self.before is not None
        if found := pressed_in_teams(self.before.card, wanted, **fields):
            return self.before, found[0]
        raise LookupError(f"no {wanted!r} there any more")

    async def _tell(self, kind: str, **post: Any) -> Json:
        activity = self.activity(kind, **post)

        async def tell() -> tuple[int, Any]:
            async with asyncio.timeout(ANSWERS):
                return await self.teams.deliver(activity)

        self.status, answer = await insist(tell, lambda told: told[0] < 300, self.random)
        return answer or {}


def _seen_in_teams(message: TeamsMessage) -> Seen:
    def read() -> Seen:
        packed = (action.get("data", {}).get("cercle", "") for action in actions(message.card))
        return Seen(words(message.card), frozenset(map(verb_of, packed)), message)

    return _once(message, read)


def _once(message: Message | TeamsMessage, read: Callable[[], Seen]) -> Seen:
    """Read again only once it was drawn again: people look often."""
    kept: tuple[int, Seen] | None = message.__dict__.get("seen")
    if kept is None or kept[0] != message.edits:
        kept = message.__dict__["seen"] = message.edits, read()
    return kept[1]


def _typed(values: Mapping[str, Any]) -> dict[str, str]:
    """As Teams sends inputs: all of them as words."""
    return {name: _word(value) for name, value in values.items()}


def _word(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ",".join(value)
        case _:
            return str(value)

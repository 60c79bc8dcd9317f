"""The seam: what a platform is handed by the root, and what it offers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from bot.chat.card import Card
from bot.chat.event import Event
from bot.chat.messenger import Messenger, Notice, Pace
from bot.chat.reply import Reply
from bot.chat.report import Report

Show = Callable[[Notice], Awaitable[None]]
"""Draws a card in the place of the one whose button was pressed, by the way that the press left open. Raises
a MessengerError."""

Redraw = Callable[[Show], Coroutine[Any, Any, None]]
"""Draws the card again whose button was pressed, and notes what it shows now. Never raises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and the language ("fr", "en") in which the platform adds its own words to it. `redraw`: the
    card whose button was pressed is to show something else, and is reserved for a moment for whoever calls
    this. `home`: what the person's own page shows now, if they acted there."""

    reply: Reply
    language: str
    redraw: Redraw | None = None
    home: Card | None = None


class Dispatch(Protocol):
    """What hears events and reports. No method but `report` raises: an adapter has only its own network to
    fear."""

    async def __call__(self, event: Event) -> Answer:
        """Hear an event, commit its effects, answer. Whatever goes wrong inside is answered by a private
        sentence."""

    async def keep(self, event: Event, answer: Answer, *, wait: float = 0.0) -> bool:
        """Keep an answer that could not be shown. It is sent to the person's own conversation as soon as that
        is possible, in `wait` seconds at the earliest and within 24 hours. Return whether it was kept."""

    async def put_off(self, event: Event, answer: Answer) -> Answer:
        """Return, for a form that cannot be opened now, the card with a button that opens it within 24 hours,
        with what is typed in it. Any other answer is returned as it is."""

    async def report(self, report: Report) -> bool:
        """Store what a platform reports, and do what follows from it. Return whether it is about somebody or
        something that is known. Raises what kept it from being stored: the platform has to tell it again."""


Words = Callable[[str, str], str]
"""(language or locale, catalogue key) → the platform's own few words: "Cancel", "That form has expired"…"""


class Platform(Protocol):
    """One chat. `name` is the first part of its addresses."""

    @property
    def name(self) -> str: ...

    @property
    def pace(self) -> Pace: ...

    @property
    def messenger(self) -> Messenger: ...

    async def start(self) -> None:
        """Open what has to be open before the first request."""

    async def close(self) -> None:
        """Finish what was begun, then let go."""

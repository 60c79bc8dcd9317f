"""The seam: what a platform is handed by the root, and what it offers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.chat.event import Event
from bot.chat.messenger import Messenger, Pace
from bot.chat.reply import Reply


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and the language ("fr", "en") in which the platform adds its own words to it."""

    reply: Reply
    language: str


Dispatch = Callable[[Event], Awaitable[Answer]]
"""Hears an event, commits its effects, answers. Never raises: whatever goes wrong inside is answered by a
private sentence, so an adapter has only its own network to fear."""

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

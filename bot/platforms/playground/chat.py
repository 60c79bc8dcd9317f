"""What the chat remembers: conversations by address, home pages, forms being filled. Lost at the end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.chat.card import Card
from bot.chat.form import Form
from bot.platforms.playground.persona import CHANNELS, Persona, channel_address

BOT = "cercle"
"""The author of what the programme says."""

KEPT = 200
"""Entries a conversation holds; the oldest go first, so that a page left open for weeks stays small."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a conversation: a card, or words somebody typed.

    `reader` is the only person who sees it, empty for everyone. `born` is the revision it came with.
    """

    reference: str
    author: str
    at: datetime
    said: Card | str
    reader: str = ""
    born: int = 0
    version: int = 1

    def seen_by(self, persona: str) -> bool:
        return self.reader in ("", persona)


@dataclass
class Chat:
    """Every change raises `revision` and wakes those who wait in `after`. Used from one event loop only."""

    people: Sequence[Persona]
    clock: Callable[[], datetime]
    revision: int = 0
    homes: dict[str, Entry] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    _conversations: dict[str, dict[str, Entry]] = field(init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        personal = (persona.address for persona in self.people)
        self._conversations = {address: {} for address in [*personal, *map(channel_address, CHANNELS)]}

    def __contains__(self, address: str) -> bool:
        return address in self._conversations

    def entries(self, address: str, reader: str) -> tuple[Entry, ...]:
        """What `reader` sees there, oldest first; raises KeyError for an address there is not."""
        return tuple(entry for entry in self._conversations[address].values() if entry.seen_by(reader))

    def own_entries(self, address: str, reader: str) -> tuple[Entry, ...]:
        """What only `reader` sees there."""
        personal = any(address == one.address for one in self.people if one.id == reader)
        return tuple(e for e in self.entries(address, reader) if personal or e.reader == reader)

    def holds(self, address: str, reference: str) -> bool:
        return reference in self._conversations[address]

    def latest(self, address: str, reader: str) -> int:
        """The revision of the newest entry there that `reader` did not write, 0 for none."""
        return max((e.born for e in self.entries(address, reader) if e.author != reader), default=0)

    def post(self, address: str, author: str, said: Card | str, reader: str = "", reference: str = "") -> str:
        """Add an entry and return its reference; the same reference again changes the entry instead."""
        reference = reference or secrets.token_hex(8)
        conversation = self._conversations[address]
        if reference in conversation:
            return self._redraw(address, conversation[reference], said)
        self.touch()
        entry = Entry(reference, author, self.clock(), said, reader, self.revision)
        conversation[reference] = entry
        for oldest in list(conversation)[:-KEPT]:
            del conversation[oldest]
        return reference

    def change(self, address: str, reference: str, card: Card) -> bool:
        """Draw another card in the entry's place; False when it is no longer there."""
        entry = self._conversations[address].get(reference)
        if entry is None:
            return False
        self._redraw(address, entry, card)
        return True

    def _redraw(self, address: str, entry: Entry, said: Card | str) -> str:
        if entry.said != said:
            changed = replace(entry, said=said, version=entry.version + 1)
            self._conversations[address][entry.reference] = changed
            self.touch()
        return entry.reference

    def remove(self, address: str, reference: str) -> None:
        if self._conversations[address].pop(reference, None):
            self.touch()

    def show_home(self, persona: str, card: Card) -> None:
        before = self.homes.get(persona)
        if before is None or before.said != card:
            self.touch()
            self.homes[persona] = Entry("home", BOT, self.clock(), card, persona, version=self.revision)

    def touch(self) -> None:
        """Something changed that the page shows."""
        self.revision += 1
        self.wake()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def after(self, revision: int) -> None:
        """Return at the next change, or at once when there is news since `revision`."""
        if self.revision == revision:
            await self._changed.wait()

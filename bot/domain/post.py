"""A post: something worth sharing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_TITLE = 150
MAX_WHY = 500
MAX_OPENING = 1000
MAX_WORDS = 3000
MAX_ALT = 300


class DraftState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    UNREADABLE = "unreadable"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Found:
    """What was read on a page; empty where the page said nothing. `unshown`: it has a picture that the chats
    do not show."""

    url: str
    title: str = ""
    description: str = ""
    picture_url: str = ""
    picture_alt: str = ""
    site: str = ""
    unshown: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A link being turned into a post. `problem` is a catalogue key: why the page could not be read, or why
    its picture is left out."""

    id: str
    author_id: str
    url: str
    state: DraftState
    found: Found
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """What the author writes; `networks` empty means any. Instants are aware UTC."""

    url: str
    title: str
    why: str
    openings: tuple[str, ...]
    topic_id: str
    networks: tuple[str, ...]
    picture_url: str
    picture_alt: str
    expires_at: datetime
    publish_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    id: str
    author_id: str
    copy: Copy
    version: int
    published_at: datetime | None
    withdrawn_at: datetime | None

    def live(self, now: datetime) -> bool:
        """Can still be shared."""
        return self.published_at is not None and self.withdrawn_at is None and now < self.copy.expires_at

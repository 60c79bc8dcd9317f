"""The board: what holds the circle back and what worked, as its members say it, and the themes that the comms
team makes of it, each with somebody who looks after it, an answer and a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.errors import BadDue
from bot.domain.message import Kind
from bot.domain.secrecy import packed, room, unpacked

GATHERING = Kind("gathering", unasked=True, consent=True, counts=True)
GATHERED = Kind("gathered", unasked=True, counts=True)
THEME_OWNER = Kind("theme_owner", unasked=True, consent=True, counts=True)
THEMES_ANSWERED = Kind("themes_answered", unasked=True, consent=True, counts=True)
THEMES_RETURNED = Kind("themes_returned", unasked=True, counts=True)

LIFE = timedelta(days=7)
PATIENCE = timedelta(days=14)
"""How long a theme may stand without a day before it comes back to the comms team."""
HORIZON = timedelta(days=366)
MAX_FINDING = 500
MAX_TITLE = 100
MAX_ANSWER = 1000


class Matter(StrEnum):
    BLOCKER = "blocker"
    PRACTICE = "practice"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A member who is named on the board, by their own choice or as who looks after a theme."""

    id: str
    workspace_id: str
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Gathering:
    """`spoken`: what was said may be read. When it is signed, at once; when it is anonymous, once it has
    closed, if enough people answered. Else their words wait for the next anonymous one. `lost`: its answers
    could not be read."""

    id: str
    anonymous: bool
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None
    spoken: bool = False
    lost: bool = False

    def takes_findings(self, now: datetime) -> bool:
        return self.closed_at is None and now < self.closes_at


@dataclass(frozen=True, slots=True)
class Telling:
    """What somebody said at one time in an anonymous gathering. `teller` is their pseudonym there."""

    teller: str
    said: Mapping[Matter, str]

    def packed(self) -> bytes:
        """Return as many bytes for any of them."""
        words = (packed(self.said.get(matter, ""), MAX_FINDING) for matter in Matter)
        return bytes.fromhex(self.teller) + b"".join(words)

    @classmethod
    def unpacked(cls, content: bytes) -> Telling:
        start, each = len(content) - len(Matter) * room(MAX_FINDING), room(MAX_FINDING)
        words = {m: unpacked(content[start + n * each :]) for n, m in enumerate(Matter)}
        return cls(content[:start].hex(), {matter: text for matter, text in words.items() if text})


@dataclass(frozen=True, slots=True)
class Finding:
    """`by`: who signed it, while they are a member."""

    id: str
    matter: Matter
    text: str
    by: Somebody | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """`due_on` by the clock of the circle. `returned_on`: since when it has been back with the comms team.
    `changes`: how often its title, its owner, its day or its answer changed."""

    id: str
    matter: Matter
    title: str
    created_at: datetime
    owner: Somebody | None = None
    due_on: date | None = None
    answer: str = ""
    answered_at: datetime | None = None
    returned_on: date | None = None
    changes: int = 0

    @property
    def waits(self) -> bool:
        """Good practice needs no answer."""
        return self.matter is Matter.BLOCKER and self.answered_at is None


@dataclass(frozen=True, slots=True)
class Plan:
    """Who looks after a theme, and until when."""

    title: str
    owner_id: str | None
    due_on: date | None


def comes_back(theme: Theme, now: datetime, today: date) -> bool:
    """Whether it waits in vain: its day has gone by, or nobody has given it one for too long."""
    if not theme.waits:
        return False
    return theme.due_on < today if theme.due_on else theme.created_at + PATIENCE <= now


def parse_due(typed: str, today: date) -> date | None:
    """A day from today on, within a year; None for none. Raises BadDue."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise BadDue from None
    if not today <= day <= today + HORIZON:
        raise BadDue
    return day

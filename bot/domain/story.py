"""What became of messages, and of what recurs, as far as the comms team may know: what failed, never who
waits or why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.message import State


@dataclass(frozen=True, slots=True)
class Failure:
    """A card that did not arrive, or perhaps did: to whom, and what the platform said."""

    message_id: str
    name: str
    title: str
    attempts: int
    reason: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to whoever reads this: all there is to know. `title` of the post it is about, if it is
    about one; `changes`: how often it was drawn again where it stands."""

    kind: str
    title: str
    state: State
    created_at: datetime
    due_at: datetime
    shown_at: datetime | None
    changes: int
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Missed:
    """What recurs and was not done in time on these days, oldest first. `schedule` by its name."""

    schedule: str
    days: tuple[date, ...]

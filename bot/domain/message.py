"""A message: what one address should see. It holds no card; the card is drawn when it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """WAITING → SENDING → SHOWN, and back to WAITING when a newer version is wanted.

    AMBIGUOUS: may have arrived, the answer was lost; the chat is asked whether it stands there.
    Ends: DROPPED (no consent, or stale), DEAD (could not be done, shown to the comms team), UNKNOWN (may
    have arrived, and the chat cannot tell; shown to the comms team too).
    """

    WAITING = "waiting"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SHOWN = "shown"
    DROPPED = "dropped"
    DEAD = "dead"
    UNKNOWN = "unknown"


PRIORITIES = 3
RANKS = tuple(range(2 * PRIORITIES, -1, -1))
"""The order in which a workspace's messages leave: 6, a change for one person, who just did something; 5 to
3, a change for many, by its kind's priority; 2 to 0, a first send, by its kind's priority."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of message. `unasked`: it waits for the reader's working time. `consent`: it goes to members
    only. `counts`: it takes from their weekly ceiling. `priority`, 0 to 2: higher goes first."""

    name: str
    unasked: bool = False
    consent: bool = False
    counts: bool = False
    priority: int = 0

    def __post_init__(self) -> None:
        if self.priority not in range(PRIORITIES):
            raise ValueError(f"no priority of a message: {self.priority}")


FOREMOST = 2 * PRIORITIES
"""The priority of a change that one person waits for."""


def rank_of_change(kind: Kind) -> int:
    return PRIORITIES + kind.priority


REMOVED = "removed in the chat"
"""Why a message rests that somebody took away where it stood: it is not wanted, and not put there again."""

POST = Kind("post", unasked=True, consent=True, counts=True)
REMINDER = Kind("reminder", unasked=True, consent=True)
"""Its reader chose the moment: it waits for their hours and for the end of their pause, but not for their
ceiling, which the card that it brings back was counted against."""
AUTHOR = Kind("author", priority=1)
DRAFT = Kind("draft", priority=2)
CALL = Kind("call", priority=2)
QUESTION = Kind("question", unasked=True)
ANSWER = Kind("answer", unasked=True)
UNDELIVERED = Kind("undelivered", unasked=True)


@dataclass(frozen=True, slots=True)
class Message:
    """`shown_version` 0: not there yet. `fence` grows at every claim; who holds an older one has lost it."""

    id: str
    circle_id: str
    workspace_id: str
    person_id: str | None
    address: str
    kind: str
    subject_id: str
    wanted_version: int
    shown_version: int
    reference: str
    state: State
    attempt: int
    fence: int
    due_at: datetime
    created_at: datetime
    expires_at: datetime | None
    last_error: str

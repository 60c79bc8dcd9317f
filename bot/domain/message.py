"""A message: what one address should see. It holds no card; the card is drawn when it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """The states of a message. `TRANSITIONS` says how a message moves between them.

    WAITING: another version is wanted than the chat shows. SENDING: a pump holds a claim. SHOWN: the chat
    shows the wanted version. AMBIGUOUS: a first send may have arrived, and the pump will look for it in the
    chat. DROPPED: nobody is to see it any more. DEAD: it could not be delivered. UNKNOWN: a first send may
    have arrived, and the chat cannot tell. The comms team sees the messages that are DEAD or UNKNOWN.
    """

    WAITING = "waiting"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SHOWN = "shown"
    DROPPED = "dropped"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Mover(StrEnum):
    """Who moves a message to another state."""

    FEATURE = "a feature"
    PUMP = "the pump"
    COMMS = "the comms team"


@dataclass(frozen=True, slots=True)
class Transition:
    """A permitted change of state. `by` and `why` together are a sentence."""

    source: State
    target: State
    by: Mover
    why: str


TRANSITIONS = (
    Transition(State.WAITING, State.SENDING, Mover.PUMP, "claims it"),
    Transition(State.WAITING, State.SHOWN, Mover.PUMP, "finds it in the chat before sending it again"),
    Transition(State.WAITING, State.DROPPED, Mover.FEATURE, "recalls it because its reader left the circle"),
    Transition(
        State.WAITING, State.DROPPED, Mover.PUMP, "finds nothing to show, no consent, or that it expired"
    ),
    Transition(State.WAITING, State.DEAD, Mover.PUMP, "cannot draw it"),
    Transition(
        State.SENDING, State.SHOWN, Mover.PUMP, "hears from the chat that it shows the wanted version"
    ),
    Transition(State.SENDING, State.WAITING, Mover.PUMP, "tries again later, or another version is wanted"),
    Transition(State.SENDING, State.AMBIGUOUS, Mover.FEATURE, "recalls it while the pump may be sending it"),
    Transition(
        State.SENDING, State.AMBIGUOUS, Mover.PUMP, "ends a claim on a first send at the end of its lease"
    ),
    Transition(State.SENDING, State.DROPPED, Mover.PUMP, "hears from the chat that somebody removed it"),
    Transition(State.SENDING, State.DEAD, Mover.PUMP, "is refused by the chat, or made the last attempt"),
    Transition(State.AMBIGUOUS, State.SHOWN, Mover.PUMP, "finds it in the chat"),
    Transition(
        State.AMBIGUOUS, State.WAITING, Mover.PUMP, "does not find it, or finds a version that may be old"
    ),
    Transition(
        State.AMBIGUOUS, State.DROPPED, Mover.PUMP, "cannot look for it and its reader left the circle"
    ),
    Transition(State.AMBIGUOUS, State.DEAD, Mover.PUMP, "does not find it after the last attempt"),
    Transition(State.AMBIGUOUS, State.UNKNOWN, Mover.PUMP, "cannot find out whether it arrived"),
    Transition(State.SHOWN, State.WAITING, Mover.FEATURE, "redraws it"),
    Transition(
        State.SHOWN, State.WAITING, Mover.PUMP, "redraws it because an older version may be in the chat"
    ),
    Transition(State.DROPPED, State.WAITING, Mover.FEATURE, "restores or reschedules it"),
    Transition(State.DROPPED, State.WAITING, Mover.PUMP, "finds a version that may be old after dropping it"),
    Transition(State.DROPPED, State.SHOWN, Mover.PUMP, "finds it in the chat after dropping it"),
    Transition(State.DEAD, State.WAITING, Mover.FEATURE, "redraws or reschedules it"),
    Transition(State.DEAD, State.WAITING, Mover.COMMS, "tries again"),
    Transition(State.DEAD, State.WAITING, Mover.PUMP, "finds a version that may be old after giving up"),
    Transition(State.DEAD, State.SHOWN, Mover.PUMP, "finds it in the chat after giving up"),
    Transition(State.UNKNOWN, State.WAITING, Mover.COMMS, "sends it again"),
)
"""Every permitted change of state. A new message is WAITING. The tests check each UPDATE of a state against
this table (`tests/transitions.py`), and the diagram in docs/reliability.md is drawn from it."""


class Obstacle(StrEnum):
    """What kept a message from arriving, as far as somebody can do something about it.

    NOT_THERE: Cercle cannot write there; of a channel, it is most likely not in it. CLOSED: the channel is
    archived or deleted. RESTRICTED: few people may write there. REFUSED: the chat does not take this message.
    SILENT: the chat did not answer. BROKEN: Cercle could not draw it. LOST: it may have arrived, and the chat
    cannot tell.
    """

    NOT_THERE = "not_there"
    CLOSED = "closed"
    RESTRICTED = "restricted"
    REFUSED = "refused"
    SILENT = "silent"
    BROKEN = "broken"
    LOST = "lost"


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
WELCOME = Kind("welcome", unasked=True)
QUESTION = Kind("question", unasked=True)
QUESTION_AGAIN = Kind("question_again", unasked=True)
"""A question that nobody answered in three working days, for the whole comms team."""
PICTURE = Kind("picture", unasked=True)
"""Tells an author that a chat does not show the picture of a post."""
ANSWER = Kind("answer", unasked=True, consent=True)
UNDELIVERED = Kind("undelivered", unasked=True)
REPLY = Kind("reply", priority=2)
"""The answer to something a person did, which could not be shown at once."""
GREETING = Kind("greeting", priority=1)
DISCONNECTED = Kind("disconnected", unasked=True, priority=1)


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

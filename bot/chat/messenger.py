"""What a platform can do unasked: put a card at an address, change it, take it away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from bot.chat.card import Card


@dataclass(frozen=True, slots=True)
class Notice:
    """A card on its way. `id` is opaque and random: a platform may show it to everyone in the workspace."""

    id: str
    card: Card


class Messenger(Protocol):
    """Addresses and references are opaque strings that only this platform reads.

    Every method raises one of the errors below and nothing else.
    """

    async def reach(self, address: str) -> None:
        """Do what has to be done before a message can be put there, so that `send` is one request. Doing it
        twice is the same as once; never raises Unsure."""

    async def send(self, address: str, notice: Notice) -> str:
        """Post, and return the reference by which the message can be changed."""

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        """Draw the card where it stands. Doing it twice is the same as once. Raises Gone where it no longer
        stands."""

    async def delete(self, address: str, reference: str) -> None:
        """Take the message away. One already gone is no error."""

    async def find(self, address: str, notice_id: str, since: datetime) -> tuple[str, ...]:
        """References of the messages put there since then that carry this notice's id, oldest first. Raises
        CannotTell where they cannot be read."""


class MessengerError(Exception):
    """Base of what can go wrong outside:

    MessengerError
    ├── Throttled     not done; the platform asks to wait
    ├── Unavailable   not done, for sure; another try may work
    │   └── NotConnected  the platform does not accept us in that workspace
    ├── Unreachable   not done; this person or channel cannot be written to
    │   ├── Closed      the channel is archived or deleted
    │   └── Restricted  only few people may write in that channel
    ├── Refused       not done; the same request will never work
    │   └── PictureRefused  not done; the same card may work with its pictures in words
    ├── Gone          of `update`: somebody took the message away; it is not wanted there
    ├── Unsure        sent, and the answer was lost: it may have been done
    └── CannotTell    of `find`: this chat, or this installation, has no way to know
    """


class Throttled(MessengerError):
    def __init__(self, wait: float) -> None:
        """`wait` in seconds, as the platform said."""
        super().__init__(f"asked to wait {wait:g} s")
        self.wait = wait


LONGEST_WAIT = 3600.0


def asked_to_wait(retry_after: str, date: str) -> float | None:
    """Return the seconds of a Retry-After, an hour at most; None if it says nothing usable. It is a number of
    seconds or a moment (RFC 9110), which is read by the clock of whoever answered: `date` is their Date."""
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = _between(date, retry_after)
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None


def _between(start: str, end: str) -> float:
    """Return the seconds between two dates of HTTP, 0 if either is none."""
    try:
        return (parsedate_to_datetime(end) - parsedate_to_datetime(start)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0


class Unavailable(MessengerError):
    pass


class NotConnected(Unavailable):
    pass


class Unreachable(MessengerError):
    pass


class Closed(Unreachable):
    pass


class Restricted(Unreachable):
    pass


class Refused(MessengerError):
    pass


class PictureRefused(Refused):
    pass


class Gone(MessengerError):
    pass


class Unsure(MessengerError):
    pass


class CannotTell(MessengerError):
    def __init__(self, why: str, *, resend: bool) -> None:
        """`resend`: a message that may have arrived is sent again, for here twice is better than never;
        otherwise it rests until a human decides."""
        super().__init__(why)
        self.resend = resend


@dataclass(frozen=True, slots=True)
class Limit:
    """A pace: `rate` a second on average, one every `interval`, `burst` at once."""

    rate: float
    burst: int = 1
    interval: timedelta = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "interval", timedelta(seconds=1 / self.rate))


@dataclass(frozen=True, slots=True)
class Pace:
    """What a platform allows: `send`, `update` and `find` of one workspace, `channel` of one address."""

    send: Limit
    update: Limit
    channel: Limit
    find: Limit = Limit(1)


class Notebook(Protocol):
    """Where a platform keeps what it has to remember about an address: small JSON records by key."""

    async def read(self, key: str) -> dict[str, Any] | None: ...

    async def write(self, key: str, record: dict[str, Any]) -> None: ...

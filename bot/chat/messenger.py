"""What a platform can do unasked: put a card at an address, change it, take it away."""

from __future__ import annotations

from dataclasses import dataclass
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

    async def send(self, address: str, notice: Notice) -> str:
        """Post, and return the reference by which the message can be changed."""

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        """Draw the card where it stands. Doing it twice is the same as once."""

    async def delete(self, address: str, reference: str) -> None:
        """Take the message away. One already gone is no error."""


class MessengerError(Exception):
    """Base of what can go wrong outside:

    MessengerError
    ├── Throttled     not done; the platform asks to wait
    ├── Unavailable   not done, for sure; another try may work
    ├── Unreachable   not done; this person or channel cannot be written to
    ├── Refused       not done; the same request will never work
    └── Unsure        sent, and the answer was lost: it may have been done
    """


class Throttled(MessengerError):
    def __init__(self, wait: float) -> None:
        """`wait` in seconds, as the platform said."""
        super().__init__(f"asked to wait {wait:g} s")
        self.wait = wait


class Unavailable(MessengerError):
    pass


class Unreachable(MessengerError):
    pass


class Refused(MessengerError):
    pass


class Unsure(MessengerError):
    pass


@dataclass(frozen=True, slots=True)
class Limit:
    """A pace: `rate` a second on average, `burst` at once."""

    rate: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Pace:
    """What a platform allows. `send` and `update` are for one workspace, `channel` for one address."""

    send: Limit
    update: Limit
    channel: Limit


class Notebook(Protocol):
    """Where a platform keeps what it has to remember about an address: small JSON records by key."""

    async def read(self, key: str) -> dict[str, Any] | None: ...

    async def write(self, key: str, record: dict[str, Any]) -> None: ...

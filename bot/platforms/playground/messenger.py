"""What the programme says unasked, put into the chat's memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.chat.messenger import Gone, Limit, Notice, Pace, Unreachable
from bot.platforms.playground.chat import BOT, Chat

PACE = Pace(send=Limit(1000, 1000), update=Limit(1000, 1000), channel=Limit(1000, 1000))
"""Nobody to be gentle with: the messages go no further than this process."""


@dataclass(frozen=True, slots=True)
class PlaygroundMessenger:
    """A notice's id is its reference, so the same notice sent again is the same message."""

    chat: Chat

    async def reach(self, address: str) -> None:
        self._known(address)

    async def send(self, address: str, notice: Notice) -> str:
        return self.chat.post(self._known(address), BOT, notice.card, reference=notice.id)

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        if not self.chat.change(self._known(address), reference, notice.card):
            raise Gone(f"no message {reference} at {address}")

    async def delete(self, address: str, reference: str) -> None:
        self.chat.remove(self._known(address), reference)

    async def find(self, address: str, notice_id: str, since: datetime) -> tuple[str, ...]:
        return (notice_id,) if self.chat.holds(self._known(address), notice_id) else ()

    def _known(self, address: str) -> str:
        if address not in self.chat:
            raise Unreachable(f"nobody lives at {address}")
        return address

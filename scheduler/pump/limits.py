"""The names of the rate limits that a message takes from, and how many messages are worth a turn."""

from __future__ import annotations

from bot.chat.messenger import Limit, Pace
from bot.domain.message import PRIORITIES, Message

A_FEW, FOR_THEM = 4, 2.0
"""How many of the messages that nobody waits for leave in one turn when a rate limit holds them back, unless
they would wait for each other for more than these seconds."""
UNHURRIED = (0, PRIORITIES)
"""The ranks of the messages that nobody waits for: first sends, and changes."""


def method(message: Message) -> str:
    return "update" if message.shown_version else "send"


def workspace_key(message: Message) -> str:
    """Name the limit of a workspace for one method, as platforms count it."""
    return f"{message.workspace_id}:{method(message)}"


def address_key(message: Message) -> str:
    return f"{message.address}:{method(message)}"


def rank_key(workspace_id: str, rank: int) -> str:
    """Name the limit of a workspace for the messages of one rank."""
    return f"{workspace_id}:{'update' if _is_change(rank) else 'send'}"


def look_key(workspace_id: str) -> str:
    return f"{workspace_id}:find"


def keys(workspace_id: str) -> tuple[str, ...]:
    """Name all limits of a workspace."""
    return tuple(f"{workspace_id}:{what}" for what in ("send", "update", "find"))


def of_rank(pace: Pace, rank: int) -> Limit:
    return pace.update if _is_change(rank) else pace.send


def of_message(pace: Pace, message: Message) -> Limit:
    return pace.update if message.shown_version else pace.send


def few(limit: Limit, rank: int) -> int:
    """How many messages have to be allowed before a turn is worth taking."""
    return max(1, min(A_FEW, limit.burst, int(limit.rate * FOR_THEM))) if rank in UNHURRIED else 1


def _is_change(rank: int) -> bool:
    return rank >= PRIORITIES

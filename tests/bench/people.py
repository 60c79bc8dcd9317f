"""Who is in the circle of the bench."""

from __future__ import annotations

WORKSPACE = "T1"
LEAD = "ULEAD"
CHANNEL = "C1"
LOCALE = "en-GB"
ZONE = "Europe/London"


def members(number: int) -> list[str]:
    return [f"U{1000 + n}" for n in range(number)]


def conversation(user: str) -> str:
    """The channel of the bot's conversation with somebody, as the fake Slack numbers them."""
    return f"D{user[1:]}"

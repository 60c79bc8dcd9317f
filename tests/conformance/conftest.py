from __future__ import annotations

import pytest

from bot.chat.messenger import Limit
from bot.platforms.slack import adapter as slack
from bot.platforms.slack import replies
from bot.platforms.teams import adapter as teams
from bot.platforms.teams import rate


@pytest.fixture(autouse=True)
def hurried_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People here do in a second what takes others a minute, and no platform waits for long."""
    monkeypatch.setattr(rate, "TENANT", Limit(10_000, burst=10_000))
    monkeypatch.setattr(rate, "CONVERSATION", Limit(10_000, burst=10_000))
    monkeypatch.setattr(teams, "INVOKE", 0.15)
    monkeypatch.setattr(slack, "PATIENCE", 0.15)
    monkeypatch.setattr(replies, "DRAWN", 0.02)

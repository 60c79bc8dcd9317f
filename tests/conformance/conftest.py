from __future__ import annotations

import pytest

from bot.chat.messenger import Limit
from bot.platforms.teams import rate


@pytest.fixture(autouse=True)
def hurried_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People here do in a second what takes others a minute."""
    monkeypatch.setattr(rate, "TENANT", Limit(10_000, burst=10_000))
    monkeypatch.setattr(rate, "CONVERSATION", Limit(10_000, burst=10_000))

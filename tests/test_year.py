"""A year of a programme, lived by members on every continent, and held against what each of them chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import DRAWINGS
from bot.chat.card import Card
from bot.context import Notice
from bot.domain.message import REMINDER
from bot.domain.working_time import Away
from storage import sqlite, tables
from tests.year.cast import CAST
from tests.year.oracle import violations
from tests.year.people import People
from tests.year.plan import FIRST_SUNDAY, plan
from tests.year.programme import DAY, PARIS, ROOM, Programme

YEAR = [date(2026, 1, 1) + n * DAY for n in range(365)]
START, END = datetime(2026,2,1,tzinfo=UTC), datetime(2026,3,10,tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 7, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written here need not outlive a power cut."""
    monkeypatch.setattr(sqlite, "PRAGMAS", (*sqlite.PRAGMAS, "synchronous=OFF"))


def fourth(weekday: int, week: int) -> list[date]:
    return [day for day in YEAR if day.weekday() == weekday and (day.day + 6) // 7 == week]


async def column(year: Programme, query: Any) -> list[Any]:
    return await year.database.transact(lambda tx: list(tx.execute(query).scalars()))


async def days(year: Programme, query: Any) -> list[date]:
    """By the lead's clock."""
    return sorted(moment.astimezone(PARIS).date() for moment in await column(year, query))


async def test_a_year(sqlite_url: str) -> None:
    year = Programme(sqlite_url, CAST, START, END)
    year.on_arrival = People(year, glum=frozenset({4, 5}))
    await year.found()
    plan(year)
    await year.play()
    import time

    print(time.process_time(), len(year.record.sent))
    print("\n".join(violations(year.record)[:40]))
    from collections import Counter

    print(Counter(s.kind for s in year.record.sent))
    year.close()

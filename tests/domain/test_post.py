"""The last day of a post."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.post import Copy, end_of_day

END = datetime(2026, 12, 15, tzinfo=UTC)
COPY = Copy("https://example.org/a", "Titre", "Pourquoi.", ("Accroche.",), "t1", (), "", "", END)


@pytest.mark.parametrize(
    "zone",
    ["Europe/Paris", "Asia/Kolkata", "Pacific/Auckland", "America/Los_Angeles", "UTC", "Nowhere/At_all"],
)
def test_the_last_day_is_the_day_that_was_typed(zone: str) -> None:
    day = date(2026, 12, 15)
    assert replace(COPY, expires_at=end_of_day(day, zone), zone=zone).last_day == day


def test_a_day_ends_where_the_next_one_begins_also_without_a_midnight() -> None:
    """In Beirut, 29 March 2026 begins at 1:00."""
    end = end_of_day(date(2026, 3, 28), "Asia/Beirut")
    assert end == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert replace(COPY, expires_at=end, zone="Asia/Beirut").last_day == date(2026, 3, 28)


def test_the_very_last_day_has_no_end() -> None:
    with pytest.raises(OverflowError):
        end_of_day(date.max, "UTC")

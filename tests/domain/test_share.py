"""What "later" may mean."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from bot.domain.share import moments, next_morning
from bot.domain.working_time import Away, WorkingTime, at_work
from tests.domain.test_working_time import moments as people_and_instants

PARIS = WorkingTime("Europe/Paris", country="FR")
NIGHTS = WorkingTime("Europe/Paris", time(22), time(6))
MORNINGS = WorkingTime("Europe/Paris", time(9), time(12, 30))
AWAY = Away(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("person", "now", "expected"),
    [
        (PARIS, "11-24T10:00", ["11-24T14:00", "11-25T09:00", "11-30T09:00"]),
        (PARIS, "11-24T13:01", ["11-25T09:00", "11-30T09:00"]),
        (PARIS, "11-24T17:59", ["11-25T09:00", "11-30T09:00"]),
        (PARIS, "11-24T08:00", ["11-24T14:00", "11-25T09:00", "11-30T09:00"]),
        (PARIS, "11-25T00:30", ["11-25T09:00", "11-25T14:00", "11-30T09:00"]),
        (PARIS, "11-27T15:00", ["11-30T09:00"]),
        (PARIS, "12-24T10:00", ["12-24T14:00", "12-28T09:00"]),
        (MORNINGS, "11-24T10:00", ["11-25T09:00", "11-30T09:00"]),
        (NIGHTS, "11-24T23:00", ["11-25T22:00", "11-30T22:00"]),
        (NIGHTS, "11-25T02:00", ["11-25T22:00", "11-30T22:00"]),
        (WorkingTime("Europe/Paris", away=(AWAY,)), "11-24T10:00", ["11-27T09:00", "11-30T09:00"]),
    ],
)
def test_soonest_first(person: WorkingTime, now: str, expected: list[str]) -> None:
    assert moments(person, paris(now)) == [paris(moment) for moment in expected]


@given(people_and_instants())
def test_each_is_to_come_and_in_working_hours(found: tuple[WorkingTime, datetime]) -> None:
    person, now = found
    offered = moments(person, now)
    assert offered == sorted(set(offered))
    assert next_morning(person, now) in offered
    assert all(moment > now for moment in offered)
    if person.country == "":
        assert all(at_work(person, moment) for moment in offered)

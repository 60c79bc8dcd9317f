"""When something is due about a meeting, and which moments one can be moved to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.errors import BadHour, BadInput, BadMeetingDate, MeetingInThePast, MeetingTooFar
from bot.domain.meeting import STEPS, Meeting, Stage, earlier, next_stage, parse_moment

PARIS = "Europe/Paris"
START = datetime(2027, 3, 28, 14, tzinfo=UTC)
"""16:00 in Paris, on the day that is an hour short."""


def meeting(stage: Stage) -> Meeting:
    return Meeting("c", "m", date(2027, 3, 28), START, "", stage, False, 0, "", 0, "")


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime(2027, 3, 21, 14, 59, tzinfo=UTC), None),
        (datetime(2027, 3, 21, 15, tzinfo=UTC), Stage.ANNOUNCED),
        (datetime(2027, 3, 27, 14, 59, tzinfo=UTC), Stage.ANNOUNCED),
        (datetime(2027, 3, 27, 15, tzinfo=UTC), Stage.REMINDED),
        (START + timedelta(minutes=59), Stage.REMINDED),
        (START + timedelta(hours=1), Stage.OVER),
    ],
)
def test_days_before_are_counted_by_the_clock(moment: datetime, due: Stage | None) -> None:
    assert next_stage(meeting(Stage.PLANNED), PARIS, moment) is due


@pytest.mark.parametrize("stage", STEPS)
def test_it_never_goes_back(stage: Stage) -> None:
    for days in range(-30, 3):
        due = next_stage(meeting(stage), PARIS, START + timedelta(days=days))
        assert due is None or STEPS.index(due) > STEPS.index(stage)


def test_the_day_before_the_night_that_repeats_an_hour() -> None:
    moment = datetime(2026, 10, 25, 15, tzinfo=UTC)
    assert moment - earlier(moment, timedelta(days=1), PARIS) == timedelta(hours=25)


NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "problem"),
    [
        ("", "10:00", BadMeetingDate),
        ("24/12/2026", "10:00", BadMeetingDate),
        ("2026-02-30", "10:00", BadMeetingDate),
        ("2026-12-01", "25:00", BadHour),
        ("2026-12-01", "", BadHour),
        ("2026-11-24", "10:00", MeetingInThePast),
        ("2026-11-23", "18:00", MeetingInThePast),
        ("0001-01-01", "00:00", MeetingInThePast),
        ("2027-12-24", "10:00", MeetingTooFar),
        ("9999-12-31", "23:59", MeetingTooFar),
    ],
)
def test_a_moment_that_cannot_be(day: str, hour: str, problem: type[BadInput]) -> None:
    with pytest.raises(problem):
        parse_moment(day, hour, PARIS, NOW)


def test_a_moment_is_by_the_clock_of_the_circle() -> None:
    assert parse_moment("2026-11-24", "10:01", PARIS, NOW) == NOW + timedelta(minutes=1)
    assert parse_moment("2027-07-01", "10:00", PARIS, NOW) == datetime(2027, 7, 1, 8, tzinfo=UTC)

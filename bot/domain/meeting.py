"""The monthly meeting: its date, what is on its agenda, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.errors import BadMeetingDate, MeetingInThePast, MeetingTooFar
from bot.domain.message import Kind
from bot.domain.rhythm import parse_hour
from bot.domain.round import Change
from bot.domain.working_time import first_instant, zone_or

LENGTH = timedelta(hours=1)
ANNOUNCED = timedelta(days=7)
REMINDED = timedelta(days=1)
HORIZON = timedelta(days=366)
MAX_PLACE = 300
MAX_MINUTES = 2500
AGENDA = 5
"""Lines under each of its headings."""

ANNOUNCEMENT = Kind("meeting", unasked=True, consent=True, counts=True)
REMINDER = Kind("meeting_reminder", unasked=True, consent=True, counts=True)
MINUTES = Kind("minutes", unasked=True, consent=True, counts=True)
RECURRING = "meeting"
"""The kind of what recurs in a circle that plans meetings and moves them from stage to stage."""


class Stage(StrEnum):
    """How far it has come; CALLED_OFF when the circle leaves meetings out of its rhythm."""

    PLANNED = "planned"
    ANNOUNCED = "announced"
    REMINDED = "reminded"
    OVER = "over"
    CALLED_OFF = "called_off"


STEPS = (Stage.PLANNED, Stage.ANNOUNCED, Stage.REMINDED, Stage.OVER)


@dataclass(frozen=True, slots=True)
class Meeting:
    """`falls_on`: the date of the rhythm that it stands for, wherever it was moved to. `by_hand`: a lead
    chose its date, and the rhythm no longer does. `changes`: how often its date or place changed. `notes`:
    how often its minutes were written. `token` leads to its file for the calendar."""

    circle_id: str
    id: str
    falls_on: date
    starts_at: datetime
    place: str
    stage: Stage
    by_hand: bool
    changes: int
    minutes: str
    notes: int
    token: str

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + LENGTH


@dataclass(frozen=True, slots=True)
class Agenda:
    """What the circle itself brought: what holds it back and is unanswered, open proposals, quick wins."""

    blockers: tuple[str, ...] = ()
    proposals: tuple[Change, ...] = ()
    wins: tuple[str, ...] = ()


def next_stage(meeting: Meeting, zone: str, now: datetime) -> Stage | None:
    """What a meeting that is not called off has come to by now; None where that is nothing new. Days before
    are counted by the clock of that zone."""
    reached = next((stage for stage, moment in _steps(meeting, zone) if now >= moment), Stage.PLANNED)
    return reached if STEPS.index(reached) > STEPS.index(meeting.stage) else None


def next_instant(meeting: Meeting, zone: str, now: datetime) -> datetime | None:
    """When the meeting next comes to a stage or begins; None once it is over."""
    moments = [meeting.starts_at, *(moment for _, moment in _steps(meeting, zone))]
    return min((moment for moment in moments if moment > now), default=None)


def _steps(meeting: Meeting, zone: str) -> tuple[tuple[Stage, datetime], ...]:
    """Each stage and when it is reached, the last first."""
    return (
        (Stage.OVER, meeting.ends_at),
        (Stage.REMINDED, earlier(meeting.starts_at, REMINDED, zone)),
        (Stage.ANNOUNCED, earlier(meeting.starts_at, ANNOUNCED, zone)),
    )


def earlier(moment: datetime, span: timedelta, zone: str) -> datetime:
    """That many days before, when the clock shows the same hour."""
    wall = moment.astimezone(zone_or(zone)).replace(tzinfo=None)
    return first_instant(zone, wall - span)


def parse_moment(day: str, hour: str, zone: str, now: datetime) -> datetime:
    """When a meeting starts, as somebody chose it by the clock of that zone.

    Raises BadMeetingDate, BadHour, MeetingInThePast or MeetingTooFar.
    """
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        raise BadMeetingDate from None
    at = parse_hour(hour)
    if abs(chosen.year - now.year) > 1:
        raise MeetingTooFar if chosen.year > now.year else MeetingInThePast
    moment = first_instant(zone, datetime.combine(chosen, at))
    if moment <= now:
        raise MeetingInThePast
    if moment > now + HORIZON:
        raise MeetingTooFar
    return moment

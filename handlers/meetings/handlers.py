"""What is heard about meetings, and how their messages are drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from bot.domain.circle import Role
from bot.domain.meeting import Meeting, Stage
from handlers.meetings import cards, service
from handlers.meetings.cards import OpenMeeting, OpenMinutes, SaveMeeting, SaveMinutes
from storage import meetings

router: Router[Context] = Router()


def meeting_form(ctx: Context, action: SaveMeeting | OpenMeeting) -> Form:
    found = service.ahead(ctx, action.meeting)
    return cards.meeting_form(ctx.t, found, service.local_start(ctx, found), ctx.circle.zone)


def minutes_form(ctx: Context, action: SaveMinutes | OpenMinutes) -> Form:
    return cards.minutes_form(ctx.t, service.begun(ctx, action.meeting))


@router.command("meeting", "réunion", "reunion", hint="verb.meeting")
def meeting(ctx: Context, event: Command, _: str) -> Reply:
    coming, may_change = service.coming(ctx), ctx.person.role is Role.LEAD
    return Say(cards.meetings(ctx.t, coming, service.last(ctx), may_change=may_change))


@router.click(OpenMeeting)
def open_meeting(ctx: Context, event: Click, action: OpenMeeting) -> Reply:
    return Ask(meeting_form(ctx, action))


@router.submission(SaveMeeting, meeting_form)
def save_meeting(ctx: Context, event: Submission, action: SaveMeeting) -> Reply:
    coming = service.change(ctx, action.meeting, action.changes, event.answers)
    return Say(cards.saved(ctx.t, coming))


@router.click(OpenMinutes)
def open_minutes(ctx: Context, event: Click, action: OpenMinutes) -> Reply:
    return Ask(minutes_form(ctx, action))


@router.submission(SaveMinutes, minutes_form)
def save_minutes(ctx: Context, event: Submission, action: SaveMinutes) -> Reply:
    text = event.answers.text("minutes")
    return Say(cards.noted(ctx.t, service.write_minutes(ctx, action.meeting, action.notes, text)))


def draw_announcement(reading: Reading) -> Card | None:
    found = meetings.load(reading.tx, reading.message.subject_id)
    if found is None or (not reading.message.shown_version and not _ahead(reading, found)):
        return None
    return cards.announcement(reading.t, service.shown(reading, found))


def _ahead(reading: Reading, found: Meeting) -> bool:
    return found.starts_at > reading.now and found.stage is not Stage.CALLED_OFF


def draw_reminder(reading: Reading) -> Card | None:
    meeting_id, _, changes = reading.message.subject_id.rpartition(".")
    found = meetings.load(reading.tx, meeting_id)
    if found is None:
        return None
    current = found.changes == int(changes) and _ahead(reading, found)
    if not reading.message.shown_version and not current:
        return None
    coming = service.shown(reading, found)
    if found.stage is Stage.CALLED_OFF:
        return cards.announcement(reading.t, coming)
    stands = current or found.stage is Stage.OVER
    return cards.reminder(reading.t, coming) if stands else cards.moved(reading.t, coming)


def draw_minutes(reading: Reading) -> Card | None:
    found = meetings.load(reading.tx, reading.message.subject_id)
    return cards.minutes(reading.t, found) if found and found.minutes else None

"""Planning the next meeting from the rhythm, moving it, saying what is due about it, keeping its minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.chat.form import Answers
from bot.context import Context, Scope
from bot.domain import rhythm
from bot.domain.circle import Circle, Person, Role
from bot.domain.errors import (
    LeadsOnly,
    MeetingChanged,
    MeetingGone,
    MeetingNotYet,
    MinutesChanged,
    MinutesMissing,
)
from bot.domain.kudos import KudosKind
from bot.domain.meeting import (
    AGENDA,
    ANNOUNCEMENT,
    MINUTES,
    REMINDER,
    Agenda,
    Meeting,
    Stage,
    next_instant,
    next_stage,
    parse_moment,
)
from bot.domain.message import Kind
from bot.domain.rhythm import Ritual
from bot.domain.schedule import instant
from bot.domain.working_time import zone_or
from handlers.meetings.cards import Coming
from storage import board, entries, kudos, meetings, messages, people, rituals, rounds, walls
from storage.transaction import CircleTransaction

RECENT = timedelta(days=31)

# Reading


def insider(ctx: Context) -> Person:
    """A member, or somebody of the comms team. Raises MembersOnly."""
    if not ctx.person.posts:
        ctx.as_member()
    return ctx.person


def lead(ctx: Context) -> Person:
    """Raises LeadsOnly, which names who can."""
    if ctx.person.role is not Role.LEAD:
        team = people.with_role(ctx.tx)
        names = [person.name or ctx.t("kudos.someone") for person in team if person.role is Role.LEAD]
        raise LeadsOnly(leads=ctx.t.all_of(names) if names else ctx.t("rhythm.no_lead"))
    return ctx.person


def coming(ctx: Context) -> Coming | None:
    """The next one, planned now where the clock has not come round to it. Raises MembersOnly."""
    insider(ctx)
    plan(ctx.tx, ctx.circle, ctx.now)
    found = meetings.coming(ctx.tx, ctx.now)
    return shown(ctx, found) if found and found.stage is not Stage.CALLED_OFF else None


def last(ctx: Context) -> Meeting | None:
    return meetings.last(ctx.tx, ctx.now)


def shown(scope: Scope, meeting: Meeting) -> Coming:
    calendar = f"{scope.site}/f/meeting.ics/{meeting.token}"
    return Coming(meeting, _agenda(scope.tx, scope.now), calendar)


def _agenda(tx: CircleTransaction, now: datetime) -> Agenda:
    wins = [k for k in kudos.shown(tx, since=now - RECENT) if k.kind is KudosKind.WIN]
    return Agenda(
        tuple(theme.title for theme in board.unanswered(tx)[:AGENDA]),
        tuple(each.change for each in rounds.open_ones(tx)[:AGENDA]),
        tuple(each.reason for each in wins[:AGENDA]),
    )


# By a lead's hand


def ahead(ctx: Context, meeting_id: str) -> Meeting:
    """A meeting that a lead may still change. Raises LeadsOnly or MeetingGone."""
    lead(ctx)
    found = meetings.load(ctx.tx, meeting_id)
    if found is None or found.starts_at <= ctx.now or found.stage is Stage.CALLED_OFF:
        raise MeetingGone
    return found


def local_start(ctx: Context, meeting: Meeting) -> datetime:
    return meeting.starts_at.astimezone(zone_or(ctx.circle.zone))


def change(ctx: Context, meeting_id: str, changes: int, answers: Answers) -> Coming:
    """Another date, hour or place. Raises LeadsOnly, MeetingGone, a BadInput about the moment, or
    MeetingChanged when somebody was quicker."""
    found = ahead(ctx, meeting_id)
    starts_at = parse_moment(answers.text("day"), answers.text("at"), ctx.circle.zone, ctx.now)
    place = " ".join(answers.text("place").split())
    if found.changes != changes:
        raise MeetingChanged
    if (starts_at, place) != (found.starts_at, found.place):
        by_hand = found.by_hand or starts_at != found.starts_at
        if not _move(ctx.tx, found, ctx.now, starts_at=starts_at, place=place, by_hand=by_hand):
            raise MeetingChanged
        _write_down(ctx, starts_at)
    return shown(ctx, ahead(ctx, meeting_id))


def _write_down(ctx: Context, starts_at: datetime) -> None:
    local = starts_at.astimezone(zone_or(ctx.circle.zone))
    when = {"day": local.date().isoformat(), "time": f"{local:%H:%M}"}
    entries.write(ctx.tx, "log.meeting", ctx.now, ctx.person.id, **when)


def _move(tx: CircleTransaction, meeting: Meeting, now: datetime, **values: object) -> bool:
    """What was announced stays so and is drawn again; reminders of the old date say where it has gone."""
    unannounced = meeting.stage in (Stage.PLANNED, Stage.CALLED_OFF)
    stage = Stage.PLANNED if unannounced else Stage.ANNOUNCED
    if not meetings.move(tx, meeting, stage=stage, **values):
        return False
    _redraw(tx, meeting, now)
    return True


def _redraw(tx: CircleTransaction, meeting: Meeting, now: datetime) -> None:
    messages.redraw(tx, ANNOUNCEMENT, meeting.id, now)
    for changes in range(meeting.changes + 1):
        messages.redraw(tx, REMINDER, reminder_of(meeting.id, changes), now)


def reminder_of(meeting_id: str, changes: int) -> str:
    """The subject of a reminder: one a date that the meeting had."""
    return f"{meeting_id}.{changes}"


# By the clock


def keep(tx: CircleTransaction, circle: Circle, now: datetime) -> datetime | None:
    """Plan what the rhythm asks for, and say what is due. Returns when there is something to do again: a
    meeting begins, so that the next one is planned, or comes to a stage."""
    plan(tx, circle, now)
    for meeting in meetings.pending(tx):
        advance(tx, circle, meeting, now)
    waiting = [*meetings.pending(tx), meetings.coming(tx, now)]
    moments = [next_instant(meeting, circle.zone, now) for meeting in waiting if meeting]
    return min((moment for moment in moments if moment), default=None)


def plan(tx: CircleTransaction, circle: Circle, now: datetime) -> None:
    """Have the next meeting where the rhythm has it, unless a lead put it elsewhere."""
    found = meetings.coming(tx, now)
    if found is not None and found.by_hand:
        return
    kept = rituals.schedule_of(tx, circle, Ritual.MEETING)
    if kept is None:
        _call_off(tx, found, now)
        return
    day = rhythm.next_date(kept, now, meetings.last_date(tx, now))
    starts_at = instant(kept, day)
    if found is None:
        before = meetings.last(tx, now)
        meetings.plan(tx, day, starts_at, before.place if before else "")
    elif found.stage is Stage.CALLED_OFF or found.starts_at != starts_at:
        _move(tx, found, now, falls_on=day, starts_at=starts_at)


def _call_off(tx: CircleTransaction, meeting: Meeting | None, now: datetime) -> None:
    if meeting is not None and meeting.stage is not Stage.CALLED_OFF:
        meetings.move(tx, meeting, stage=Stage.CALLED_OFF)
        _redraw(tx, meeting, now)


def advance(tx: CircleTransaction, circle: Circle, meeting: Meeting, now: datetime) -> bool:
    """Say what the clock has come to: whoever hears of it on the last day needs no reminder."""
    stage = next_stage(meeting, circle.zone, now)
    if stage is None or not meetings.advance(tx, meeting, stage):
        return False
    if stage is Stage.OVER:
        _redraw(tx, meeting, now)
    elif meeting.stage is Stage.PLANNED:
        _tell(tx, circle, ANNOUNCEMENT, meeting.id, now)
    else:
        _tell(tx, circle, REMINDER, reminder_of(meeting.id, meeting.changes), now)
    return True


def _tell(tx: CircleTransaction, circle: Circle, kind: Kind, subject: str, now: datetime) -> None:
    messages.request(tx, kind, subject, walls.audience(tx), now)


# Minutes


def begun(ctx: Context, meeting_id: str) -> Meeting:
    """One whose minutes may be written. Raises MembersOnly, MeetingGone or MeetingNotYet."""
    insider(ctx)
    found = meetings.load(ctx.tx, meeting_id)
    if found is None or found.stage is Stage.CALLED_OFF:
        raise MeetingGone
    if found.starts_at > ctx.now:
        raise MeetingNotYet
    return found


def write_minutes(ctx: Context, meeting_id: str, notes: int, text: str) -> Meeting:
    """Keep them, and show them to everybody. Raises what `begun` raises, MinutesMissing, or MinutesChanged
    when somebody was quicker."""
    found = begun(ctx, meeting_id)
    if not text:
        raise MinutesMissing
    if found.notes != notes or not meetings.note(ctx.tx, found, text):
        raise MinutesChanged
    _tell(ctx.tx, ctx.circle, MINUTES, meeting_id, ctx.now)
    for kind in (MINUTES, ANNOUNCEMENT):
        messages.redraw(ctx.tx, kind, meeting_id, ctx.now)
    return begun(ctx, meeting_id)

"""What is said about a meeting: before, on the day before, afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.chat.action import Action
from bot.chat.card import Card, Divider, Element, FormButton, LinkButton, Quote, buttons, small, text
from bot.chat.form import DateInput, Form, Note, TextInput, TimeInput
from bot.chat.text import Bold
from bot.domain.meeting import LENGTH, MAX_MINUTES, MAX_PLACE, Agenda, Meeting, Stage
from bot.domain.rhythm import Ritual
from bot.domain.round import Cadence, Ceiling, Change, Purpose, RitualWeek
from bot.locales import Translator

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OpenMeeting(Action, verb="meeting.open"):
    meeting: str


@dataclass(frozen=True, slots=True)
class SaveMeeting(Action, verb="meeting"):
    """`changes`: how often it had changed when the form was filled."""

    meeting: str
    changes: int


@dataclass(frozen=True, slots=True)
class OpenMinutes(Action, verb="minutes.open"):
    meeting: str


@dataclass(frozen=True, slots=True)
class SaveMinutes(Action, verb="minutes"):
    """`notes`: how often they had been written when the form was filled."""

    meeting: str
    notes: int


@dataclass(frozen=True, slots=True)
class Coming:
    """The next meeting, as it is shown. `calendar` is the address of its file."""

    meeting: Meeting
    agenda: Agenda
    calendar: str


def meetings(t: Translator, coming: Coming | None, last: Meeting | None, *, may_change: bool) -> Card:
    """The answer to the command: what is ahead, and what was said last time."""
    ahead = _coming(t, coming, may_change) if coming else (text(*t.spans("meeting.none")),)
    return Card(t("meeting.title"), (*ahead, *(_last(t, last) if last else ())))


def _coming(t: Translator, coming: Coming, may_change: bool) -> tuple[Element, ...]:
    change = FormButton(t("meeting.change"), OpenMeeting(coming.meeting.id)) if may_change else None
    agenda = _agenda(t, coming.agenda)
    return (*_where(t, coming.meeting), *agenda, buttons(_calendar(t, coming), change))


def _where(t: Translator, meeting: Meeting) -> tuple[Element, ...]:
    """By its date: the day after it is read, "tomorrow" would be wrong."""
    moment = text(t.instant(meeting.starts_at), t("meeting.length", minutes=LENGTH // MINUTE))
    return (moment, text(t("meeting.place_is", place=meeting.place))) if meeting.place else (moment,)


def _calendar(t: Translator, coming: Coming) -> LinkButton:
    return LinkButton(t("meeting.calendar"), coming.calendar)


def _agenda(t: Translator, agenda: Agenda) -> tuple[Element, ...]:
    parts = (
        *_lines(t("meeting.blockers"), agenda.blockers),
        *_lines(t("meeting.proposals"), [proposal(t, change) for change in agenda.proposals]),
        *_lines(t("meeting.wins"), agenda.wins),
    )
    return (text(t("meeting.agenda")), *parts) if parts else (text(t("meeting.open_agenda")),)


def _lines(heading: str, lines: Sequence[str]) -> tuple[Element, ...]:
    if not lines:
        return ()
    return (text(Bold(heading), *(f"\n• {' '.join(line.splitlines())}" for line in lines)),)


def proposal(t: Translator, change: Change) -> str:
    match change:
        case Cadence(a_week):
            return t("meeting.proposal_cadence", a_week)
        case Ceiling(a_week):
            return t("meeting.proposal_ceiling", a_week)
        case RitualWeek():
            return t("meeting.proposal_rhythm")
        case Purpose(fr, en):
            return t("meeting.proposal_purpose", purpose=fr if t.language == "fr" else en)


def _last(t: Translator, meeting: Meeting) -> tuple[Element, ...]:
    heading = text(Bold(t("meeting.last", day=t.day(meeting.starts_at))))
    told = Quote(meeting.minutes) if meeting.minutes else text(t("meeting.no_minutes"))
    return (Divider(), heading, told, buttons(_note(t, meeting)))


def _note(t: Translator, meeting: Meeting) -> FormButton:
    label = t("meeting.correct_minutes" if meeting.minutes else "meeting.write_minutes")
    return FormButton(label, OpenMinutes(meeting.id))


def announcement(t: Translator, coming: Coming) -> Card:
    """A week before; it stays true when the meeting is moved, called off, or over."""
    meeting = coming.meeting
    if meeting.stage is Stage.CALLED_OFF:
        return Card(t("meeting.called_off"), (text(t("meeting.called_off_body")),))
    if meeting.stage is Stage.OVER:
        return over(t, meeting)
    moved = (small(t("meeting.moved")),) if meeting.by_hand else ()
    return Card(t("meeting.announced"), (*_invitation(t, coming), *moved))


def _invitation(t: Translator, coming: Coming) -> tuple[Element, ...]:
    free = small(t("meeting.optional"))
    return (*_where(t, coming.meeting), *_agenda(t, coming.agenda), buttons(_calendar(t, coming)), free)


def over(t: Translator, meeting: Meeting) -> Card:
    body = "meeting.minutes_there" if meeting.minutes else "meeting.minutes_welcome"
    day = t("meeting.was_on", day=t.day(meeting.starts_at))
    return Card(day, (text(*t.spans(body)), buttons(_note(t, meeting))))


def reminder(t: Translator, coming: Coming) -> Card:
    """The day before. Once it is over one line is left: the announcement has the rest."""
    meeting = coming.meeting
    if meeting.stage is Stage.OVER:
        return Card("", (small(t("meeting.was_on", day=t.day(meeting.starts_at))),))
    return Card(t("meeting.reminder"), _invitation(t, coming))


def moved(t: Translator, coming: Coming) -> Card:
    """In the place of a reminder of a date that is no longer the meeting's."""
    body = (*_where(t, coming.meeting), buttons(_calendar(t, coming)))
    return Card(t("meeting.moved_title"), body)


def minutes(t: Translator, meeting: Meeting) -> Card:
    title = t("meeting.minutes_of", day=t.day(meeting.starts_at))
    return Card(title, (Quote(meeting.minutes), small(t("meeting.minutes_open")), buttons(_note(t, meeting))))


def meeting_form(t: Translator, meeting: Meeting, local: datetime, zone: str) -> Form:
    """`local`: when it starts by the clock of `zone`, the circle's."""
    return Form(
        SaveMeeting(meeting.id, meeting.changes),
        t("meeting.form_title"),
        (
            DateInput("day", t("meeting.day"), local.date().isoformat(), required=True),
            TimeInput("at", t("meeting.at"), f"{local:%H:%M}", t("rhythm.zone", zone=zone), required=True),
            TextInput(
                "place", t("meeting.place"), meeting.place, t("meeting.place_hint"), max_length=MAX_PLACE
            ),
            Note((t("meeting.form_note"),), quiet=True),
        ),
        t("meeting.submit"),
    )


def minutes_form(t: Translator, meeting: Meeting) -> Form:
    return Form(
        SaveMinutes(meeting.id, meeting.notes),
        t("meeting.minutes_title"),
        (
            Note((t("meeting.minutes_body", day=t.day(meeting.starts_at)),)),
            TextInput(
                "minutes",
                t("meeting.minutes"),
                meeting.minutes,
                t("meeting.minutes_hint"),
                multiline=True,
                required=True,
                max_length=MAX_MINUTES,
            ),
        ),
        t("meeting.minutes_submit"),
    )


def saved(t: Translator, coming: Coming) -> Card:
    body = (*_where(t, coming.meeting), text(t("meeting.saved_body")), buttons(_calendar(t, coming)))
    return Card(t("meeting.saved"), body)


def noted(t: Translator, meeting: Meeting) -> Card:
    return Card(t("meeting.noted"), (Quote(meeting.minutes), text(*t.spans("meeting.noted_body"))))


def examples(t: Translator) -> dict[str, Card | Form]:
    planned = Meeting(
        circle_id="c",
        id="m1",
        falls_on=date(2026, 12, 22),
        starts_at=datetime(2026, 12, 22, 9, tzinfo=UTC),
        place=t("example.meeting_place"),
        stage=Stage.ANNOUNCED,
        by_hand=False,
        changes=0,
        minutes="",
        notes=0,
        token="",
    )
    shifted = replace(planned, starts_at=planned.starts_at + timedelta(days=1), by_hand=True, changes=1)
    past = replace(planned, id="m0", starts_at=datetime(2026, 11, 24, 9, tzinfo=UTC), stage=Stage.OVER)
    written = replace(past, minutes=t("example.minutes"), notes=1)
    agenda = Agenda(
        (t("example.blocker"),),
        (Cadence(3), Ceiling(1), RitualWeek(Ritual.POLL, 2), Purpose("Raconter.", "To tell.")),
        (t("example.win"),),
    )
    calendar = "https://cercle.example/f/meeting.ics/token"
    coming, moved_on = Coming(planned, agenda, calendar), Coming(shifted, agenda, calendar)
    bare = Coming(replace(planned, place=""), Agenda(), calendar)
    off = replace(planned, stage=Stage.CALLED_OFF)
    return {
        "meetings": meetings(t, coming, written, may_change=True),
        "meetings_bare": meetings(t, bare, past, may_change=False),
        "meetings_none": meetings(t, None, None, may_change=True),
        "announcement": announcement(t, coming),
        "announcement_moved": announcement(t, moved_on),
        "announcement_over": announcement(t, Coming(past, agenda, calendar)),
        "announcement_noted": announcement(t, Coming(written, agenda, calendar)),
        "announcement_called_off": announcement(t, Coming(off, agenda, calendar)),
        "reminder": reminder(t, coming),
        "reminder_over": reminder(t, Coming(past, agenda, calendar)),
        "moved": moved(t, moved_on),
        "minutes": minutes(t, written),
        "meeting_form": meeting_form(t, planned, planned.starts_at, "Europe/Paris"),
        "minutes_form": minutes_form(t, written),
        "saved": saved(t, moved_on),
        "noted": noted(t, written),
    }

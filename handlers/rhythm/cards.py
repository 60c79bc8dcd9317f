"""What is said about the month: the timetable, the form that changes it, two weeks' invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.chat.action import Action
from bot.chat.card import Card, Facts, FormButton, Style, buttons, small, text
from bot.chat.form import Choice, Form, Note, Option, TimeInput
from bot.domain.rhythm import NEVER, USUAL, WEEKS, Rhythm, Ritual, When, mark
from bot.locales import Translator
from handlers.actions import OpenKudos, OpenPoll

NAMES = {
    Ritual.BLOCKERS: "rhythm.blockers",
    Ritual.KUDOS: "rhythm.kudos",
    Ritual.POLL: "rhythm.poll",
    Ritual.PULSE: "rhythm.pulse",
    Ritual.MEETING: "rhythm.meeting",
    Ritual.RECAP: "rhythm.recap",
}
WEEK_NAMES = ("rhythm.never", "rhythm.week_1", "rhythm.week_2", "rhythm.week_3", "rhythm.week_4")
DAY_NAMES = ("rhythm.never", "rhythm.day_1", "rhythm.day_2", "rhythm.day_3", "rhythm.day_4")


@dataclass(frozen=True, slots=True)
class OpenRhythm(Action, verb="rhythm.open"):
    pass


@dataclass(frozen=True, slots=True)
class SaveRhythm(Action, verb="rhythm"):
    """`seen` is the rhythm with which the form was filled, so that a change made meanwhile is noticed."""

    seen: str


@dataclass(frozen=True, slots=True)
class Month:
    """A circle's rhythm, and the next date of each ritual that it keeps."""

    rhythm: Rhythm
    dates: Mapping[Ritual, date]
    zone: str


def timetable(t: Translator, month: Month, *, may_change: bool, saved: bool = False) -> Card:
    about = _about(month.rhythm, saved)
    change = FormButton(t("rhythm.change"), OpenRhythm(), Style.PLAIN if saved else Style.PRIMARY)
    return Card(
        t("rhythm.title"),
        (
            text(*t.spans(about)),
            Facts(tuple((_name(t, ritual), _line(t, month, ritual)) for ritual in _in_order(month.rhythm))),
            *((buttons(change),) if may_change else ()),
            small(t("rhythm.zone", zone=month.zone)),
        ),
    )


def _about(rhythm: Rhythm, saved: bool) -> str:
    if saved:
        return "rhythm.saved"
    return "rhythm.usual" if rhythm == USUAL else "rhythm.chosen"


def _name(t: Translator, ritual: Ritual) -> str:
    key = NAMES[ritual]
    return t(key)


def _in_order(rhythm: Rhythm) -> list[Ritual]:
    """As the month goes; what is left out comes last."""
    return sorted(Ritual, key=lambda ritual: rhythm[ritual].week or WEEKS + 1)


def _line(t: Translator, month: Month, ritual: Ritual) -> str:
    when = month.rhythm[ritual]
    if when.week == NEVER:
        return t("rhythm.never")
    day_name = DAY_NAMES[when.week]
    which = t(day_name, weekday=t.weekdays()[when.weekday])
    return t("rhythm.line", which=which, time=t.time(when.at), day=t.day(month.dates[ritual]))


def form(t: Translator, month: Month) -> Form:
    weeks = tuple(Option(str(number), t(name)) for number, name in enumerate(WEEK_NAMES))
    days = tuple(Option(str(number), name) for number, name in enumerate(t.weekdays()))
    usual = month.rhythm[Ritual.BLOCKERS]
    return Form(
        SaveRhythm(mark(month.rhythm)),
        t("rhythm.title"),
        (
            Note((t("rhythm.form_body"),)),
            *(_choice(t, ritual, month.rhythm[ritual], weeks) for ritual in Ritual),
            Choice("weekday", t("rhythm.weekday"), days, str(usual.weekday), required=True),
            TimeInput(
                "at", t("rhythm.at"), f"{usual.at:%H:%M}", t("rhythm.zone", zone=month.zone), required=True
            ),
        ),
        t("rhythm.submit"),
    )


def _choice(t: Translator, ritual: Ritual, when: When, weeks: Sequence[Option]) -> Choice:
    return Choice(ritual, _name(t, ritual), tuple(weeks), str(when.week), required=True)


def kudos_week(t: Translator) -> Card:
    give = FormButton(t("rhythm.kudos_give"), OpenKudos(), Style.PRIMARY)
    body = (text(t("rhythm.kudos_body")), buttons(give), small(*t.spans("rhythm.optional")))
    return Card(t("rhythm.kudos_title"), body)


def poll_week(t: Translator) -> Card:
    ask = FormButton(t("rhythm.poll_ask"), OpenPoll(), Style.PRIMARY)
    body = (text(t("rhythm.poll_body")), buttons(ask), small(*t.spans("rhythm.optional")))
    return Card(t("rhythm.poll_title"), body)


def examples(t: Translator) -> dict[str, Card | Form]:
    numbers = dict(zip(Ritual, (1, 8, 15, 15, 22, 22), strict=True))
    dates = {ritual: date(2026, 12, number) for ritual, number in numbers.items()}
    usual = Month(USUAL, dates, "Europe/Paris")
    rhythm = {**USUAL, Ritual.POLL: When(NEVER), Ritual.RECAP: When(1)}
    chosen = Month(rhythm, {**dates, Ritual.RECAP: date(2026, 12, 1)}, "Europe/Paris")
    return {
        "timetable": timetable(t, usual, may_change=False),
        "timetable_lead": timetable(t, chosen, may_change=True),
        "timetable_saved": timetable(t, chosen, may_change=True, saved=True),
        "form": form(t, usual),
        "kudos_week": kudos_week(t),
        "poll_week": poll_week(t),
    }

"""A person's own page, and the help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.chat.card import Button, Card, Divider, Element, Facts, FormButton, Style, buttons, small, text
from bot.chat.router import Verb
from bot.chat.text import Bold, CommandName, Spans
from bot.domain.circle import Charter
from bot.domain.member import Member
from bot.locales import Translator
from handlers.actions import Leave, OpenJoin, OpenPause, Resume, ShowHelp


def home(t: Translator, charter: Charter, member: Member | None, offered: int, now: datetime) -> Card:
    """The purpose first; then what awaits a member, or what this is for somebody who is not in."""
    purpose = text(Bold(t("join.purpose")), "\n", charter.purpose)
    rest = _member(t, member, offered, now) if member else _visitor(t, charter)
    return Card(t("home.title"), (purpose, Divider(), *rest, buttons(Button(t("button.help"), ShowHelp()))))


def _visitor(t: Translator, charter: Charter) -> tuple[Element, ...]:
    return (
        text(t("home.what")),
        text(Bold(t("join.organisation_promises")), "\n", charter.organisation_promises),
        buttons(FormButton(t("button.read_and_join"), OpenJoin(), Style.PRIMARY)),
    )


def _member(t: Translator, member: Member, offered: int, now: datetime) -> tuple[Element, ...]:
    wishes = member.preferences
    away = member.paused_until is not None and member.paused_until > now
    state = t("home.offered", offered) if offered else t("home.nothing")
    if away and member.paused_until:
        state = t("paused.body", day=t.day(member.paused_until))
    hours = t("wishes.from_to", start=t.time(wishes.day_start), end=t.time(wishes.day_end))
    rhythm = Facts(
        ((t("wishes.ceiling"), t("wishes.a_week", wishes.weekly_ceiling)), (t("wishes.hours"), hours))
    )
    breathe = Button(t("button.resume"), Resume()) if away else FormButton(t("button.pause"), OpenPause())
    return (
        text(state),
        rhythm,
        buttons(FormButton(t("button.settings"), OpenJoin()), breathe, Button(t("button.leave"), Leave())),
        small(t("home.since", day=t.day(member.joined_at))),
    )


def help_card(t: Translator, verbs: Sequence[Verb]) -> Card:
    lines: list[Spans] = [(Bold(spelt(t, verb)), " — ", t(verb.hint)) for verb in verbs if verb.hint]
    return Card(
        t("help.title"),
        (text(*t.spans("help.body")), *(text(*line) for line in lines), small(t("help.languages"))),
    )


def nearest(t: Translator, typed: str, near: Verb) -> Card:
    """One line for a word that is nearly a command."""
    line = text(*t.spans("help.near", typed=typed, verb=CommandName(spelt(t, near))))
    return Card("", (line, buttons(Button(t("button.help"), ShowHelp()))))


def unknown(t: Translator, typed: str, verbs: Sequence[Verb]) -> Card:
    """A word nobody knows, then the help."""
    return Card(t("help.unknown", typed=typed), help_card(t, verbs).body)


def spelt(t: Translator, verb: Verb) -> str:
    """A command as this person would write it."""
    return verb.names[1] if t.language == "fr" and len(verb.names) > 1 else verb.name


def examples(t: Translator) -> dict[str, Card]:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    charter = Charter(
        1, t.language, t("charter.purpose"), t("charter.members_promise"), t("charter.organisation_promises")
    )
    member = Member("p1", now, 1)
    away = Member("p1", now, 1, paused_until=datetime(2026, 12, 24, 8, tzinfo=UTC))
    verbs = (Verb(("join", "rejoindre"), "verb.join"), Verb(("pause",), "verb.pause"))
    return {
        "home": home(t, charter, member, 2, now),
        "home_empty": home(t, charter, member, 0, now),
        "home_paused": home(t, charter, away, 0, now),
        "home_visitor": home(t, charter, None, 0, now),
        "help": help_card(t, verbs),
        "nearest": nearest(t, "jion", verbs[0]),
        "unknown": unknown(t, "abracadabra", verbs),
    }

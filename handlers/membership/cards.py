"""What joining, pausing and leaving say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from bot.chat.action import Action
from bot.chat.card import (
    Button,
    Card,
    Divider,
    Facts,
    FormButton,
    LinkButton,
    Style,
    buttons,
    small,
    text,
)
from bot.chat.form import Choice, Choices, DateInput, Form, Note, Option, Part, TextInput, TimeInput, Toggle
from bot.chat.text import Bold, Invite
from bot.domain.circle import Charter, Topic
from bot.domain.holiday import PLACES
from bot.domain.member import Preferences
from bot.domain.network import Network
from bot.locales import Translator
from handlers.actions import Leave, OpenJoin, OpenPause, Resume, ShowHelp

CEILINGS = (1, 2, 3, 4, 5, 7, 10)


@dataclass(frozen=True, slots=True)
class Join(Action, verb="join"):
    """Consent to a version of the charter."""

    version: int


@dataclass(frozen=True, slots=True)
class Prefer(Action, verb="prefer"):
    pass


@dataclass(frozen=True, slots=True)
class Pause(Action, verb="pause"):
    pass


@dataclass(frozen=True, slots=True)
class Speak(Action, verb="language"):
    language: str


def join_form(
    t: Translator, charter: Charter, trust_floor: int, topics: Sequence[Topic], wishes: Preferences
) -> Form:
    """Purpose and promises first, the wishes after, the consent last."""
    promises = (
        Note((Bold(t("join.purpose")), "\n", charter.purpose)),
        Note((Bold(t("join.members_promise")), "\n", charter.members_promise)),
        Note((Bold(t("join.organisation_promises")), "\n", charter.organisation_promises)),
        Note((t("join.trust_floor", floor=trust_floor),)),
    )
    consent = Toggle("consent", t("join.consent"), required=True, heading=t("join.consent_heading"))
    return Form(
        Join(charter.version),
        t("join.title"),
        (*promises, *_wishes(t, topics, wishes), consent, Note(t.spans("join.freedom"), quiet=True)),
        t("join.submit"),
    )


def settings_form(t: Translator, topics: Sequence[Topic], wishes: Preferences) -> Form:
    return Form(Prefer(), t("settings.title"), _wishes(t, topics, wishes), t("settings.submit"))


def _wishes(t: Translator, topics: Sequence[Topic], wishes: Preferences) -> tuple[Part, ...]:
    return (
        Choices(
            "topics",
            t("wishes.topics"),
            tuple(Option(topic.id, topic.name(t.language)) for topic in topics),
            tuple(topic.id for topic in topics if topic.id in wishes.topics),
            required=True,
        ),
        Choices(
            "networks",
            t("wishes.networks"),
            tuple(Option(network, network.label) for network in Network),
            wishes.networks,
            hint=t("wishes.networks_hint"),
        ),
        TextInput(
            "instance", t("wishes.instance"), wishes.instance, t("wishes.instance_hint"), max_length=100
        ),
        Choice(
            "ceiling",
            t("wishes.ceiling"),
            tuple(Option(str(n), t("wishes.a_week", n)) for n in CEILINGS),
            str(wishes.weekly_ceiling),
            hint=t("wishes.ceiling_hint"),
            required=True,
        ),
        TimeInput("day_start", t("wishes.day_start"), f"{wishes.day_start:%H:%M}", required=True),
        TimeInput("day_end", t("wishes.day_end"), f"{wishes.day_end:%H:%M}", required=True),
        Choices(
            "days",
            t("wishes.days"),
            tuple(Option(str(day), name) for day, name in enumerate(t.weekdays())),
            tuple(str(day) for day in sorted(wishes.days)),
            required=True,
        ),
        Choice(
            "country",
            t("wishes.country"),
            tuple(Option(place, t.country(place)) for place in PLACES),
            wishes.country,
            hint=t("wishes.country_hint"),
        ),
    )


def welcome(t: Translator, wishes: Preferences, chat_url: str = "") -> Card:
    """`chat_url`: where somebody who cannot be written to yet opens their conversation with Cercle."""
    reach = (text(t("welcome.unreachable")), buttons(_open_chat(t, chat_url))) if chat_url else ()
    return Card(
        t("welcome.title"),
        (
            text(t("welcome.body")),
            *reach,
            _rhythm(t, wishes),
            buttons(
                FormButton(t("button.settings"), OpenJoin()),
                FormButton(t("button.pause"), OpenPause()),
                Button(t("button.leave"), Leave()),
            ),
        ),
    )


def _open_chat(t: Translator, chat_url: str) -> LinkButton:
    return LinkButton(t("button.open_chat"), chat_url, Style.PRIMARY)


def added(t: Translator, charter: Charter) -> Card:
    """What somebody reads once who has added the app and is not in the circle."""
    return Card(
        t("added.title"),
        (
            text(t("home.what")),
            text(Bold(t("join.organisation_promises")), "\n", charter.organisation_promises),
            buttons(
                FormButton(t("button.read_and_join"), OpenJoin(), Style.PRIMARY),
                Button(t("button.help"), ShowHelp()),
            ),
            small(t("added.silence")),
        ),
    )


def added_by_member(t: Translator) -> Card:
    """What somebody reads once who joined elsewhere, and has added the app since."""
    settings = FormButton(t("button.settings"), OpenJoin())
    return Card(t("added.title"), (text(t("added.member")), buttons(settings)))


def settled(t: Translator, wishes: Preferences) -> Card:
    return Card(t("settings.saved"), (_rhythm(t, wishes),))


def _rhythm(t: Translator, wishes: Preferences) -> Facts:
    days = t.weekdays()
    return Facts(
        (
            (t("wishes.ceiling"), t("wishes.a_week", wishes.weekly_ceiling)),
            (
                t("wishes.hours"),
                t("wishes.from_to", start=t.time(wishes.day_start), end=t.time(wishes.day_end)),
            ),
            (t("wishes.days"), t.all_of([days[day] for day in sorted(wishes.days)])),
        )
    )


def goodbye(t: Translator, *, guest: bool = False) -> Card:
    """A guest has no button that leads back: the circle does not admit guests."""
    back = () if guest else (buttons(FormButton(t("button.join_again"), OpenJoin())),)
    return Card(t("goodbye.title"), (text(t("goodbye.body")), *back))


def for_guest(t: Translator, *, is_member: bool) -> Card:
    """Why a guest of the workspace cannot take part. Somebody who became a guest can leave."""
    if not is_member:
        return Card("", (text(t("guest.outside")),))
    return Card("", (text(t("guest.member")), buttons(Button(t("button.leave"), Leave()))))


def not_in(t: Translator, *, guest: bool = False) -> Card:
    way_in = () if guest else (buttons(FormButton(t("button.join"), OpenJoin(), Style.PRIMARY)),)
    return Card(t("not_in.title"), way_in)


def pause_form(t: Translator, back: str) -> Form:
    """`back`: the day proposed, as an ISO date."""
    return Form(
        Pause(),
        t("pause.title"),
        (Note((t("pause.body"),)), DateInput("back", t("pause.back"), back, required=True)),
        t("pause.submit"),
    )


def paused(t: Translator, until: datetime) -> Card:
    return Card(
        t("paused.title"),
        (text(t("paused.body", day=t.day(until))), buttons(Button(t("button.resume"), Resume()))),
    )


def resumed(t: Translator) -> Card:
    return Card(t("resumed.title"), (text(t("resumed.body")),))


def call(t: Translator, charter: Charter, members: int) -> Card:
    """The call for volunteers, in a channel. It says nothing of who answers it."""
    return Card(
        t("call.title"),
        (
            text(Bold(t("join.purpose")), "\n", charter.purpose),
            text(Bold(t("join.organisation_promises")), "\n", charter.organisation_promises),
            Divider(),
            text(t("call.body")),
            buttons(FormButton(t("button.read_and_join"), OpenJoin(), Style.PRIMARY)),
            small(t("call.members", members)),
        ),
    )


def called(t: Translator) -> Card:
    return Card(t("called.title"), (text(*t.spans("called.body", invite=Invite(t("channel.invite")))),))


def languages(t: Translator) -> Card:
    return Card(
        t("language.title"),
        (buttons(Button("Français", Speak("fr")), Button("English", Speak("en"))),),
    )


def speaking(t: Translator) -> Card:
    return Card(t("language.done"), ())


def examples(t: Translator) -> dict[str, Card | Form]:
    charter = Charter(
        1,
        t.language,
        t("charter.purpose"),
        t("charter.members_promise"),
        t("charter.organisation_promises"),
    )
    topics = (
        Topic("t1", {"fr": "Ressources humaines", "en": "People"}),
        Topic("t2", {"fr": "Entreprise", "en": "Company"}),
    )
    wishes = Preferences(topics=frozenset({"t1"}), networks=("linkedin", "bluesky"), day_end=time(17, 30))
    return {
        "join_form": join_form(t, charter, 3, topics, wishes),
        "settings_form": settings_form(t, topics, wishes),
        "added": added(t, charter),
        "added_by_member": added_by_member(t),
        "welcome": welcome(t, wishes),
        "welcome_unreachable": welcome(t, wishes, "https://teams.microsoft.com/l/chat/0/0?users=28:1"),
        "settled": settled(t, wishes),
        "goodbye": goodbye(t),
        "for_guest": for_guest(t, is_member=False),
        "for_guest_who_is_in": for_guest(t, is_member=True),
        "not_in": not_in(t),
        "pause_form": pause_form(t, "2026-12-24"),
        "paused": paused(t, datetime(2026, 12, 24, 8, tzinfo=UTC)),
        "resumed": resumed(t),
        "call": call(t, charter, 12),
        "called": called(t),
        "languages": languages(t),
        "speaking": speaking(t),
    }

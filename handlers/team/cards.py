"""What is said about who looks after the circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.action import Action
from bot.chat.card import Card, FormButton, buttons, text
from bot.chat.form import Form, Note, People
from bot.chat.text import Bold, Mention, Span
from bot.domain.circle import Account, Person, Role
from bot.locales import Translator


@dataclass(frozen=True, slots=True)
class OpenTeam(Action, verb="team.open"):
    pass


@dataclass(frozen=True, slots=True)
class NameTeam(Action, verb="team"):
    pass


def lead(t: Translator) -> Card:
    return Card(t("lead.title"), (text(t("lead.body")), buttons(FormButton(t("team.change"), OpenTeam()))))


def team(t: Translator, people: Sequence[Person], may_change: bool) -> Card:
    """Open to everybody: whoever may post is known by name."""
    lines = [
        text(Bold(t(label)), " ", *_names(t, people, role))
        for role, label in ((Role.LEAD, "team.leads"), (Role.COMMS, "team.comms"))
        if any(person.role is role for person in people)
    ]
    change = (buttons(FormButton(t("team.change"), OpenTeam())),) if may_change else ()
    return Card(t("team.title"), (*(lines or [text(*t.spans("team.nobody"))]), *change))


def _names(t: Translator, people: Sequence[Person], role: Role) -> list[Span]:
    spans: list[Span] = []
    for person in people:
        if person.role is role:
            spans += [", "] if spans else []
            spans.append(Mention(person.address, person.name or t("kudos.someone")))
    return spans


def team_form(t: Translator, people: Sequence[Person]) -> Form:
    def holding(role: Role) -> tuple[str, ...]:
        return tuple(person.address for person in people if person.role is role)

    return Form(
        NameTeam(),
        t("team.form_title"),
        (
            Note((t("team.form_body"),)),
            People("leads", t("team.leads_label"), holding(Role.LEAD), required=True),
            People("comms", t("team.comms_label"), holding(Role.COMMS)),
        ),
        t("team.submit"),
    )


def _example(user: str, name: str, language: str, zone: str, role: Role) -> Person:
    account = Account(f"a-{user}", "w", f"slack:T1:{user}", name, language, zone, guest=False, reachable=True)
    return Person(f"p-{user}", "c", role, language, zone, account)


def examples(t: Translator) -> dict[str, Card | Form]:
    people = (
        _example("U1", "Camille", "fr", "Europe/Paris", Role.LEAD),
        _example("U2", "Priya", "en", "Europe/London", Role.COMMS),
        _example("U3", "", "en", "Europe/London", Role.COMMS),
    )
    return {
        "lead": lead(t),
        "team": team(t, people, may_change=True),
        "nobody": team(t, (), may_change=False),
        "team_form": team_form(t, people),
    }

"""What a consent round says. Objections are signed and seen by everybody: the circle works with them. Who is
silent or abstains is shown to nobody, and neither is who agrees, for that would show the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import assert_never

from bot.chat.action import Action
from bot.chat.card import Button, Card, Element, FormButton, Quote, Row, Style, buttons, small, text
from bot.chat.form import Choice, DateInput, Form, Note, Option, Part, TextInput
from bot.chat.text import Bold, Mention
from bot.domain.rhythm import Ritual
from bot.domain.round import (
    CADENCES,
    CEILINGS,
    MAX_PURPOSE,
    MAX_REASON,
    WEEKS,
    Cadence,
    Ceiling,
    Change,
    Outcome,
    Purpose,
    RitualWeek,
    Round,
    Stance,
    setting_of,
)
from bot.locales import Translator

SETTINGS = {
    "cadence": "setting.cadence",
    "ceiling": "setting.ceiling",
    "purpose": "setting.purpose",
    "ritual:blockers": "setting.blockers",
    "ritual:kudos": "setting.kudos",
    "ritual:poll": "setting.poll",
    "ritual:pulse": "setting.pulse",
    "ritual:meeting": "setting.meeting",
    "ritual:recap": "setting.recap",
}
WEEK_NAMES = ("setting.never", "setting.week_1", "setting.week_2", "setting.week_3", "setting.week_4")
STANCES = {
    Stance.AGREE: "round.you_agree",
    Stance.ABSTAIN: "round.you_abstain",
    Stance.OBJECT: "round.you_object",
}


@dataclass(frozen=True, slots=True)
class OpenRound(Action, verb="round.open"):
    """`setting`: cadence, ceiling, ritual or purpose."""

    setting: str


@dataclass(frozen=True, slots=True)
class StartRound(Action, verb="round"):
    setting: str


@dataclass(frozen=True, slots=True)
class WithdrawRound(Action, verb="round.withdraw"):
    round: str


@dataclass(frozen=True, slots=True)
class TakeStance(Action, verb="stance"):
    """`stance`: agree or abstain."""

    round: str
    stance: str


@dataclass(frozen=True, slots=True)
class OpenObjection(Action, verb="objection.open"):
    round: str


@dataclass(frozen=True, slots=True)
class Object(Action, verb="objection"):
    round: str


@dataclass(frozen=True, slots=True)
class WithdrawObjection(Action, verb="objection.withdraw"):
    round: str


@dataclass(frozen=True, slots=True)
class Objection:
    by: Mention
    reason: str


@dataclass(frozen=True, slots=True)
class View:
    """A round as somebody sees it. `before`: the setting as it is; `stance`: the reader's own."""

    round: Round
    before: Change
    author: Mention
    agreed: int
    objections: tuple[Objection, ...]
    stance: Stance | None = None


def named(t: Translator, change: Change) -> str:
    """What is changed."""
    key = SETTINGS[setting_of(change)]
    return t(key)


def value(t: Translator, change: Change) -> str:
    """What it is changed to."""
    match change:
        case Cadence():
            return t("setting.posts_a_week", change.a_week)
        case Ceiling():
            return t("wishes.a_week", change.a_week)
        case RitualWeek():
            return _week(t, change.week)
        case Purpose():
            return change.fr if t.language == "fr" else change.en
        case _:
            assert_never(change)


def _week(t: Translator, week: int) -> str:
    key = WEEK_NAMES[week]
    return t(key)


KINDS = {
    "cadence": "round.propose_cadence",
    "ceiling": "round.propose_ceiling",
    "ritual": "round.propose_ritual",
    "purpose": "round.propose_purpose",
}
"""What may be changed together."""


def choose(t: Translator, open_ones: Sequence[Round]) -> Card:
    """What may be decided together, and what is being decided."""
    under_way = [
        text(Bold(_title(t, one)), "\n", t("round.line", value=value(t, one.change), day=_last_day(t, one)))
        for one in open_ones
    ]
    return Card(
        t("round.choose"),
        (
            text(t("round.choose_body")),
            *under_way,
            *(Row((t(key),), FormButton(t("round.submit"), OpenRound(kind))) for kind, key in KINDS.items()),
            small(t("round.rule")),
        ),
    )


def _title(t: Translator, round: Round) -> str:
    return t("round.title", what=named(t, round.change))


def _last_day(t: Translator, round: Round) -> str:
    return t.day(round.closes_at - timedelta(seconds=1))


def form(t: Translator, setting: str, now: Sequence[Change], until: date) -> Form:
    """`now`: that setting as it is; for rituals, each of them."""
    return Form(
        StartRound(setting),
        t("round.form_title"),
        (
            *_question(t, now),
            TextInput(
                "reason",
                t("round.why"),
                hint=t("round.why_hint"),
                multiline=True,
                required=True,
                max_length=MAX_REASON,
            ),
            DateInput("until", t("round.until"), until.isoformat(), required=True),
            Note((t("round.rule"),), quiet=True),
        ),
        t("round.submit"),
    )


def _question(t: Translator, now: Sequence[Change]) -> tuple[Part, ...]:
    first = now[0]
    match first:
        case Cadence():
            options = tuple(Option(str(n), value(t, Cadence(n))) for n in CADENCES)
            return (Choice("value", t("round.cadence"), options, str(first.a_week), required=True),)
        case Ceiling():
            options = tuple(Option(str(n), value(t, Ceiling(n))) for n in CEILINGS)
            return (Choice("value", t("round.ceiling"), options, str(first.a_week), required=True),)
        case RitualWeek():
            return _ritual_question(t, [one for one in now if isinstance(one, RitualWeek)])
        case Purpose():
            return _purpose_question(t, first)
        case _:
            assert_never(first)


def _ritual_question(t: Translator, now: Sequence[RitualWeek]) -> tuple[Part, ...]:
    rituals = tuple(
        Option(one.ritual, t("round.now", what=named(t, one), value=value(t, one))) for one in now
    )
    weeks = tuple(Option(str(week), _week(t, week)) for week in WEEKS)
    return (
        Choice("ritual", t("round.ritual"), rituals, required=True),
        Choice("value", t("round.week"), weeks, required=True),
    )


def _purpose_question(t: Translator, now: Purpose) -> tuple[Part, ...]:
    return (
        TextInput(
            "value",
            t("round.purpose"),
            value(t, now),
            multiline=True,
            required=True,
            max_length=MAX_PURPOSE,
        ),
        TextInput(
            "other",
            t("round.purpose_other"),
            hint=t("round.purpose_other_hint"),
            multiline=True,
            max_length=MAX_PURPOSE,
        ),
        Note((t("round.consent_stays"),), quiet=True),
    )


def started(t: Translator, round: Round) -> Card:
    return Card(t("round.started"), (text(t("round.started_body", day=_last_day(t, round))),))


def card(t: Translator, view: View, mine: bool) -> Card:
    """One to one; `mine`: the reader opened it."""
    if view.round.outcome is not Outcome.OPEN:
        return _closed(t, view)
    ends = _author_end(t, view) if mine else (*_own_voice(t, view), _known(t, view))
    return Card(_title(t, view.round), (*_proposal(t, view), *_objections(t, view), *ends))


def _author_end(t: Translator, view: View) -> tuple[Element, ...]:
    withdraw = Button(t("round.withdraw"), WithdrawRound(view.round.id), Style.DANGER)
    until = small(t("round.open_until", day=_last_day(t, view.round)))
    return text(t("round.yours")), buttons(withdraw), until


def wall(t: Translator, view: View) -> Card:
    """In the channel of everybody."""
    if view.round.outcome is not Outcome.OPEN:
        return _closed(t, view)
    agreed = text(t("round.agreed", view.agreed))
    return Card(
        _title(t, view.round),
        (*_proposal(t, view), *_objections(t, view), agreed, _voices(t, view), _known(t, view)),
    )


def _proposal(t: Translator, view: View) -> tuple[Element, ...]:
    change = view.round.change
    today = (text(Bold(t("round.today")), "\n", value(t, view.before)),) if view.before != change else ()
    kept = (small(t("round.consent_stays")),) if isinstance(change, Purpose) else ()
    return (
        small(*t.spans("round.by", author=view.author)),
        *today,
        text(Bold(t("round.proposed")), "\n", value(t, change)),
        text(Bold(t("round.because"))),
        Quote(view.round.why),
        *kept,
    )


def _objections(t: Translator, view: View) -> list[Element]:
    body: list[Element] = []
    for objection in view.objections:
        body += [text(*t.spans("round.objects", by=objection.by)), Quote(objection.reason)]
    return body


def _own_voice(t: Translator, view: View) -> tuple[Element, ...]:
    if view.stance is None:
        return (_voices(t, view),)
    key = STANCES[view.stance]
    if view.stance is not Stance.OBJECT:
        return (text(t(key)), _voices(t, view))
    drop = Button(t("round.drop_objection"), WithdrawObjection(view.round.id))
    return (text(t(key)), buttons(drop), _voices(t, view))


def _voices(t: Translator, view: View) -> Element:
    return buttons(
        Button(t("round.agree"), TakeStance(view.round.id, Stance.AGREE), Style.PRIMARY),
        Button(t("round.abstain"), TakeStance(view.round.id, Stance.ABSTAIN)),
        FormButton(t("round.object"), OpenObjection(view.round.id)),
    )


def _known(t: Translator, view: View) -> Element:
    return small(t("round.known", day=_last_day(t, view.round)))


def _closed(t: Translator, view: View) -> Card:
    return Card(
        _title(t, view.round), (text(_came_of_it(t, view)), *_proposal(t, view), *_objections(t, view))
    )


def _came_of_it(t: Translator, view: View) -> str:
    match view.round.outcome:
        case Outcome.ACCEPTED:
            return t("round.accepted")
        case Outcome.OBJECTED:
            return t("round.objected")
        case Outcome.LAPSED | Outcome.OPEN:
            return t("round.lapsed")
        case Outcome.WITHDRAWN:
            return t("round.withdrawn")
        case _:
            assert_never(view.round.outcome)


def outcome(t: Translator, view: View) -> Card:
    """To the author, once it has closed: with the reasons, and a way to propose again."""
    whole = _closed(t, view)
    if view.round.outcome is Outcome.ACCEPTED:
        return whole
    setting = setting_of(view.round.change).partition(":")[0]
    again = FormButton(t("round.again"), OpenRound(setting))
    return replace(whole, body=(*whole.body, text(t("round.back_to_you")), buttons(again)))


def objection_form(t: Translator, view: View, reason: str) -> Form:
    """`reason`: of an objection made before."""
    return Form(
        Object(view.round.id),
        t("round.objection_title"),
        (
            Note((Bold(_title(t, view.round)), "\n", value(t, view.round.change))),
            TextInput(
                "reason",
                t("round.objection"),
                reason,
                t("round.objection_hint"),
                multiline=True,
                required=True,
                max_length=MAX_REASON,
            ),
        ),
        t("round.objection_submit"),
    )


def noted(t: Translator, view: View) -> Card:
    """The private answer to whoever spoke up in a channel."""
    key = STANCES[view.stance or Stance.ABSTAIN]
    return Card(t("round.noted"), (text(t(key)), small(t("round.changeable", day=_last_day(t, view.round)))))


def examples(t: Translator) -> dict[str, Card | Form]:
    opened = datetime(2026, 11, 24, 9, tzinfo=UTC)
    closes = datetime(2026, 12, 1, 23, tzinfo=UTC)
    author = Mention("slack:T1:U1", "Camille")
    one = Round("r1", "p1", Cadence(1), t("example.round_why"), opened, closes)
    view = View(one, Cadence(2), author, 4, ())
    against = (Objection(Mention("slack:T1:U2", "Priya"), t("example.objection")),)
    objected = replace(view, objections=against)
    purpose = replace(one, change=Purpose(t("example.purpose"), t("example.purpose")))
    ritual = replace(one, change=RitualWeek(Ritual.MEETING, 2))
    before = Purpose(t("charter.purpose"), t("charter.purpose"))

    def ended(how: Outcome, view: View = view) -> View:
        return replace(view, round=replace(view.round, outcome=how))

    rituals = tuple(RitualWeek(ritual, week) for week, ritual in enumerate(tuple(Ritual)[:4], 1))
    return {
        "choose": choose(t, ()),
        "choose_open": choose(t, (one, ritual)),
        "cadence_form": form(t, "cadence", (Cadence(2),), closes.date()),
        "ceiling_form": form(t, "ceiling", (Ceiling(20),), closes.date()),
        "ritual_form": form(t, "ritual", rituals, closes.date()),
        "purpose_form": form(t, "purpose", (before,), closes.date()),
        "started": started(t, one),
        "round": card(t, view, mine=False),
        "round_agreed": card(t, replace(view, stance=Stance.AGREE), mine=False),
        "round_abstained": card(t, replace(view, stance=Stance.ABSTAIN), mine=False),
        "round_objected_to": card(t, replace(objected, stance=Stance.OBJECT), mine=False),
        "round_mine": card(t, view, mine=True),
        "round_ceiling": card(
            t, replace(view, round=replace(one, change=Ceiling(3)), before=Ceiling(20)), mine=False
        ),
        "round_purpose": card(t, replace(view, round=purpose, before=before), mine=False),
        "round_ritual": card(
            t, replace(view, round=ritual, before=RitualWeek(Ritual.MEETING, 4)), mine=False
        ),
        "wall": wall(t, objected),
        "accepted": card(t, ended(Outcome.ACCEPTED, replace(view, before=Cadence(1))), mine=False),
        "objected": card(t, ended(Outcome.OBJECTED, objected), mine=False),
        "lapsed": card(t, ended(Outcome.LAPSED), mine=False),
        "withdrawn": wall(t, ended(Outcome.WITHDRAWN)),
        "outcome_accepted": outcome(t, ended(Outcome.ACCEPTED, replace(view, before=Cadence(1)))),
        "outcome_objected": outcome(t, ended(Outcome.OBJECTED, objected)),
        "outcome_lapsed": outcome(t, ended(Outcome.LAPSED)),
        "objection_form": objection_form(t, view, ""),
        "noted": noted(t, replace(view, stance=Stance.AGREE)),
    }

"""What a pulse says: the three questions, what came of them, and the pace that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.chat.action import Action
from bot.chat.card import Button, Card, Element, Facts, FormButton, Quote, Style, buttons, small, text
from bot.chat.form import Choice, Form, Note, Option, TextInput
from bot.chat.text import Bold
from bot.domain.pulse import LIFE, MARKS, MAX_WORDS, Answer, Means, Pulse
from bot.locales import Translator
from handlers.actions import AboutSecrecy, OpenGathering

WORDS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class StartPulse(Action, verb="pulse.start"):
    pass


@dataclass(frozen=True, slots=True)
class OpenPulse(Action, verb="pulse.open"):
    pulse: str


@dataclass(frozen=True, slots=True)
class AnswerPulse(Action, verb="pulse"):
    pulse: str


def invitation(t: Translator, pulse: Pulse) -> Card:
    return Card(t("pulse.title"), (text(t("pulse.body")), *_way_in(t, pulse)))


def reminder(t: Translator, pulse: Pulse) -> Card:
    return Card(t("pulse.title"), (text(t("pulse.closing", day=t.day(pulse.closes_at))), *_way_in(t, pulse)))


def _way_in(t: Translator, pulse: Pulse) -> tuple[Element, ...]:
    answer = FormButton(t("pulse.answer"), OpenPulse(pulse.id), Style.PRIMARY)
    return (buttons(answer, _more(t)), _known(t, pulse))


def _more(t: Translator) -> FormButton:
    return FormButton(t("secrecy.more"), AboutSecrecy())


def _known(t: Translator, pulse: Pulse) -> Element:
    return small(t("pulse.known", day=t.day(pulse.closes_at)))


def form(t: Translator, pulse: Pulse, mine: Answer | None) -> Form:
    """Holding what this person answered before."""
    return Form(
        AnswerPulse(pulse.id),
        t("pulse.form_title"),
        (
            _marks(t, "trust", t("pulse.trust_question"), t("pulse.freely_not"), t("pulse.freely"), mine),
            _marks(t, "pressure", t("pulse.pressure_question"), t("pulse.light"), t("pulse.heavy"), mine),
            _marks(t, "energy", t("pulse.energy_question"), t("pulse.flat"), t("pulse.lively"), mine),
            TextInput(
                "words",
                t("pulse.words"),
                mine.words if mine else "",
                t("pulse.words_hint"),
                multiline=True,
                max_length=MAX_WORDS,
            ),
            Note((t("pulse.known", day=t.day(pulse.closes_at)),), quiet=True),
        ),
        t("pulse.submit"),
    )


def _marks(t: Translator, name: str, question: str, least: str, most: str, mine: Answer | None) -> Choice:
    words = {MARKS[0]: least, MARKS[-1]: most}
    options = tuple(Option(str(n), f"{n} · {words[n]}" if n in words else str(n)) for n in MARKS)
    chosen = str(getattr(mine, name)) if mine else ""
    return Choice(name, question, options, chosen, required=True)


def answered(t: Translator, pulse: Pulse) -> Card:
    return Card(t("pulse.noted"), (_known(t, pulse), buttons(_more(t))))


def started(t: Translator, pulse: Pulse) -> Card:
    """The answer to whoever opened it: they are asked like everybody."""
    return Card(t("pulse.started"), (text(t("pulse.started_body")), *_way_in(t, pulse)))


def result(t: Translator, pulse: Pulse, words: Sequence[str]) -> Card:
    """What a closed pulse said, in the place of the question."""
    if pulse.means is None:
        return Card(t("pulse.closed"), (text(t("secrecy.lost" if pulse.lost else "pulse.too_few")),))
    facts = Facts(
        (
            (t("pulse.trust"), _of_five(t, pulse.means.trust)),
            (t("pulse.pressure"), _of_five(t, pulse.means.pressure)),
            (t("pulse.energy"), _of_five(t, pulse.means.energy)),
        )
    )
    return Card(t("pulse.closed"), (facts, *_spoken(t, words), small(t("pulse.means", pulse.answers))))


def _of_five(t: Translator, mean: float) -> str:
    return t("pulse.of_five", mean=t.number(mean))


def _spoken(t: Translator, words: Sequence[str]) -> tuple[Element, ...]:
    if not words:
        return ()
    rest = len(words) - WORDS_SHOWN
    more = (small(t("pulse.words_more", rest)),) if rest > 0 else ()
    return (text(Bold(t("pulse.words_said"))), *(Quote(said) for said in words[:WORDS_SHOWN]), *more)


def trend(t: Translator, pulses: Sequence[Pulse], words: Sequence[str], floor: int, may_start: bool) -> Card:
    """The latest first; `words` are those of the latest."""
    start = (buttons(Button(t("pulse.start"), StartPulse())),) if may_start else ()
    if not pulses:
        return Card(t("pulse.trend"), (text(t("pulse.none")), *start))
    rows = Facts(tuple((t.day(pulse.opened_at), _line(t, pulse)) for pulse in pulses))
    about = small(t("pulse.about", floor=floor))
    return Card(t("pulse.trend"), (rows, *_spoken(t, words), about, *start))


def _line(t: Translator, pulse: Pulse) -> str:
    if pulse.means is None:
        return t("pulse.lost_line" if pulse.lost else "pulse.too_few_line")
    means = pulse.means
    return t(
        "pulse.line",
        pulse.answers,
        trust=t.number(means.trust),
        pressure=t.number(means.pressure),
        energy=t.number(means.energy),
    )


def slowed(t: Translator, trust: float, floor: int) -> Card:
    return Card(
        t("pace.slowed"),
        (
            text(t("pace.slowed_body", trust=t.number(trust), floor=floor)),
            text(t("pace.talk")),
            buttons(FormButton(t("pace.gather"), OpenGathering(), Style.PRIMARY)),
            small(t("pace.known")),
        ),
    )


def usual(t: Translator, trust: float) -> Card:
    return Card(t("pace.usual"), (text(t("pace.usual_body", trust=t.number(trust))),))


def examples(t: Translator) -> dict[str, Card | Form]:
    opened = datetime(2026, 11, 17, 9, tzinfo=UTC)
    open_one = Pulse("p1", opened, opened + LIFE)

    def closed(months: int, answers: int, means: Means | None) -> Pulse:
        at = opened - months * timedelta(days=28)
        return Pulse(f"p{months}", at, at + LIFE, at + LIFE, answers, means)

    latest = closed(0, 9, Means(3.8, 2.1, 4.0))
    few = closed(1, 0, None)
    lost = replace(few, lost=True)
    words = (t("example.pulse_words"), t("example.pulse_words_2"))
    many = words * (WORDS_SHOWN // 2 + 1)
    return {
        "invitation": invitation(t, open_one),
        "reminder": reminder(t, open_one),
        "form": form(t, open_one, None),
        "form_again": form(t, open_one, Answer(4, 2, 5, words[0])),
        "answered": answered(t, open_one),
        "started": started(t, open_one),
        "result": result(t, latest, words),
        "result_few": result(t, few, ()),
        "result_lost": result(t, lost, ()),
        "trend": trend(t, (latest, few, lost, closed(2, 12, Means(2.6, 3.4, 3.0))), many, 3, may_start=False),
        "trend_none": trend(t, (), (), 3, may_start=True),
        "slowed": slowed(t, 2.6, 3),
        "usual": usual(t, 3.4),
    }

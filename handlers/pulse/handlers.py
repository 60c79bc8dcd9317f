"""What the pulse hears, and how its messages are drawn."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from bot.domain.pulse import Pulse
from bot.locales import Translator
from handlers.pulse import cards, service
from handlers.pulse.cards import AnswerPulse, OpenPulse, StartPulse
from storage import pulses

router: Router[Context] = Router()


def form(ctx: Context, action: AnswerPulse) -> Form:
    return cards.form(ctx.t, service.open_to(ctx, action.pulse), service.mine(ctx, action.pulse))


@router.command("pulse", "baromètre", "barometre", hint="verb.pulse")
def pulse(ctx: Context, event: Command, _: str) -> Reply:
    if (current := service.current(ctx)) is not None:
        return _ask(ctx, current)
    trend, words = service.trend(ctx)
    may_start = service.obstacle(ctx) is None
    return Say(cards.trend(ctx.t, trend, words, ctx.circle.trust_floor, may_start))


def _ask(ctx: Context, current: Pulse) -> Reply:
    """The form, or a button that opens it: asked for by a typed word, a form is a message in Teams, and what
    somebody answered stands in no message."""
    pulse = service.open_to(ctx, current.id)
    if service.mine(ctx, pulse.id) is not None:
        return Say(cards.invitation(ctx.t, pulse))
    return Ask(form(ctx, AnswerPulse(pulse.id)))


@router.click(StartPulse)
def start(ctx: Context, event: Click, _: StartPulse) -> Reply:
    return Say(cards.started(ctx.t, service.start(ctx)))


@router.click(OpenPulse)
def open_pulse(ctx: Context, event: Click, action: OpenPulse) -> Reply:
    return Ask(form(ctx, AnswerPulse(action.pulse)))


@router.submission(AnswerPulse, form)
def answer(ctx: Context, event: Submission, action: AnswerPulse) -> Reply:
    return Say(cards.answered(ctx.t, service.answer(ctx, action.pulse, event.answers)))


def draw_pulse(reading: Reading) -> Card | None:
    return _draw(reading, cards.invitation)


def draw_reminder(reading: Reading) -> Card | None:
    return _draw(reading, cards.reminder)


def _draw(reading: Reading, question: Callable[[Translator, Pulse], Card]) -> Card | None:
    """Whoever has answered already is not asked; once it has closed, what came of it."""
    pulse = pulses.load(reading.tx, reading.message.subject_id)
    if pulse is None or (reading.message.shown_version == 0 and service.is_done(reading, pulse)):
        return None
    if pulse.closed_at is None:
        return question(reading.t, pulse)
    return cards.result(reading.t, pulse, pulses.words(reading.tx, pulse.id))


def draw_pace(reading: Reading) -> Card | None:
    """Only what is still so."""
    pulse = pulses.load(reading.tx, reading.message.subject_id)
    if pulse is None or pulse.means is None:
        return None
    trust, floor = pulse.means.trust, reading.circle.trust_floor
    if (trust < floor) != (reading.circle.slowed_at is not None):
        return None
    return cards.slowed(reading.t, trust, floor) if trust < floor else cards.usual(reading.t, trust)

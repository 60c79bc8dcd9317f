"""What consent rounds hear, and how their messages are drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from bot.domain.round import Outcome
from handlers.rounds import cards, service
from handlers.rounds.cards import (
    Object,
    OpenObjection,
    OpenRound,
    StartRound,
    TakeStance,
    View,
    WithdrawObjection,
    WithdrawRound,
)
from storage import rounds

router: Router[Context] = Router()


def form(ctx: Context, action: StartRound) -> Form:
    return cards.form(ctx.t, action.setting, service.today(ctx, action.setting), service.usual_end(ctx))


def objection_form(ctx: Context, action: Object) -> Form:
    round = service.open_to(ctx, action.round)
    return cards.objection_form(ctx.t, service.view(ctx, round, ctx.person), service.own_reason(ctx, round))


@router.command("round", "décision", "decision", hint="verb.round")
def choose(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.choose(ctx.t, service.under_way(ctx)))


@router.click(OpenRound)
def open_round(ctx: Context, event: Click, action: OpenRound) -> Reply:
    return Ask(form(ctx, StartRound(action.setting)))


@router.submission(StartRound, form)
def start(ctx: Context, event: Submission, action: StartRound) -> Reply:
    return Say(cards.started(ctx.t, service.start(ctx, action.setting, event.answers)))


@router.click(WithdrawRound)
def withdraw(ctx: Context, event: Click, action: WithdrawRound) -> Reply:
    service.withdraw(ctx, action.round)
    return None


@router.click(TakeStance)
def take_stance(ctx: Context, event: Click, action: TakeStance) -> Reply:
    view = service.take_stance(ctx, action.round, action.stance)
    return Say(cards.noted(ctx.t, view)) if event.place else None


@router.click(OpenObjection)
def open_objection(ctx: Context, event: Click, action: OpenObjection) -> Reply:
    return Ask(objection_form(ctx, Object(action.round)))


@router.submission(Object, objection_form)
def object_to(ctx: Context, event: Submission, action: Object) -> Reply:
    return Say(cards.noted(ctx.t, service.object_to(ctx, action.round, event.answers.text("reason"))))


@router.click(WithdrawObjection)
def withdraw_objection(ctx: Context, event: Click, action: WithdrawObjection) -> Reply:
    service.withdraw_objection(ctx, action.round)
    return None


def draw_round(reading: Reading) -> Card | None:
    view = _view(reading)
    if view is None or reading.reader is None:
        return None
    return cards.card(reading.t, view, mine=view.round.author_id == reading.reader.id)


def draw_wall(reading: Reading) -> Card | None:
    view = _view(reading)
    return cards.wall(reading.t, view) if view else None


def _view(reading: Reading) -> View | None:
    """Closed before it arrived: it never arrives."""
    round = rounds.load(reading.tx, reading.message.subject_id)
    if round is None or (reading.message.shown_version == 0 and not round.takes_voices(reading.now)):
        return None
    return service.view(reading, round, reading.reader)


def draw_outcome(reading: Reading) -> Card | None:
    round = rounds.load(reading.tx, reading.message.subject_id)
    if round is None or round.outcome is Outcome.OPEN:
        return None
    return cards.outcome(reading.t, service.view(reading, round, reading.reader))

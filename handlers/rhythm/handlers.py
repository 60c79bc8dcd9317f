"""What the rhythm hears, and how its invitations are drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from bot.domain.circle import Role
from handlers.rhythm import cards, service
from handlers.rhythm.cards import OpenRhythm, SaveRhythm

router: Router[Context] = Router()


def form(ctx: Context, _: SaveRhythm) -> Form:
    return cards.form(ctx.t, service.month(ctx))


@router.command("rhythm", "rythme", hint="verb.rhythm")
def rhythm(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.timetable(ctx.t, service.month(ctx), may_change=ctx.person.role is Role.LEAD))


@router.click(OpenRhythm)
def open_rhythm(ctx: Context, event: Click, _: OpenRhythm) -> Reply:
    service.lead(ctx)
    return Ask(cards.form(ctx.t, service.month(ctx)))


@router.submission(SaveRhythm, form)
def save_rhythm(ctx: Context, event: Submission, action: SaveRhythm) -> Reply:
    month = service.change(ctx, action.seen, event.answers)
    return Say(cards.timetable(ctx.t, month, may_change=True, saved=True))


def draw_kudos_week(reading: Reading) -> Card:
    return cards.kudos_week(reading.t)


def draw_poll_week(reading: Reading) -> Card:
    return cards.poll_week(reading.t)

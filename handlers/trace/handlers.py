"""What the trace hears."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Command
from bot.chat.reply import Replace, Reply, Say
from bot.chat.router import Router
from bot.context import Context
from handlers.trace import cards, service
from handlers.trace.cards import Resend

router: Router[Context] = Router()


def card(ctx: Context) -> Card:
    told = service.contents_told(ctx)
    return cards.trace(ctx.t, told, service.failures(ctx, told), service.own(ctx), ctx.now)


@router.command("trace", "suivi", hint="verb.trace")
def trace(ctx: Context, event: Command, _: str) -> Reply:
    return Say(card(ctx))


@router.click(Resend)
def resend(ctx: Context, event: Click, action: Resend) -> Reply:
    service.resend(ctx, action.message)
    return Replace(card(ctx))

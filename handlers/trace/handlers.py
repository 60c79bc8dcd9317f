"""What the trace hears, and how its message is drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Command
from bot.chat.reply import Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from handlers.trace import cards, service
from handlers.trace.cards import RetryAll

router: Router[Context] = Router()


@router.command("trace", "suivi", hint="verb.trace")
def trace(ctx: Context, event: Command, _: str) -> Reply:
    told = service.posts_told(ctx)
    failures, missed, own = service.failures(ctx), service.missed(ctx), service.own(ctx)
    return Say(cards.trace(ctx.t, told, failures, missed, own, ctx.now))


@router.click(RetryAll)
def retry_all(ctx: Context, event: Click, action: RetryAll) -> Reply:
    service.retry_all(ctx, action.state)
    return Say(cards.retried(ctx.t))


def draw_undelivered(reading: Reading) -> Card:
    return cards.undelivered(reading.t, service.failures(reading))

"""What the trace hears."""

from __future__ import annotations

from bot.chat.event import Command
from bot.chat.reply import Reply, Say
from bot.chat.router import Router
from bot.context import Context
from handlers.trace import cards, service

router: Router[Context] = Router()


@router.command("trace", "suivi", hint="verb.trace")
def trace(ctx: Context, event: Command, _: str) -> Reply:
    told = service.posts_told(ctx)
    failures, in_all = service.failures(ctx, told)
    missed, own = service.missed(ctx), service.own(ctx)
    return Say(cards.trace(ctx.t, told, failures, in_all, missed, own, ctx.now))

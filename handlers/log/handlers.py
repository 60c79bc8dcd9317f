"""What the log hears: it is open to everybody."""

from __future__ import annotations

from bot.chat.event import Command
from bot.chat.reply import Reply, Say
from bot.chat.router import Router
from bot.context import Context
from handlers.log import cards
from storage import entries

router: Router[Context] = Router()
LATEST = 20


@router.command("log", "journal", hint="verb.log")
def log(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.log(ctx.t, entries.latest(ctx.tx, LATEST)))

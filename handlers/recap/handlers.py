"""What the recap hears, and how it is drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Command
from bot.chat.reply import Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from handlers.recap import cards, service
from storage import recaps

router: Router[Context] = Router()


@router.command("recap", "retour", hint="verb.recap")
def recap(ctx: Context, event: Command, _: str) -> Reply:
    latest = service.latest(ctx)
    if latest is None:
        return Say(cards.none(ctx.t))
    return Say(cards.recap(ctx.t, latest, service.told(ctx, latest), ctx.site))


def draw_recap(reading: Reading) -> Card | None:
    found = recaps.load(reading.tx, reading.message.subject_id)
    return cards.recap(reading.t, found, service.told(reading, found), reading.site) if found else None

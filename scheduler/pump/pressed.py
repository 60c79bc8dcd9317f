"""A press shows its effect at once: the card that it stood on is drawn again by the way that the press left
open, which takes nothing from the rate limits that all cards of a workspace share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot import context
from bot.chat.messenger import Notice
from bot.chat.platform import Redraw, Show
from bot.context import Context, Reading
from bot.domain.message import Message
from bot.meters import Meters
from scheduler.pump import times
from scheduler.pump.delivery import Deliverer, Moment, Outgoing
from scheduler.pump.outcomes import OutcomeWriter
from storage import deliveries
from storage.engines.database import Database

log = structlog.get_logger()


class PressedCards:
    """One a process that hears presses. It claims and settles as the pump does, so that of several processes
    one at a time draws a card."""

    def __init__(
        self,
        database: Database,
        kinds: Iterable[context.Notice],
        now: Callable[[], datetime],
        meters: Meters | None = None,
    ) -> None:
        self._kinds = {notice.kind.name: notice for notice in kinds}
        self._now = now
        writer = OutcomeWriter(database, now)
        self._deliverer = Deliverer(database, {}, self._kinds, writer, meters or Meters(), now)

    def claim(self, ctx: Context, message: Message) -> Redraw | None:
        """Claim the message that somebody pressed a button of, and draw its card. To be called in the
        transaction of the press: until it ends, no pump sees that the message is due. None leaves it to the
        pump."""
        scope = ctx.tx, ctx.now, ctx.circle, ctx.t, ctx.site
        reading = Reading(*scope, message, ctx.person, ctx.member, frozenset({ctx.person.id}))
        try:
            card = self._kinds[message.kind].draw(reading)
        except Exception:  # the pump gives it up, and tells the comms team
            log.exception("pressed.draw", kind=message.kind, message=message.id)
            return None
        if card is None:
            return None
        claimed = Moment.by(self._now)
        mine = deliveries.claim(ctx.tx, [message], claimed.now, claimed.now + times.LEASE)
        if not mine:
            return None
        one = Outgoing(mine[0], ctx.sender.platform, Notice(message.id, card), claimed)
        return partial(self._redraw, one)

    async def _redraw(self, one: Outgoing, show: Show) -> None:
        await self._deliverer.deliver(replace(one, show=show))

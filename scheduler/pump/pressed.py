"""A press shows its effect at once: the card that it stood on is drawn again by the way that the press left
open, which takes nothing from the rate limits that all cards of a workspace share."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

import structlog

from bot import context
from bot.chat.card import Card
from bot.chat.messenger import Notice
from bot.chat.platform import Redraw, Show
from bot.context import Context, Reading
from bot.domain.message import Message
from bot.locales import Translator
from bot.meters import Meters
from scheduler.pump import times
from scheduler.pump.delivery import Deliverer, Moment, Outgoing
from scheduler.pump.outcomes import OutcomeWriter
from scheduler.pump.turn import readers_of
from storage import circles, deliveries, people
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

RESERVED = timedelta(seconds=2)
"""How long a pump leaves a card to the process that heard a press on it."""
AT_ONCE = 16
"""Cards that are drawn at the same time. Acknowledgements go before them: when more is pressed, cards wait,
two presses on one card are drawn once, and after RESERVED the pump helps."""
TRIES = 3
"""How often a card is claimed at most for one press. Another person's press may change it between its drawing
and its claim: each vote changes the card of the poll's author."""
GATHER = 0.005
"""Seconds in which presses come together: their cards are claimed and drawn in one transaction."""


@dataclass(slots=True)
class Press:
    """A card to be drawn by `show`. `done` are told when that is over, however it ended. `tries`: how often
    it may still be claimed."""

    circle_id: str
    message_id: str
    show: Show
    tries: int = TRIES
    done: list[asyncio.Future[None]] = field(default_factory=list)


class PressedCards:
    """One a process that hears presses. It claims and settles as the pump does, so that of several processes
    one at a time draws a card."""

    def __init__(
        self,
        database: Database,
        kinds: Iterable[context.Notice],
        site: str,
        now: Callable[[], datetime],
        meters: Meters | None = None,
    ) -> None:
        self._database = database
        self._kinds = {notice.kind.name: notice for notice in kinds}
        self._site = site
        self._now = now
        writer = OutcomeWriter(database, now)
        self._deliverer = Deliverer(database, {}, self._kinds, writer, meters or Meters(), now)
        self._waiting: dict[str, Press] = {}
        self._under_way: set[str] = set()
        self._claiming: asyncio.Task[None] | None = None
        self._showing: set[asyncio.Task[None]] = set()

    def reserve(self, ctx: Context, reference: str) -> Redraw | None:
        """Reserve the card that somebody pressed a button of, if it is to show something else now. To be
        called in the transaction of the press: then no pump sees the card as due, unless nothing comes of
        this. None leaves it to the pump."""
        until = ctx.now + RESERVED
        message_id = deliveries.reserve(ctx.tx, ctx.person.id, ctx.sender.address, reference, until)
        return partial(self._redraw, ctx.circle.id, message_id) if message_id else None

    async def _redraw(self, circle_id: str, message_id: str, show: Show) -> None:
        """Return when the card was drawn. Of two presses on a card the later one's way is taken."""
        press = Press(circle_id, message_id, show)
        if (earlier := self._waiting.get(message_id)) is not None:
            press.done += earlier.done
        press.done.append(asyncio.get_running_loop().create_future())
        self._waiting[message_id] = press
        self._begin()
        await press.done[-1]

    def _begin(self) -> None:
        if self._claiming is None and self._next():
            self._claiming = asyncio.create_task(self._claim_next())

    def _next(self) -> list[str]:
        """The ids of the cards that may be drawn now, those that wait longest first."""
        room = AT_ONCE - len(self._under_way)
        return list(islice((id for id in self._waiting if id not in self._under_way), max(room, 0)))

    async def _claim_next(self) -> None:
        await asyncio.sleep(GATHER)
        presses = [self._waiting.pop(id) for id in self._next()]
        self._under_way |= {press.message_id for press in presses}
        try:
            claimed = await self._database.transact(partial(self._claim, presses=presses))
        except Exception:  # the pump draws them
            log.exception("pressed.claim")
            claimed = {}
        for press in presses:
            press.tries -= 1
            one = claimed.get(press.message_id)
            if one is None and press.message_id in claimed and press.tries:
                self._try_again(press)
                continue
            task = asyncio.create_task(self._show(press, one))
            self._showing.add(task)
            task.add_done_callback(self._showing.discard)
        self._claiming = None
        self._begin()

    def _try_again(self, press: Press) -> None:
        self._under_way.discard(press.message_id)
        if (later := self._waiting.get(press.message_id)) is not None:
            later.done += press.done
        else:
            self._waiting[press.message_id] = press

    async def _show(self, press: Press, one: Outgoing | None) -> None:
        try:
            if one is not None:
                await self._deliverer.deliver(replace(one, show=press.show))
        finally:
            self._under_way.discard(press.message_id)
            for done in press.done:
                if not done.done():
                    done.set_result(None)
            self._begin()

    def _claim(self, tx: Transaction, *, presses: Sequence[Press]) -> dict[str, Outgoing | None]:
        """Draw and claim the cards, with about as many questions to the database as for one. None stands for
        a card that was drawn and not claimed, because it was changed or claimed meanwhile."""
        now = Moment.by(self._now)
        by_circle: defaultdict[str, list[str]] = defaultdict(list)
        for press in presses:
            by_circle[press.circle_id].append(press.message_id)
        drawn: list[tuple[str, Message, Card]] = []
        for circle_id, ids in by_circle.items():
            drawn += self._draw_all(CircleTransaction(tx, circle_id), ids, now.now)
        messages = [message for _, message, _ in drawn]
        claimed = {
            message.id: message for message in deliveries.claim(tx, messages, now.now, now.now + times.LEASE)
        }
        return {
            message.id: Outgoing(claimed[message.id], platform, Notice(message.id, card), now)
            if message.id in claimed
            else None
            for platform, message, card in drawn
        }

    def _draw_all(
        self, tx: CircleTransaction, ids: Sequence[str], now: datetime
    ) -> Iterable[tuple[str, Message, Card]]:
        """Yield (platform, message, card) of those that are still to show something else."""
        circle = circles.circle(tx)
        waiting = deliveries.reserved(tx, ids)
        known = people.load_all(tx, {message.person_id for message in waiting if message.person_id})
        readers, answers = readers_of(waiting), dict[Hashable, Any]()
        for message in waiting:
            if message.person_id is None:
                continue
            reader, member = known[message.person_id]
            scope = tx, now, circle, Translator(reader.language, reader.zone), self._site
            together = readers[message.kind, message.subject_id]
            card = self._draw(Reading(*scope, message, reader, member, together, known=answers))
            if card is not None:
                yield message.address.partition(":")[0], message, card

    def _draw(self, reading: Reading) -> Card | None:
        """None leaves the card to the pump, which drops or gives up what cannot be drawn."""
        message = reading.message
        try:
            return self._kinds[message.kind].draw(reading)
        except Exception:
            log.exception("pressed.draw", kind=message.kind, message=message.id)
            return None

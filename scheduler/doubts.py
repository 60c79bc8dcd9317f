"""What may have arrived is looked for in the chat itself, by the id that every message carries.

Found: it is adopted as it stands. Not found: it leaves again, the same row under the same id. A chat that
cannot tell says what is better there, twice or never. Whatever was in doubt is looked for once more a while
later: a process that was frozen between its last look at the claim and the socket may have sent it since, and
of two messages with one id the younger is taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.chat.messenger import CannotTell, MessengerError, Throttled, Unavailable
from bot.chat.platform import Platform
from bot.context import Notice as Drawing
from bot.crash import crash
from bot.domain.message import Message, State
from scheduler.outcomes import ATTEMPTS, SWEEP, Ledger, Outcome, Settle, bury, each, tell_team
from storage import deliveries, paces, people
from storage.database import Database
from storage.deliveries import Look
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

ASK_AGAIN = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""After an answer that did not come; the last one is repeated."""
ASKS = 150
"""A day of them. A chat that refuses to answer is asked as often as `ASK_AGAIN` says."""
LOST = "the answer was lost"


class Doubts:
    """The looking of one pump."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        drawings: Mapping[str, Drawing],
        ledger: Ledger,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._drawings = drawings
        self._ledger = ledger
        self._now = now

    async def resolve(self, look: Look, platform: str, until: datetime) -> None:
        """Look, take surplus away, write what was found. `until`: when another looks in our stead."""
        settle = await self._looked(look, platform)
        await self._ledger.write(Outcome(each, settle), until)

    async def _looked(self, look: Look, platform: str) -> Settle:
        message, messenger = look.message, self._platforms[platform].messenger
        try:
            found = await messenger.find(message.address, message.id, look.since)
            crash("doubts.found")
            kept = 0 if await self._database.read(partial(self._unwanted, message=message)) else 1
            keep, surplus = found[:kept], found[kept:]
            if surplus:
                await self._clear(message, platform, keep, surplus)
        except CannotTell as error:
            return partial(self._cannot_tell, look=look, error=error)
        except MessengerError as error:
            return partial(_unanswered, look=look, error=error)
        except Exception as error:
            log.exception("pump.look", message=message.id)
            return partial(_unanswered, look=look, error=Unavailable(type(error).__name__))
        return partial(self._answered, look=look, keep=keep)

    async def _clear(
        self, message: Message, platform: str, keep: tuple[str, ...], surplus: tuple[str, ...]
    ) -> None:
        """The row points at the one that stays before the others go; whoever lost the row takes away none."""
        log.warning("pump.surplus", message=message.id, surplus=len(surplus))
        if await self._database.transact(partial(self._point, message=message, keep=keep)):
            crash("doubts.pointed")
            for reference in surplus:
                await self._platforms[platform].messenger.delete(message.address, reference)

    def _point(self, tx: Transaction, *, message: Message, keep: tuple[str, ...]) -> bool:
        if not keep:
            return deliveries.holds_claim(tx, message)
        return self._adopt(tx, self._now(), message, keep[0])

    def _adopt(self, tx: Transaction, now: datetime, message: Message, reference: str) -> bool:
        adopted = deliveries.adopt(tx, message, reference, now)
        arrived = self._drawings[message.kind].arrived
        if adopted and message.shown_version == 0 and arrived:
            arrived(tx, [message], now)
        return adopted

    def _answered(self, tx: Transaction, now: datetime, *, look: Look, keep: tuple[str, ...]) -> None:
        message = look.message
        doubted = message.state is State.AMBIGUOUS
        if keep and self._adopt(tx, now, message, keep[0]):
            log.info("pump.found", message=message.id)
        elif doubted and message.attempt >= ATTEMPTS:
            bury(tx, message, message.last_error or LOST, now)
        elif doubted:
            deliveries.resend(tx, message, now)
        deliveries.schedule_look(tx, message, now + SWEEP if doubted else None, looks=0)
        crash("doubts.settling")

    def _cannot_tell(self, tx: Transaction, now: datetime, *, look: Look, error: CannotTell) -> None:
        message = look.message
        deliveries.schedule_look(tx, message, None)
        if message.state is not State.AMBIGUOUS:
            return
        if error.resend and message.attempt < ATTEMPTS:
            deliveries.resend(tx, message, now)
        elif self._left(tx, message):  # of somebody who left nobody is told anything
            deliveries.drop(tx, message, "no consent")
        elif deliveries.mark_unknown(tx, message, message.last_error or LOST):
            tell_team(tx, message, now)

    def _unwanted(self, tx: Transaction, *, message: Message) -> bool:
        """It may have arrived after its reader left; a card that is there by right stays."""
        return message.shown_version == 0 and (message.state is State.DROPPED or self._left(tx, message))

    def _left(self, tx: Transaction, message: Message) -> bool:
        if not self._drawings[message.kind].kind.consent or message.person_id is None:
            return False
        return people.load(CircleTransaction(tx, message.circle_id), message.person_id)[1] is None


def _unanswered(tx: Transaction, now: datetime, *, look: Look, error: MessengerError) -> None:
    message = look.message
    if isinstance(error, Throttled):
        until = now + timedelta(seconds=error.wait)
        paces.hold(tx, f"{message.workspace_id}:find", until)
        deliveries.schedule_look(tx, message, until, looks=look.number - 1)
    elif look.number <= (ASKS if isinstance(error, Unavailable) else len(ASK_AGAIN)):
        wait = ASK_AGAIN[min(look.number, len(ASK_AGAIN)) - 1]
        deliveries.schedule_look(tx, message, now + wait)
    elif message.state is State.AMBIGUOUS:
        if deliveries.mark_unknown(tx, message, message.last_error or LOST):
            tell_team(tx, message, now)
    else:
        deliveries.schedule_look(tx, message, None)

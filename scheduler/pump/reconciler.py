"""The reconciler looks in the chat for messages that may have arrived, by the id that every message carries.

Found: the message is adopted. Not found: it is sent again, the same row under the same id. A chat that cannot
tell says whether twice or never is better there. Whatever was ambiguous is looked for once more after
`times.SWEEP`: a process that was frozen between its last check of the claim and the call may have sent it
since. Of two messages with one id the younger is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.chat.messenger import CannotTell, MessengerError, Throttled, Unavailable
from bot.chat.platform import Platform
from bot.crash import crash
from bot.domain.message import REPLY, Message, Obstacle, State
from scheduler.pump import times
from scheduler.pump.failures import Kinds, give_up, gives_up, tell_comms
from scheduler.pump.limits import look_key
from scheduler.pump.outcomes import DeliveryOutcome, OutcomeWriter, Settle, each
from storage import deliveries, paces, people
from storage.deliveries import Look
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

LOOKS = 150
"""How often a chat is asked that does not answer: for a day. A chat that refuses to answer is asked as often
as `times.ASK_AGAIN` says."""
LOST = "the answer was lost"


class Reconciler:
    """Do the looks of one pump."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        kinds: Kinds,
        writer: OutcomeWriter,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._kinds = kinds
        self._writer = writer
        self._now = now

    async def reconcile(self, look: Look, platform: str, until: datetime) -> None:
        """Look, delete what is surplus, write what was found. At `until` another process looks instead."""
        settle = await self._look(look, platform)
        await self._writer.write(DeliveryOutcome(each, settle), until)

    async def _look(self, look: Look, platform: str) -> Settle:
        message, messenger = look.message, self._platforms[platform].messenger
        try:
            found = await messenger.find(message.address, message.id, look.since)
            crash("reconciler.found")
            unwanted = await self._database.read(partial(self._is_unwanted, message=message))
            kept = 0 if unwanted else 1
            keep, surplus = found[:kept], found[kept:]
            if surplus:
                await self._delete(message, platform, keep, surplus)
        except CannotTell as error:
            return partial(self._settle_untold, look=look, error=error)
        except MessengerError as error:
            return partial(_settle_unanswered, look=look, error=error)
        except Exception as error:
            log.exception("pump.look", message=message.id)
            return partial(_settle_unanswered, look=look, error=Unavailable(type(error).__name__))
        return partial(self._settle_answered, look=look, keep=keep)

    async def _delete(
        self, message: Message, platform: str, keep: tuple[str, ...], surplus: tuple[str, ...]
    ) -> None:
        """Point the row at the message that stays, then delete the others. Nothing is deleted if the claim
        was lost."""
        log.warning("pump.surplus", message=message.id, surplus=len(surplus))
        if await self._database.transact(partial(self._point, message=message, keep=keep)):
            crash("reconciler.pointed")
            for reference in surplus:
                await self._platforms[platform].messenger.delete(message.address, reference)

    def _point(self, tx: Transaction, *, message: Message, keep: tuple[str, ...]) -> bool:
        if not keep:
            return deliveries.holds_claim(tx, message)
        return self._adopt(tx, self._now(), message, keep[0])

    def _adopt(self, tx: Transaction, now: datetime, message: Message, reference: str) -> bool:
        adopted = deliveries.adopt(tx, message, reference, now)
        arrived = self._kinds[message.kind].arrived
        if adopted and message.shown_version == 0 and arrived:
            arrived(tx, [message], now)
        return adopted

    def _settle_answered(self, tx: Transaction, now: datetime, *, look: Look, keep: tuple[str, ...]) -> None:
        message = look.message
        ambiguous = message.state is State.AMBIGUOUS
        if keep and self._adopt(tx, now, message, keep[0]):
            log.info("pump.found", message=message.id)
        elif ambiguous and gives_up(message):
            why = message.last_error or LOST
            give_up(tx, self._kinds, message, why, now, Obstacle.SILENT)
        elif ambiguous:
            deliveries.resend(tx, message, now)
        deliveries.schedule_look(tx, message, now + times.SWEEP if ambiguous else None, looks=0)
        crash("reconciler.settling")

    def _settle_untold(self, tx: Transaction, now: datetime, *, look: Look, error: CannotTell) -> None:
        """The comms team is not told of a message to somebody who left. An answer that a person waits for
        comes twice rather than never."""
        message = look.message
        deliveries.schedule_look(tx, message, None)
        if message.state is not State.AMBIGUOUS:
            return
        if (error.resend or message.kind == REPLY.name) and not gives_up(message):
            deliveries.resend(tx, message, now)
        elif self._reader_left(tx, message):
            deliveries.drop(tx, message, "no consent")
        else:
            _mark_unknown(tx, message, now)

    def _is_unwanted(self, tx: Transaction, *, message: Message) -> bool:
        """Did a first send arrive after its reader left, or after it was dropped? A card that was shown by
        right stays."""
        if message.shown_version > 0:
            return False
        return message.state is State.DROPPED or self._reader_left(tx, message)

    def _reader_left(self, tx: Transaction, message: Message) -> bool:
        if not self._kinds[message.kind].kind.consent or message.person_id is None:
            return False
        return people.load(CircleTransaction(tx, message.circle_id), message.person_id)[1] is None


def _settle_unanswered(tx: Transaction, now: datetime, *, look: Look, error: MessengerError) -> None:
    message = look.message
    if isinstance(error, Throttled):
        until = now + timedelta(seconds=error.wait)
        paces.hold(tx, look_key(message.workspace_id), until)
        deliveries.schedule_look(tx, message, until, looks=look.number - 1)
    elif look.number <= (LOOKS if isinstance(error, Unavailable) else len(times.ASK_AGAIN)):
        wait = times.ASK_AGAIN[min(look.number, len(times.ASK_AGAIN)) - 1]
        deliveries.schedule_look(tx, message, now + wait)
    elif message.state is State.AMBIGUOUS and message.kind == REPLY.name:
        deliveries.schedule_look(tx, message, None)
        deliveries.resend(tx, message, now)
    elif message.state is State.AMBIGUOUS:
        _mark_unknown(tx, message, now)
    else:
        deliveries.schedule_look(tx, message, None)


def _mark_unknown(tx: Transaction, message: Message, now: datetime) -> None:
    if deliveries.mark_unknown(tx, message, message.last_error or LOST):
        tell_comms(tx, message, now)

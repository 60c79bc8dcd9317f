"""One delivery: make the platform show the wanted version of a claimed message, with no transaction open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from bot.chat.messenger import Messenger, MessengerError, Notice, Unavailable, Unsure
from bot.chat.platform import Platform
from bot.crash import crash
from bot.domain.message import Message
from bot.meters import Meters, Result
from scheduler.pump import failures, times
from scheduler.pump.failures import Kinds
from scheduler.pump.limits import method
from scheduler.pump.outcomes import DeliveryOutcome, OutcomeWriter
from storage import deliveries
from storage.engines.database import Database
from storage.transaction import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by the clock on the wall, which may be set, and by the one that only counts."""

    now: datetime
    counted: float

    @classmethod
    def by(cls, now: Callable[[], datetime]) -> Moment:
        return cls(now(), monotonic())

    def before(self, other: Moment) -> timedelta:
        """Return the time between both, by the clock that says more."""
        return max(other.now - self.now, timedelta(seconds=other.counted - self.counted))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message and its card, drawn."""

    message: Message
    platform: str
    notice: Notice
    claimed: Moment


class Deliverer:
    """Make the deliveries of one pump."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        kinds: Kinds,
        writer: OutcomeWriter,
        meters: Meters,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._kinds = kinds
        self._writer = writer
        self._meters = meters
        self._now = now

    async def deliver(self, one: Outgoing) -> None:
        outcome = await self._attempt(one)
        if outcome is not None:
            crash("pump.answered")
            await self._writer.write(outcome, one.claimed.now + times.LEASE)

    async def _attempt(self, one: Outgoing) -> DeliveryOutcome | None:
        """Call the platform and return the outcome to be written. None if the claim was lost before."""
        message = one.message
        messenger = self._platforms[one.platform].messenger
        try:
            if message.shown_version == 0:
                await messenger.reach(message.address)
            crash("pump.reached")
            if not await self._holds_claim(one):
                return None
            crash("pump.sending")
            reference = await _call(messenger, one)
        except MessengerError as error:
            return self._failure(one, error)
        except Exception as error:
            log.exception("pump.deliver", message=message.id)
            return self._failure(one, Unsure(type(error).__name__))
        self._meters.sent(one.platform, method(message), Result.SHOWN)
        return DeliveryOutcome(self._settle_shown, (message, reference))

    async def _holds_claim(self, one: Outgoing) -> bool:
        """Check, just before the call, that the lease leaves time for it and that the claim was checked a
        moment ago; the claiming itself was such a check. Raises Unavailable."""
        checked = one.claimed
        while one.claimed.before(moment := Moment.by(self._now)) < times.LEAVE:
            if checked.before(moment) <= times.FRESH:
                return True
            checked = moment
            try:
                held = await self._database.read(partial(deliveries.holds_claim, message=one.message))
            except Exception as error:
                raise Unavailable("the claim could not be looked at") from error
            if not held:
                return False
        raise Unavailable("there was no time left")

    def _failure(self, one: Outgoing, error: MessengerError) -> DeliveryOutcome:
        self._meters.sent(one.platform, method(one.message), failures.result(one.message, error))
        return DeliveryOutcome(self._settle_failures, (one.message, error))

    def _settle_shown(self, tx: Transaction, now: datetime, shown: Sequence[tuple[Message, str]]) -> None:
        settled = deliveries.mark_shown(tx, shown, now)
        for kind, arrived in _by_kind(message for message in settled if message.shown_version == 0):
            if tell := self._kinds[kind].arrived:
                tell(tx, arrived, now)
        crash("pump.settling")

    def _settle_failures(
        self, tx: Transaction, now: datetime, failed: Sequence[tuple[Message, MessengerError]]
    ) -> None:
        for message, error in failed:
            failures.settle_failure(tx, self._kinds, message, error, now)


def _by_kind(messages: Iterable[Message]) -> Iterable[tuple[str, list[Message]]]:
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages:
        found[message.kind].append(message)
    return found.items()


async def _call(messenger: Messenger, one: Outgoing) -> str:
    message = one.message
    if message.shown_version == 0:
        return await messenger.send(message.address, one.notice)
    await messenger.update(message.address, message.reference, one.notice)
    return message.reference

"""One delivery: make the platform show the wanted version of a claimed message, with no transaction open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from bot.chat.card import Card, Image, in_words, pictures
from bot.chat.messenger import MessengerError, Notice, PictureRefused, Unavailable, Unsure
from bot.chat.platform import Platform, Show
from bot.crash import crash
from bot.domain.message import Message
from bot.meters import Meters, Result
from scheduler.pump import failures, times
from scheduler.pump.failures import Kinds
from scheduler.pump.limits import method
from scheduler.pump.outcomes import DeliveryOutcome, OutcomeWriter
from storage import deliveries
from storage.engines.database import Database, note_due
from storage.transaction import Transaction

log = structlog.get_logger()

TRY_AGAIN = 60.0
"""Seconds after which a picture that a chat refused is tried again."""


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
    """A claimed message and its card, drawn. `show`: the way that a press left open to draw over the card,
    which takes nothing from the rate limits."""

    message: Message
    platform: str
    notice: Notice
    claimed: Moment
    show: Show | None = None


class RefusedPictures:
    """Remembers for TRY_AGAIN seconds which pictures a chat refused, so that a card for many people is
    refused once and not once for each of them. Afterwards the picture is tried again, because the chat may
    have been unable to fetch it only then."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def note(self, platform: str, refused: Iterable[Image]) -> None:
        now = monotonic()
        self._until = {picture: until for picture, until in self._until.items() if until > now}
        self._until |= dict.fromkeys(((platform, image.url) for image in refused), now + TRY_AGAIN)

    def without(self, platform: str, card: Card) -> Card:
        """Return the card with these pictures in words; the card itself if it has none of them."""
        if not self._until:
            return card
        now = monotonic()
        return in_words(card, lambda image: self._until.get((platform, image.url), 0.0) > now)


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
        self._refused_pictures = RefusedPictures()

    async def deliver(self, one: Outgoing) -> None:
        outcome = await self._attempt(one)
        if outcome is not None:
            crash("pump.answered")
            await self._writer.write(outcome, one.claimed.now + times.LEASE)

    async def _attempt(self, one: Outgoing) -> DeliveryOutcome | None:
        """Call the platform and return the outcome to be written. None if the claim was lost before."""
        message = one.message
        try:
            if message.shown_version == 0:
                await self._platforms[one.platform].messenger.reach(message.address)
            crash("pump.reached")
            if not await self._holds_claim(one):
                return None
            crash("pump.sending")
            return await self._show(one)
        except MessengerError as error:
            return self._failure(one, error)
        except Exception as error:
            log.exception("pump.deliver", message=message.id)
            return self._failure(one, Unsure(type(error).__name__))

    async def _show(self, one: Outgoing) -> DeliveryOutcome | None:
        """Show the card. If the chat refuses a picture, show the alternative text in its place: nothing was
        done, so the same claim allows another call."""
        message, card = one.message, one.notice.card
        shown = self._refused_pictures.without(one.platform, card)
        try:
            reference = await self._call(one, Notice(message.id, shown))
        except PictureRefused as error:
            log.warning("pump.picture", message=message.id, kind=message.kind, error=str(error))
            self._refused_pictures.note(one.platform, pictures(shown))
            if not await self._holds_claim(one):
                return None
            shown = in_words(shown, lambda _: True)
            reference = await self._call(one, Notice(message.id, shown))
        self._meters.sent(one.platform, method(message), Result.SHOWN)
        settle = self._settle_shown if shown is card else self._settle_pictureless
        return DeliveryOutcome(settle, (message, reference))

    async def _call(self, one: Outgoing, notice: Notice) -> str:
        """Return the reference of the message."""
        message = one.message
        if one.show is not None:
            await one.show(notice)
            return message.reference
        messenger = self._platforms[one.platform].messenger
        if message.shown_version == 0:
            return await messenger.send(message.address, notice)
        await messenger.update(message.address, message.reference, notice)
        return message.reference

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
        settle = self._settle_failures if one.show is None else _leave_to_the_pump
        return DeliveryOutcome(settle, (one.message, error))

    def _settle_shown(self, tx: Transaction, now: datetime, shown: Sequence[tuple[Message, str]]) -> None:
        settled = deliveries.mark_shown(tx, shown, now)
        for kind, arrived in _by_kind(message for message in settled if message.shown_version == 0):
            if tell := self._kinds[kind].arrived:
                tell(tx, arrived, now)
        crash("pump.settling")

    def _settle_pictureless(
        self, tx: Transaction, now: datetime, shown: Sequence[tuple[Message, str]]
    ) -> None:
        self._settle_shown(tx, now, shown)
        for kind, messages in _by_kind(message for message, _ in shown):
            if tell := self._kinds[kind].pictureless:
                tell(tx, messages, now)

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


def _leave_to_the_pump(
    tx: Transaction, now: datetime, failed: Sequence[tuple[Message, MessengerError]]
) -> None:
    """A press left no way open that works: the message is due at once. A request whose answer was lost may
    still be on its way, so that the message is drawn once more later."""
    for message, error in failed:
        redraw_at = now + times.SWEEP if isinstance(error, Unsure) else None
        if deliveries.retry(tx, message, now, str(error), redraw_at=redraw_at):
            note_due(tx, message.circle_id)

"""What a failed call to a platform makes of a message: another try, a dropped message, or a dead one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot import context
from bot.chat.messenger import (
    Closed,
    Gone,
    MessengerError,
    NotConnected,
    Refused,
    Restricted,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.domain.message import REMOVED, REPLY, UNDELIVERED, Message, Obstacle
from bot.meters import Result
from scheduler.pump import times
from scheduler.pump.limits import workspace_key
from scheduler.pump.policy import UNREACHABLE_PAUSE
from storage import deliveries, messages, paces, people
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

ATTEMPTS = 8

CLOSED = "the channel is archived or deleted"
"""Why a message rests that stands in such a channel: nobody reads it there."""

Kinds = Mapping[str, context.Notice]
"""The kinds of messages, by name: how each is drawn, and who is told of its arrival and its loss."""


def settle_failure(
    tx: Transaction, kinds: Kinds, message: Message, error: MessengerError, now: datetime
) -> None:
    why = str(error)
    retry_at = now + backoff(message.attempt)
    match error:
        case Throttled():
            paces.hold(tx, workspace_key(message), now + timedelta(seconds=error.wait))
            deliveries.wait_longer(tx, message, now + timedelta(seconds=error.wait), why)
        case NotConnected():
            deliveries.wait_longer(tx, message, now + times.REST, why)
        case Closed() if message.shown_version > 0:
            deliveries.drop(tx, message, CLOSED)
        case Unreachable() if message.person_id is not None:
            people.report_unreachable(CircleTransaction(tx, message.circle_id), message.address)
            deliveries.retry(tx, message, now + UNREACHABLE_PAUSE, why)
        case Gone():
            deliveries.drop(tx, message, REMOVED)
        case Unavailable() | Unsure() if message.shown_version > 0 and not gives_up(message):
            deliveries.retry(tx, message, retry_at, why, redraw_at=now + times.SWEEP)
        case Unavailable() if not gives_up(message):
            deliveries.retry(tx, message, retry_at, why)
        case Unsure() if message.shown_version == 0:
            deliveries.keep_claim(tx, message, why)
        case Unreachable() | Refused() | Unavailable() | Unsure() | _:
            give_up(tx, kinds, message, why, now, _obstacle(error))


def result(message: Message, error: MessengerError) -> Result:
    """Return what `settle_failure` makes of it, in the words of /metrics."""
    match error:
        case Throttled():
            return Result.THROTTLED
        case NotConnected():
            return Result.RETRIED
        case Closed() if message.shown_version > 0:
            return Result.REMOVED
        case Unreachable() if message.person_id is not None:
            return Result.UNREACHABLE
        case Gone():
            return Result.REMOVED
        case Unsure() if message.shown_version == 0:
            return Result.UNKNOWN
        case Unavailable() | Unsure() if not gives_up(message):
            return Result.RETRIED
        case _:
            return Result.DEAD


def gives_up(message: Message) -> bool:
    """Was this the last attempt? The answer to what a person did is tried until it expires."""
    return message.attempt >= ATTEMPTS and message.kind != REPLY.name


def give_up(
    tx: Transaction, kinds: Kinds, message: Message, why: str, now: datetime, obstacle: Obstacle
) -> None:
    """Mark the message dead, tell the comms team and the feature it belongs to."""
    if not deliveries.mark_dead(tx, message, why, obstacle):
        return
    log.warning("pump.not_delivered", message=message.id, kind=message.kind, obstacle=obstacle, error=why)
    tell_comms(tx, message, now)
    if lost := kinds[message.kind].lost:
        lost(tx, message, now)


def _obstacle(error: MessengerError) -> Obstacle:
    match error:
        case Closed():
            return Obstacle.CLOSED
        case Restricted():
            return Obstacle.RESTRICTED
        case Unreachable():
            return Obstacle.NOT_THERE
        case Refused():
            return Obstacle.REFUSED
        case _:
            return Obstacle.SILENT


def tell_comms(tx: Transaction, message: Message, now: datetime) -> None:
    """Request one card that lists the undelivered messages, for each of the comms team. A card of that kind
    which could not be delivered is not announced, and neither is the answer to one person."""
    if message.kind in (UNDELIVERED.name, REPLY.name):
        return
    circle = CircleTransaction(tx, message.circle_id)
    team = [Recipient.of(person) for person in people.with_role(circle)]
    messages.request(circle, UNDELIVERED, message.circle_id, team, now)
    messages.redraw(circle, UNDELIVERED, message.circle_id, now)


def backoff(attempt: int) -> timedelta:
    """2 s, 4 s, 8 s … an hour at most."""
    doubled: timedelta = times.FIRST_RETRY * 2 ** (attempt - 1)
    return min(doubled, times.LAST_RETRY)

"""What polls do unasked: close, remind, open again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.context import Dated, Occasion
from bot.crash import crash
from bot.domain.poll import RECURRING, REMINDED, schedule
from bot.domain.schedule import Schedule
from handlers.polls import service
from storage import people, polls
from storage.transaction import CircleTransaction, Transaction

DRAFTS_KEPT = timedelta(days=1)


def keep_time(tx: Transaction, now: datetime) -> int:
    """Close and remind of what is due; tells how many polls that concerned."""
    polls.forget_drafts(tx, now - DRAFTS_KEPT)
    closed = [
        service.close(CircleTransaction(tx, poll.circle_id), poll, now) for poll in polls.closing_by(tx, now)
    ]
    crash("polls-closing")
    silent = polls.not_reminded(tx, now + REMINDED)
    reminded = [service.remind(CircleTransaction(tx, poll.circle_id), poll, now) for poll in silent]
    return sum(closed) + sum(reminded)


def when_to_repeat(occasion: Occasion) -> Schedule | None:
    """By the clock of the author of the latest poll of the series; None once the series is over."""
    tx, series = occasion.tx, occasion.subject_id
    poll, first = polls.repeating(tx, series), polls.load(tx, series)
    if poll is None or first is None:
        return None
    return schedule(poll, first.opened_at, people.load(tx, poll.author_id)[0].zone)


def open_again(occasion: Occasion) -> None:
    poll = polls.repeating(occasion.tx, occasion.subject_id)
    if poll is not None:
        service.open_again(occasion.tx, poll.id, occasion.now)


SERIES = Dated(RECURRING, when_to_repeat, open_again, in_each_circle=False)

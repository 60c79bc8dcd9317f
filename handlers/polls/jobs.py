"""What polls do unasked: close, remind, open again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from bot.context import Dated
from bot.crash import crash
from bot.domain.poll import REMINDED, schedule
from handlers.polls import service
from storage import people, polls
from storage.transaction import CircleTransaction, Transaction, in_circle

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


def dates(tx: Transaction) -> list[Dated]:
    """When the polls that repeat open again, each by its author's clock."""
    found = []
    for poll in polls.repeating(tx):
        bound = CircleTransaction(tx, poll.circle_id)
        first = polls.load(bound, poll.series)
        assert first is not None
        when = schedule(poll, first.opened_at, people.load(bound, poll.author_id)[0].zone)
        found.append(Dated(when, in_circle(poll.circle_id, partial(_again, poll_id=poll.id))))
    return found


def _again(tx: CircleTransaction, now: datetime, *, poll_id: str) -> None:
    service.open_again(tx, poll_id, now)

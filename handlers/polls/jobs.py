"""What polls do unasked: close, remind, open again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from bot.context import Dated
from bot.crash import crash
from bot.domain.poll import REMINDED, schedule
from handlers.polls import service
from storage import people, polls
from storage.database import Transaction

DRAFTS_KEPT = timedelta(days=1)


def keep_time(tx: Transaction, now: datetime) -> int:
    """Close and remind of what is due; tells how many polls that concerned."""
    polls.forget_drafts(tx, now - DRAFTS_KEPT)
    closed = [service.close(tx, poll, now) for poll in polls.closing_by(tx, now)]
    crash("polls-closing")
    reminded = [service.remind(tx, poll, now) for poll in polls.not_reminded(tx, now + REMINDED)]
    return sum(closed) + sum(reminded)


def dates(tx: Transaction) -> list[Dated]:
    """When the polls that repeat open again, each by its author's clock."""
    found = []
    for poll in polls.repeating(tx):
        first = polls.load(tx, poll.circle_id, poll.series)
        assert first is not None
        zone = people.load(tx, poll.circle_id, poll.author_id)[0].zone
        when = schedule(poll, first.opened_at, zone)
        found.append(Dated(when, partial(_again, circle_id=poll.circle_id, poll_id=poll.id)))
    return found


def _again(tx: Transaction, now: datetime, *, circle_id: str, poll_id: str) -> None:
    service.open_again(tx, circle_id, poll_id, now)

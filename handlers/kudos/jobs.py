"""What kudos do unasked: whisper, so that nobody is overlooked and a post need not go without a word.

Nobody is told who posted: that is promised. So a post makes a whisper to whoever posted, about the author;
the author hears of it when the one who posted says so.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial

from bot.context import Dated
from bot.domain.kudos import LONG, Why, overlooked, possible_givers
from bot.domain.schedule import Schedule
from bot.domain.working_time import MONDAY_TO_FRIDAY
from handlers.kudos import service
from storage import circles, kudos
from storage.database import Transaction

HOUR = time(10)
LIFE = timedelta(days=7)
"""Of a whisper that did not find its moment."""
FRESH = timedelta(days=3)
"""A post that a whisper may still be about."""
A_POST_A = timedelta(days=7)
"""No more whispers about posts to one member than one in that time."""
MEMORY = timedelta(days=366)
A_DAY, LOOKED_AT = 3, 20
"""Overlooked members of a circle about whom somebody hears in one day, and among how many they are sought."""


def dates(tx: Transaction) -> list[Dated]:
    return [
        Dated(
            Schedule(f"kudos:{circle.id}", HOUR, MONDAY_TO_FRIDAY, circle.zone),
            partial(whisper, circle_id=circle.id),
        )
        for circle in circles.every(tx)
    ]


def whisper(tx: Transaction, now: datetime, *, circle_id: str) -> None:
    about_posts(tx, circle_id, now)
    about_the_overlooked(tx, circle_id, now)


def about_posts(tx: Transaction, circle_id: str, now: datetime) -> None:
    heard = {each.giver_id for each in kudos.whispers(tx, circle_id, Why.POSTED, now - A_POST_A)}
    for poster, post, author in kudos.posts(tx, circle_id, now - FRESH):
        if poster not in heard:
            heard.add(poster)
            service.tell(tx, circle_id, poster, author, Why.POSTED, post, now, LIFE)


def about_the_overlooked(tx: Transaction, circle_id: str, now: datetime) -> None:
    """Whoever keeps silent is not brought up, for there would be nothing to thank them for."""
    before = kudos.whispers(tx, circle_id, Why.BALANCE, now - MEMORY)[::-1]
    heard = {each.giver_id: each.made_at for each in before}
    whispered = {each.about_id: each.made_at for each in before}
    thanked = kudos.last_thanked(tx, circle_id)
    active = kudos.active(tx, circle_id, now - LONG)
    joined = {id: at for id, at in kudos.joined(tx, circle_id).items() if id in active}
    found = 0
    for about in overlooked(joined, thanked, whispered, now)[:LOOKED_AT]:
        givers = possible_givers(kudos.ties(tx, circle_id, about, now - LONG), heard, now)
        for giver in givers:
            heard[giver] = now
            service.tell(tx, circle_id, giver, about, Why.BALANCE, None, now, LIFE)
        found += bool(givers)
        if found == A_DAY:
            return

"""What kudos do unasked: whisper, so that nobody is overlooked and a post need not go without a word.

Nobody is told who posted: that is promised. So a post makes a whisper to whoever posted, about the author;
the author hears of it when the one who posted says so.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.context import Dated, Occasion
from bot.domain.kudos import LONG, Why, overlooked, possible_givers
from bot.domain.schedule import Schedule
from bot.domain.working_time import MONDAY_TO_FRIDAY
from handlers.kudos import service
from storage import kudos
from storage.transaction import CircleTransaction

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


def on_weekdays(occasion: Occasion) -> Schedule:
    return Schedule(f"kudos:{occasion.circle.id}", HOUR, MONDAY_TO_FRIDAY, occasion.circle.zone)


def whisper(occasion: Occasion) -> None:
    about_posts(occasion.tx, occasion.now)
    about_the_overlooked(occasion.tx, occasion.now)


WHISPERS = Dated("kudos", on_weekdays, whisper)


def about_posts(tx: CircleTransaction, now: datetime) -> None:
    heard = {each.giver_id for each in kudos.whispers(tx, Why.POSTED, now - A_POST_A)}
    for poster, post, author in kudos.posts(tx, now - FRESH):
        if poster not in heard:
            heard.add(poster)
            service.tell(tx, poster, author, Why.POSTED, post, now, LIFE)


def about_the_overlooked(tx: CircleTransaction, now: datetime) -> None:
    """Whoever keeps silent is not brought up, for there would be nothing to thank them for."""
    before = kudos.whispers(tx, Why.BALANCE, now - MEMORY)[::-1]
    heard = {each.giver_id: each.made_at for each in before}
    whispered = {each.about_id: each.made_at for each in before}
    thanked = kudos.last_thanked(tx)
    active = kudos.active(tx, now - LONG)
    joined = {id: at for id, at in kudos.joined(tx).items() if id in active}
    found = 0
    for about in overlooked(joined, thanked, whispered, now)[:LOOKED_AT]:
        givers = possible_givers(kudos.ties(tx, about, now - LONG), heard, now)
        for giver in givers:
            heard[giver] = now
            service.tell(tx, giver, about, Why.BALANCE, None, now, LIFE)
        found += bool(givers)
        if found == A_DAY:
            return

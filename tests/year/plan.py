"""What the comms team and the members set out to do by themselves, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from bot.chat.messenger import Refused
from tests.year.cast import LEAD
from tests.year.programme import DAY, PARIS, ROOM, Programme

FIRST_SUNDAY = date(2026, 1, 11)
"""When the lead opens, at half past two in the morning, a poll that repeats each week in a channel."""
RETURN = 45
"""Days, for those who leave in the first half of the year."""


def paris(day: date, at: time) -> datetime:
    return datetime.combine(day, at, PARIS).astimezone(UTC)


def plan(programme: Programme, *, leaving: int = 60, pausing: int = 9) -> None:
    """So many days between two who leave, and between two who take a break."""
    for number, player in enumerate(programme.cast):
        programme.at(programme.start + timedelta(hours=5 * number + 1), partial(programme.joins, player))
    day = programme.start.astimezone(PARIS).date()
    while paris(day, time(23)) < programme.until:
        _publish(programme, day)
        _ask(programme, day)
        _rest(programme, day, leaving, pausing)
        day += DAY


def _publish(programme: Programme, day: date) -> None:
    """A content each Wednesday, some for a day or two, some planned ahead; one a quarter is taken back."""
    if day.weekday() == 2:
        week = day.toordinal() // 7
        days, planned = (1, 0) if week % 5 == 0 else (20, 2 if week % 3 == 0 else 0)
        programme.at(paris(day, time(11)), partial(programme.publishes, days, planned))
    if day.weekday() == 4 and day.day > 24 and day.month % 3 == 0:
        programme.at(paris(day, time(15)), programme.withdraws)
    if day == date(2026, 4, 15):
        programme.at(paris(day, time(11, 15)), partial(_fail_once, programme))


async def _fail_once(programme: Programme) -> None:
    programme.chats["teams"].meets("send", Refused("not_allowed"))


def _ask(programme: Programme, day: date) -> None:
    """A poll to all a month, minutes after each meeting, two decisions on the ceiling and one in vain."""
    if day.weekday() == 3 and day.day <= 7:
        programme.at(paris(day, time(16)), partial(programme.polls, LEAD, day + 6 * DAY))
    if day.weekday() == 2 and 23 <= day.day <= 29:
        programme.at(paris(day, time(9)), programme.writes_minutes)
    ceilings = {date(2026, 3, 9): "3", date(2026, 6, 15): "5", date(2026, 9, 14): "2"}
    if day in ceilings:
        proposes = partial(programme.proposes, programme.cast[4], "ceiling", ceilings[day])
        programme.at(paris(day, time(9)), partial(proposes, 6))
    if day == FIRST_SUNDAY:
        poll = partial(programme.polls, LEAD, day + 5 * DAY, ROOM, "weekly")
        programme.at(paris(day, time(2, 30)), poll)
    if day == date(2026, 5, 10):
        programme.at(paris(day, time(12)), partial(programme.says, LEAD, "wall", ROOM))


def _rest(programme: Programme, day: date, leaving: int, pausing: int) -> None:
    """Breaks of twelve days, of which every other ends after four; farewells, and some who return."""
    number, phase = divmod(day.toordinal(), pausing)
    player = programme.cast[number % len(programme.cast)]
    if phase == 0:
        programme.at(paris(day, time(12)), partial(programme.pauses, player, 12))
    if phase == 4 and number % 2:
        programme.at(paris(day, time(8)), partial(programme.resumes, player))
    number, phase = divmod(day.toordinal(), leaving)
    player = programme.cast[1 + number * 5 % (len(programme.cast) - 1)]
    if phase == leaving - 20:
        programme.at(paris(day, time(14)), partial(programme.leaves, player))
        if day.month < 7:
            programme.at(paris(day + RETURN * DAY, time(9)), partial(programme.joins, player))
    if phase == leaving // 2:
        wishes = replace(player.wishes, start="06:30", end="20:00", ceiling=4)
        programme.at(paris(day, time(14)), partial(programme.wishes, player, wishes))

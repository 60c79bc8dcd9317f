"""What the comms team and the members set out to do by themselves, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.chat.messenger import Refused
from tests.year.cast import CAST, LEAD, Player
from tests.year.oracle import DAY, Record
from tests.year.people import People
from tests.year.programme import PARIS, SUNDAY, Programme

AUCKLANDER = next(player for player in CAST if player.zone == "Pacific/Auckland")
ROOMS = {LEAD: "slack:T1:C1", AUCKLANDER: "teams:tenant:C2"}
"""In which two members of opposite summers open, on a Sunday at half past two by their clocks, a poll that
repeats each week."""
STAYERS = (*ROOMS, CAST[4])
RETURN = 45
"""Days, for those who leave in the first half of the year."""
HOUR = timedelta(hours=1)


def paris(day: date, at: time) -> datetime:
    return datetime.combine(day, at, PARIS).astimezone(UTC)


def plan(
    programme: Programme, *, joining: timedelta = timedelta(hours=5), leaving: int = 60, pausing: int = 9
) -> None:
    """So much time between two who join, and so many days between two who leave, or take a break."""
    for number, player in enumerate(programme.cast):
        programme.at(programme.start + HOUR + number * joining, partial(programme.joins, player))
    day = programme.start.astimezone(PARIS).date()
    _open_weekly(programme, day + 3 * DAY)
    while paris(day, time(23)) < programme.until:
        _publish(programme, day)
        _ask(programme, day)
        _rest(programme, day, leaving, pausing)
        day += DAY


def _open_weekly(programme: Programme, day: date) -> None:
    """On the first Sunday from that day on."""
    sunday = day + (SUNDAY - day.weekday()) * DAY
    for player, room in ROOMS.items():
        moment = datetime.combine(sunday, time(2, 30), ZoneInfo(player.zone)).astimezone(UTC)
        programme.at(moment, partial(programme.polls_weekly, player, room))


def _publish(programme: Programme, day: date) -> None:
    """A post each Wednesday, some for a day or two, some planned ahead; one a quarter is taken back."""
    if day.weekday() == 2:
        week = day.toordinal() // 7
        days, planned = (1, 0) if week % 5 == 0 else (20, 2 if week % 3 == 0 else 0)
        programme.at(paris(day, time(11)), partial(programme.publishes, days, planned))
    if day.weekday() == 4 and day.day > 24 and day.month % 3 == 0:
        programme.at(paris(day, time(15)), programme.withdraws)
    if day == date(2026, 4, 15):
        programme.at(paris(day, time(11, 15)), partial(_fail_once, programme))


async def live(
    url: str,
    start: datetime,
    until: datetime,
    cast: Sequence[Player] = CAST,
    *,
    glum: int,
    undecided: bool = False,
    **pace: Any,
) -> Record:
    """What became of a programme of such people, two months of it `glum` from that one on; `pace` is the
    plan's."""
    programme = Programme(url, cast, start, until)
    try:
        programme.on_arrival = People(programme, frozenset({glum, glum + 1}), undecided)
        await programme.found()
        plan(programme, **pace)
        await programme.play()
    finally:
        programme.close()
    return programme.record


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
        proposes = partial(programme.proposes, CAST[4], "ceiling", ceilings[day])
        programme.at(paris(day, time(9)), partial(proposes, 6))
    if day == date(2026, 5, 10):
        programme.at(paris(day, time(12)), partial(programme.says, LEAD, "wall here", ROOMS[LEAD]))


def _rest(programme: Programme, day: date, leaving: int, pausing: int) -> None:
    """Breaks of twelve days, of which every other ends after four; farewells, and some who return."""
    number, phase = divmod(day.toordinal(), pausing)
    player = programme.cast[number % len(programme.cast)]
    if phase == 0:
        programme.at(paris(day, time(12)), partial(programme.pauses, player, 12))
    if phase == 4 and number % 2:
        programme.at(paris(day, time(8)), partial(programme.resumes, player))
    number, phase = divmod(day.toordinal(), leaving)
    leavers = [player for player in programme.cast if player not in STAYERS]
    player = leavers[number * 5 % len(leavers)]
    if phase == leaving * 2 // 3:
        programme.at(paris(day, time(14)), partial(programme.leaves, player))
        if day.month < 7:
            programme.at(paris(day + RETURN * DAY, time(9)), partial(programme.joins, player))
    if phase == leaving // 2:
        wishes = replace(player.wishes, start="06:30", end="20:00", ceiling=4)
        programme.at(paris(day, time(14)), partial(programme.wishes, player, wishes))

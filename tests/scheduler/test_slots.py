"""Every recurring thing once on each local date: two daylight-saving nights a year, clocks that jump, any
number of processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import schedule as rules
from bot.domain.schedule import DAY, EVERY_DAY, WINDOW, Schedule
from bot.domain.working_time import MONDAY_TO_FRIDAY
from scheduler import slots
from scheduler.timetable import CHORES, Tools, do_chores
from storage import slots as kept
from storage import tables
from storage.engines.connect import connect
from storage.engines.database import Database
from storage.transaction import Transaction
from tests.house import Clock
from tests.scheduler.world import World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONES = (
    "Europe/Paris",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # at midnight, in the southern year
    "America/St_Johns",  # at one past midnight, until 2011: the date itself goes back
    "Pacific/Apia",  # 30 December 2011 never was
    "Asia/Kathmandu",
    "UTC",
)
NIGHTS = (
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2026, 4, 5),
    date(2026, 9, 6),
    date(2010, 11, 7),
    date(2011, 12, 30),
    date(2028, 2, 29),
)
TIMES = st.one_of(
    st.sampled_from([time(0, 0), time(0, 30), time(1, 30), time(2, 0), time(2, 30), time(3, 30)]), st.times()
).map(lambda t: t.replace(microsecond=0, tzinfo=None))


class Ticker:
    """A process that looks at the clock, and remembers what was taken as the table would."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.taken: set[date] = set()
        self.done: list[tuple[date, datetime]] = []
        self.skipped: list[date] = []

    def tick(self, now: datetime) -> None:
        for slot in rules.due(self.schedule, now, self.taken):
            assert slot.local_date not in self.taken
            self.taken.add(slot.local_date)
            if slot.late:
                self.skipped.append(slot.local_date)
            else:
                self.done.append((slot.local_date, now))


def morning(zone: str, day: date) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)


def days_between(schedule: Schedule, after: datetime, until: datetime) -> set[date]:
    """The dates whose slot falls between two instants, found the slow way: by walking the wall clock."""
    zone, found = ZoneInfo(schedule.zone), set()
    minute = after
    while minute <= until:
        wall = minute.astimezone(zone)
        day = wall.date()
        for candidate in (day - DAY, day):
            shown = datetime.combine(candidate, schedule.at)
            passed = wall.replace(tzinfo=None) >= shown
            if passed and candidate.weekday() in schedule.days:
                found.add(candidate)
        minute += 5 * MINUTE
    already = after.astimezone(zone).replace(tzinfo=None)
    return {day for day in found if datetime.combine(day, schedule.at) > already}


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    night=st.sampled_from(NIGHTS),
    at=TIMES,
    step=st.integers(7, 45),
    days=st.sampled_from([EVERY_DAY, MONDAY_TO_FRIDAY]),
)
def test_once_on_every_date(zone: str, night: date, at: time, step: int, days: frozenset[int]) -> None:
    schedule = Schedule("s", at, days, zone)
    now = start = morning(zone, night - 2 * DAY)
    end = morning(zone, night + 2 * DAY)
    ticker = Ticker(schedule)
    ticker.taken = {start.astimezone(ZoneInfo(zone)).date() - DAY}  # it ran yesterday
    ticker.tick(start)
    ticker.done.clear()
    ticker.skipped.clear()
    while now < end:
        now += step * MINUTE
        ticker.tick(now)
    done = [day for day, _ in ticker.done]
    assert len(done) == len(set(done))
    assert ticker.skipped == []
    assert days_between(schedule, start, end) - set(done) == set()
    for day, moment in ticker.done:
        assert rules.instant(schedule, day) <= moment < rules.instant(schedule, day) + (step + 1) * MINUTE


@settings(max_examples=80)
@given(
    zone=st.sampled_from(ZONES),
    night=st.sampled_from(NIGHTS),
    at=TIMES,
    jumps=st.lists(st.sampled_from([-HOUR, HOUR, -MINUTE, MINUTE]), max_size=6),
    ticks=st.lists(st.integers(0, 300), min_size=6, max_size=40),
)
def test_clocks_that_jump_make_nothing_happen_twice(
    zone: str, night: date, at: time, jumps: list[timedelta], ticks: list[int]
) -> None:
    schedule = Schedule("s", at, zone=zone)
    ticker, now = Ticker(schedule), morning(zone, night - DAY)
    for number, minutes in enumerate(ticks):
        now += minutes * MINUTE + (jumps[number] if number < len(jumps) else timedelta(0))
        ticker.tick(now)
    assert max(Counter(day for day, _ in ticker.done).values(), default=1) == 1
    assert not {day for day, _ in ticker.done} & set(ticker.skipped)
    for day, moment in ticker.done:
        assert timedelta(0) <= moment - rules.instant(schedule, day) <= WINDOW


def paris(day: date, hour: int, minute: int, fold: int = 0) -> datetime:
    wall = datetime.combine(day, time(hour, minute, fold=fold), ZoneInfo("Europe/Paris"))
    return wall.astimezone(UTC)


NIGHTLY = Schedule("nightly", time(2, 30), zone="Europe/Paris")


def test_an_hour_that_is_skipped_makes_it_due_at_the_first_instant_after() -> None:
    day = date(2026, 3, 29)
    assert rules.instant(NIGHTLY, day) == paris(day, 3, 0) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_one_slot() -> None:
    day = date(2026, 10, 25)
    ticker = Ticker(NIGHTLY)
    ticker.taken = {day - DAY}
    for moment in (paris(day, 2, 29), paris(day, 2, 30), paris(day, 2, 30, fold=1), paris(day, 3, 0)):
        ticker.tick(moment)
    assert ticker.done == [(day, paris(day, 2, 30))]


def test_a_leap_day_is_a_day() -> None:
    day = date(2028, 2, 29)
    assert [s.local_date for s in rules.due(NIGHTLY, paris(day, 2, 30), {day - DAY})] == [day]


def test_late_is_caught_up_within_the_window_and_skipped_beyond() -> None:
    monday = date(2026, 11, 23)
    (caught,) = rules.due(NIGHTLY, paris(monday, 8, 30), {monday - DAY})
    assert (caught.local_date, caught.late) == (monday, False)
    missed = rules.due(NIGHTLY, paris(monday, 8, 31), {monday - 4 * DAY})
    assert [(s.local_date, s.late) for s in missed] == [(monday - n * DAY, True) for n in (3, 2, 1, 0)]


def test_what_never_ran_has_missed_nothing() -> None:
    monday = date(2026, 11, 23)
    assert rules.due(NIGHTLY, paris(monday, 12, 0), ()) == []
    assert [s.local_date for s in rules.due(NIGHTLY, paris(monday, 4, 0), ())] == [monday]


def test_some_days_only() -> None:
    weekly = Schedule("weekly", time(9), frozenset({0}), "Europe/Paris")
    monday = date(2026, 11, 23)
    asked = [monday + n * DAY for n in range(14)]
    due = [day for day in asked if rules.due(weekly, paris(day, 10, 0), {monday - 7 * DAY})]
    assert due[0] == monday
    assert {s.local_date for day in asked for s in rules.due(weekly, paris(day, 10, 0), ())} == {
        monday,
        monday + 7 * DAY,
    }


# in the tables


@contextmanager
def opened(database_url: str, number: int) -> Iterator[list[Database]]:
    """As so many processes have it: one each on PostgreSQL; on SQLite there is one process."""
    databases = [connect(database_url) for _ in range(1 if database_url.startswith("sqlite") else number)]
    for database in databases:
        database.open()
    yield databases * (number // len(databases))
    for database in databases:
        database.close()


@pytest.mark.parametrize("day", [date(2026, 11, 23) + n * DAY for n in range(3)])
def test_of_any_number_of_racers_one_wins(database_url: str, day: date) -> None:
    wins: list[bool] = []
    barrier = Barrier(6)

    def race(database: Database) -> None:
        barrier.wait()
        won = asyncio.run(database.transact(lambda tx: kept.win(tx, "s", day, morning("UTC", day))))
        wins.append(won)

    with opened(database_url, 6) as databases:
        threads = [Thread(target=race, args=(database,)) for database in databases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(wins) == [False] * 5 + [True]


async def test_the_work_is_done_in_the_transaction_that_takes_the_slot(world: World) -> None:
    done: list[datetime] = []

    def work(tx: Transaction, now: datetime) -> None:
        kept.win(tx, "another", now.date(), now)
        done.append(now)
        if len(done) == 1:
            raise ZeroDivisionError

    world.clock.now = paris(date(2026, 11, 24), 2, 30)
    keep = partial(slots.keep, world.database, NIGHTLY, work, world.clock)
    with pytest.raises(ZeroDivisionError):
        await keep()
    assert await rows(world) == {}
    assert [await keep(), await keep()] == [1, 0]
    assert await rows(world) == {"nightly": "done", "another": "done"}


async def test_what_was_missed_is_marked(world: World) -> None:
    world.clock.now = paris(date(2026, 11, 24), 2, 30)
    keep = partial(slots.keep, world.database, NIGHTLY, lambda tx, now: None, world.clock)
    await keep()
    world.clock.now = paris(date(2026, 11, 27), 2, 30)
    assert await keep() == 1

    def states(tx: Transaction) -> list[str]:
        s = tables.slot.c
        return list(
            tx.execute(tables.slot.select().with_only_columns(s.state).order_by(s.local_date)).scalars()
        )

    assert await world.database.transact(states) == ["done", "skipped", "skipped", "done"]


async def rows(world: World) -> dict[str, str]:
    return await world.database.transact(
        lambda tx: {row.schedule: row.state for row in tx.execute(tables.slot.select())}
    )


async def test_the_chores_are_done_once_a_day(world: World) -> None:
    async def no_page(url: str) -> str:
        return url

    clock = Clock(datetime(2026, 11, 24, 3, 29, tzinfo=UTC))
    tools = Tools(world.database, no_page, clock)
    done = []
    for _ in range(4):
        done.append(await do_chores(tools))
        clock.pass_(minutes=1)
    assert done == [0, len(CHORES), 0, 0]

"""Rows with their next instant: each thing that recurs is kept as if it were looked at at every tick, by any
number of processes, whatever changes and whatever fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from structlog.testing import capture_logs

from bot.chat.router import Router
from bot.context import Context, Dated, Feature, Occasion, Recurring, Timed
from bot.domain import schedule as rules
from bot.domain.poll import Ballot, Repeat
from bot.domain.rhythm import NEVER, Ritual, When
from bot.domain.schedule import DAY, EVERY_DAY, Schedule
from bot.domain.working_time import MONDAY_TO_FRIDAY
from handlers import FEATURES
from handlers.membership.service import found_circle
from scheduler import recurring
from scheduler.recurring import AGAIN, Declared, declared
from scheduler.timetable import RECURRING
from storage import circles, meetings, people, polls, rituals, slots, tables
from storage import recurring as rows
from storage.engines.connect import connect, is_file
from storage.engines.database import Database
from storage.recurring import AHEAD, CIRCLE
from storage.transaction import CircleTransaction, Transaction
from tests.databases import SEAL
from tests.house import Clock
from tests.scheduler.test_slots import HOUR, MINUTE, NIGHTS, TIMES, ZONES, Ticker, morning
from tests.scheduler.world import World

NINE = time(9)
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Sleeper(Ticker):
    """A process that looks only when the next instant has come, or was set by a clock that was ahead."""

    def __init__(self, schedule: Schedule, now: datetime) -> None:
        super().__init__(schedule)
        self.next_at: datetime | None = now
        self.set_at = now
        self.looks = 0

    def tick(self, now: datetime) -> None:
        while (self.next_at is not None and self.next_at <= now) or self.set_at > now + AHEAD:
            self.looks += 1
            super().tick(now)
            self.next_at, self.set_at = rules.next_instant(self.schedule, now), now


@settings(deadline=None, max_examples=150)
@given(
    zone=st.sampled_from(ZONES),
    night=st.sampled_from(NIGHTS),
    at=TIMES,
    days=st.sampled_from([EVERY_DAY, MONDAY_TO_FRIDAY, frozenset({1})]),
    weeks=st.sampled_from([rules.EVERY_WEEK, frozenset({2}), frozenset({5})]),
    jumps=st.lists(st.sampled_from([-40 * DAY, -HOUR, HOUR, -MINUTE, MINUTE, 2 * DAY]), max_size=6),
    ticks=st.lists(st.integers(0, 3000), min_size=6, max_size=60),
)
def test_who_sleeps_until_the_next_instant_misses_nothing(
    zone: str,
    night: date,
    at: time,
    days: frozenset[int],
    weeks: frozenset[int],
    jumps: list[timedelta],
    ticks: list[int],
) -> None:
    schedule, now = Schedule("s", at, days, zone, weeks), morning(zone, night - 3 * DAY)
    ticker, sleeper = Ticker(schedule), Sleeper(schedule, now)
    for number, minutes in enumerate(ticks):
        now += minutes * MINUTE + (jumps[number] if number < len(jumps) else timedelta(0))
        ticker.tick(now)
        sleeper.tick(now)
        assert (sleeper.done, sleeper.skipped) == (ticker.done, ticker.skipped)


def test_who_sleeps_looks_once_a_date_and_not_at_every_tick() -> None:
    now = morning("Europe/Paris", date(2026, 11, 2))
    sleeper = Sleeper(Schedule("s", NINE, frozenset({0}), "Europe/Paris"), now)
    for _ in range(4 * 7 * 24 * 4):
        now += 15 * MINUTE
        sleeper.tick(now)
    assert len(sleeper.done) == sleeper.looks == 5


def test_a_schedule_without_dates_has_no_next_instant() -> None:
    assert rules.next_instant(Schedule("s", NINE, frozenset()), TUESDAY) is None


# in the tables


@dataclass
class Marks:
    """What is done on each date, in whichever circle; `broken` circles fail."""

    at: time = NINE
    done: list[tuple[str, datetime]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def schedule(self, occasion: Occasion) -> Schedule:
        return Schedule(f"marks:{occasion.circle.id}", self.at, zone=occasion.circle.zone)

    def work(self, occasion: Occasion) -> None:
        if occasion.circle.id in self.broken:
            raise ZeroDivisionError
        self.done.append((occasion.circle.id, occasion.now))

    @property
    def known(self) -> Declared:
        return knowing(Dated("marks", self.schedule, self.work))


def knowing(*what: Recurring) -> Declared:
    feature: Feature = Feature("test", Router[Context](), lambda t: {}, recurring=what)
    return declared([feature])


async def tick(world: World, known: Declared = RECURRING) -> int:
    return await recurring.keep(world.database, known, world.clock)


async def next_of(world: World, kind: str, team: str = "T1", subject: str = "") -> datetime | None:
    r = tables.recurring.c
    mine = (r.circle_id == world.circles[team], r.kind == kind, r.subject_id == subject)
    asked = select(r.next_at).where(*mine)
    return await world.database.read(lambda tx: tx.execute(asked).scalar_one())


async def kinds(world: World, team: str = "T1") -> set[str]:
    r = tables.recurring.c
    asked = select(r.kind).where(r.circle_id == world.circles[team])
    return set(await world.database.read(lambda tx: tx.execute(asked).scalars().all()))


async def within(world: World, work: Callable[[CircleTransaction], object], team: str = "T1") -> None:
    await world.database.transact(lambda tx: work(CircleTransaction(tx, world.circles[team])))


async def test_a_circle_has_its_rows_after_the_first_tick_and_each_has_an_instant(world: World) -> None:
    await world.circle()
    assert await kinds(world) == {CIRCLE}
    await tick(world)
    assert await kinds(world) == {each.kind for each in RECURRING.values() if each.in_each_circle}
    for kind in await kinds(world) - {CIRCLE}:
        moment = await next_of(world, kind)
        assert moment is not None, kind
        assert moment > world.clock(), kind


def test_kinds_are_told_apart() -> None:
    declared_kinds = [each.kind for feature in FEATURES for each in feature.recurring]
    assert len(declared_kinds) == len(set(declared_kinds))
    assert CIRCLE not in declared_kinds


async def test_each_circle_keeps_its_dates_by_its_own_clock(world: World) -> None:
    marks = Marks()
    for team, zone in (("T1", "Europe/Paris"), ("T2", "America/New_York")):
        await world.circle(team)
        await within(world, partial(circles.change, zone=zone), team)
    world.clock.now = datetime(2026, 11, 24, 7, 59, tzinfo=UTC)
    for _ in range(48 * 4):
        await tick(world, marks.known)
        world.clock.pass_(minutes=15)
    per_circle = [[at for circle, at in marks.done if circle == world.circles[team]] for team in ("T1", "T2")]
    assert [[f"{at:%d %H:%M}" for at in each] for each in per_circle] == [
        ["24 08:14", "25 08:14"],
        ["24 14:14", "25 14:14"],
    ]


async def test_late_is_caught_up_within_the_window_and_skipped_beyond(world: World) -> None:
    marks = Marks()
    await world.circle()
    await tick(world, marks.known)
    world.clock.now += 3 * DAY + 6 * HOUR
    assert await tick(world, marks.known) == 1
    states = await world.database.read(
        lambda tx: tx.execute(select(tables.slot.c.state).order_by(tables.slot.c.local_date)).scalars().all()
    )
    assert states == ["done", "skipped", "skipped", "done"]
    assert await next_of(world, "marks") == TUESDAY + 4 * DAY


# what changes


async def test_a_change_of_zone_moves_the_next_instant(world: World) -> None:
    await world.circle()
    await tick(world)
    assert await next_of(world, "kudos") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    await within(world, lambda tx: circles.change(tx, zone="America/New_York"))
    due = await next_of(world, "kudos")
    assert due is not None
    assert due <= world.clock()
    await tick(world)
    assert await next_of(world, "kudos") == datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert await next_of(world, "meeting") == datetime(2026, 11, 24, 15, tzinfo=UTC)


async def test_a_change_of_rhythm_moves_the_next_instant(world: World) -> None:
    await world.circle()
    await tick(world)
    assert await next_of(world, "ritual:pulse") == datetime(2026, 12, 15, 10, tzinfo=UTC)

    def choose(tx: CircleTransaction, when: When) -> None:
        rituals.change(tx, circles.circle(tx), Ritual.PULSE, when, world.clock())

    await within(world, partial(choose, when=When(1, 3, time(14))))
    await tick(world)
    assert await next_of(world, "ritual:pulse") == datetime(2026, 12, 3, 14, tzinfo=UTC)
    await within(world, partial(choose, when=When(NEVER)))
    await tick(world)
    assert await next_of(world, "ritual:pulse") is None
    await within(world, partial(choose, when=When(2)))
    await tick(world)
    assert await next_of(world, "ritual:pulse") == datetime(2026, 12, 8, 10, tzinfo=UTC)


async def test_a_change_that_is_undone_moves_nothing(world: World) -> None:
    await world.circle()
    await tick(world)
    before = await next_of(world, "kudos")

    def change(tx: CircleTransaction) -> None:
        circles.change(tx, zone="Asia/Kolkata")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await within(world, change)
    assert await next_of(world, "kudos") == before


async def series(world: World) -> str:
    """A weekly poll, opened now by the circle's only member."""

    def start(tx: Transaction) -> str:
        bound = CircleTransaction(tx, world.circles["T1"])
        ballot = Ballot("Again?", ("Yes", "No"), world.clock() + 2 * DAY, repeats=Repeat.WEEKLY)
        author = people.at_address(bound, "slack:T1:U0")
        assert author
        poll_id = polls.open_poll(bound, author.id, ballot, world.clock())
        slots.win(bound, f"poll:{poll_id}:{bound.circle_id}", world.clock().date(), world.clock())
        return poll_id

    return await world.database.transact(start)


async def test_a_series_follows_the_clock_of_its_author(world: World) -> None:
    await world.circle()
    first = await series(world)
    await tick(world)
    assert await next_of(world, "poll", subject=first) == TUESDAY + 7 * DAY
    world.clock.now = datetime(2027, 3, 15, 15, tzinfo=UTC)  # clocks were put forward in New York, not in UTC
    await tick(world)
    assert await next_of(world, "poll", subject=first) == datetime(2027, 3, 16, 9, tzinfo=UTC)

    def move(tx: Transaction) -> None:
        found = people.find(tx, "slack", "T1", "U0")
        assert found
        circle = CircleTransaction(tx, found[0].id)
        people.report(circle, found[1].account, zone="America/New_York")

    await world.database.transact(move)
    await tick(world)
    assert await next_of(world, "poll", subject=first) == datetime(2027, 3, 16, 8, tzinfo=UTC)


async def test_a_series_that_ends_leaves_no_row(world: World) -> None:
    await world.circle()
    first = await series(world)
    await tick(world)
    assert "poll" in await kinds(world)

    def stop(tx: CircleTransaction) -> None:
        poll = polls.load(tx, first)
        assert poll
        polls.repeat(tx, poll, Repeat.NEVER, world.clock())

    await within(world, stop)
    await tick(world)
    assert "poll" not in await kinds(world)


async def test_a_meeting_that_is_moved_is_looked_at_again(world: World) -> None:
    world.clock.now = TUESDAY + DAY
    await world.circle()
    await tick(world)
    begins = datetime(2026, 12, 22, 10, tzinfo=UTC)
    assert await next_of(world, "meeting") == begins - 7 * DAY

    def move(tx: CircleTransaction) -> None:
        found = meetings.coming(tx, world.clock())
        assert found
        meetings.move(tx, found, starts_at=begins + DAY, by_hand=True)

    await within(world, move)
    await tick(world)
    moments = []
    for _ in range(5):
        moment = await next_of(world, "meeting")
        assert moment is not None
        moments.append(moment)
        world.clock.now = moment
        await tick(world)
    coming = datetime(2027, 1, 26, 10, tzinfo=UTC)
    told = [begins - 6 * DAY, begins, begins + DAY, begins + DAY + HOUR, coming - 7 * DAY]
    assert moments == told


async def test_a_new_version_gives_each_circle_what_it_lacks(world: World) -> None:
    for team in ("T1", "T2"):
        await world.circle(team)
    await tick(world, Marks().known)
    assert await kinds(world) == {CIRCLE, "marks"}
    news = Timed("news", lambda occasion: occasion.now + DAY)
    newer = {**Marks().known, "news": news}
    for _ in range(2):
        await recurring.begin(world.database, newer, world.clock())
    for team in ("T1", "T2"):
        assert await kinds(world, team) == {CIRCLE, "marks", "news"}
    await tick(world, newer)
    assert await next_of(world, "news") == world.clock() + DAY


async def test_what_an_older_version_does_not_know_waits(world: World) -> None:
    await world.circle()
    await recurring.begin(world.database, RECURRING, world.clock())
    assert await tick(world, knowing()) == 0
    assert await next_of(world, "kudos") == world.clock()


# what fails


async def test_a_failure_concerns_that_row_alone_and_is_tried_again(world: World) -> None:
    marks = Marks()
    for number in range(4):
        await world.circle(f"T{number}")
    marks.broken = {world.circles["T0"], world.circles["T2"]}
    with capture_logs() as logs:
        assert await tick(world, marks.known) == 2
    failed = [(line["kind"], line["circle"]) for line in logs if line["event"] == "recurring.failed"]
    assert sorted(failed) == sorted(("marks", circle) for circle in marks.broken)
    assert await tick(world, marks.known) == 0
    assert len(marks.done) == 2
    marks.broken = {world.circles["T0"]}
    world.clock.now += AGAIN
    assert await tick(world, marks.known) == 1
    marks.broken = set()
    assert await tick(world, marks.known) == 0
    world.clock.now += AGAIN
    assert await tick(world, marks.known) == 1
    assert len({circle for circle, _ in marks.done}) == len(marks.done) == 4


async def test_a_next_instant_that_is_past_is_a_failure(world: World) -> None:
    await world.circle()
    with capture_logs() as logs:
        await tick(world, knowing(Timed("stuck", lambda occasion: occasion.now)))
    assert [line["kind"] for line in logs if line["event"] == "recurring.failed"] == ["stuck"]
    assert await next_of(world, "stuck") == world.clock() + AGAIN


async def test_many_that_fail_keep_nobody_from_their_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurring, "AT_ONCE", 2)
    marks = Marks()
    for number in range(6):
        await world.circle(f"T{number}")
    await recurring.begin(world.database, marks.known, world.clock())
    marks.broken = {world.circles[f"T{number}"] for number in range(5)}
    assert await tick(world, marks.known) == 1
    for day in range(1, 4):
        world.clock.now = TUESDAY + day * DAY
        assert await tick(world, marks.known) == 1


async def test_a_date_that_fails_until_it_is_late_is_skipped_and_the_next_one_kept(world: World) -> None:
    marks = Marks()
    await world.circle()
    assert await tick(world, marks.known) == 1
    marks.broken = {world.circles["T1"]}
    world.clock.now = TUESDAY + DAY
    while world.clock.now <= TUESDAY + DAY + 7 * HOUR:
        await tick(world, marks.known)
        world.clock.pass_(minutes=30)
    marks.broken = set()
    assert await next_of(world, "marks") == TUESDAY + 2 * DAY
    world.clock.now = TUESDAY + 2 * DAY
    assert await tick(world, marks.known) == 1


# clocks, and processes


async def test_what_a_clock_that_was_ahead_has_set_comes_right_when_it_is_corrected(world: World) -> None:
    marks = Marks()
    await world.circle()
    await tick(world, marks.known)
    world.clock.now = TUESDAY + 400 * DAY
    assert await tick(world, marks.known) == 1
    assert await next_of(world, "marks") == TUESDAY + 401 * DAY
    world.clock.now = TUESDAY + HOUR
    assert await tick(world, marks.known) == 0
    assert await next_of(world, "marks") == TUESDAY + DAY
    world.clock.now = TUESDAY + DAY
    assert await tick(world, marks.known) == 1


async def test_two_clocks_that_differ_by_seconds_look_once(world: World) -> None:
    looks: list[datetime] = []

    def look(occasion: Occasion) -> datetime:
        looks.append(occasion.now)
        return occasion.now + DAY

    known = knowing(Timed("looks", look))
    await world.circle()
    await tick(world, known)
    world.clock.now -= timedelta(seconds=30)
    await tick(world, known)
    assert len(looks) == 1


def open_circle(tx: Transaction, workspace: str, now: datetime) -> None:
    found_circle(tx, "slack", workspace, "en", "UTC", now)


@contextmanager
def processes(url: str, number: int) -> Iterator[list[Database]]:
    """As many processes as the database allows."""
    with ExitStack() as stack:
        found = [connect(url, SEAL) for _ in range(1 if is_file(url) else number)]
        for database in found:
            database.open()
            stack.callback(database.close)
        yield found


async def test_of_many_processes_each_date_is_kept_by_one(database_url: str) -> None:
    clock, marks = Clock(TUESDAY), Marks()

    def work(occasion: Occasion) -> None:
        values = {"key": f"{occasion.circle.id}:{occasion.now}", "at": occasion.now}
        occasion.tx.execute(insert(tables.inbox).values(values))  # a second one would fail

    known = knowing(Dated("marks", marks.schedule, work))
    with processes(database_url, 3) as databases:
        for number in range(12):
            await databases[0].transact(partial(open_circle, workspace=f"T{number}", now=clock()))
        for day in range(3):
            clock.now = TUESDAY + day * DAY
            with capture_logs() as logs:
                kept = await asyncio.gather(*(recurring.keep(each, known, clock) for each in databases * 2))
            assert logs == []
            assert sum(kept) == 12


async def test_a_change_in_the_middle_of_a_look_is_seen_by_the_next(postgres_url: str) -> None:
    """The look reads the old rule and the change commits after it: the row is due again."""
    clock = Clock(TUESDAY)
    began, changed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    zones: list[str] = []

    def schedule(occasion: Occasion) -> Schedule:
        zones.append(zone := occasion.circle.zone)
        if zones == ["UTC", "UTC"]:  # what the next instant follows from
            loop.call_soon_threadsafe(began.set)
            asyncio.run_coroutine_threadsafe(changed.wait(), loop).result(10)
        return Schedule("s", time(10), zone=zone)

    known = knowing(Dated("slow", schedule, lambda occasion: None))
    with processes(postgres_url, 2) as (one, other):

        def change(tx: Transaction) -> None:
            (circle,) = circles.every(tx)
            circles.change(CircleTransaction(tx, circle.id), zone="Asia/Kolkata")

        await one.transact(partial(open_circle, workspace="T1", now=clock()))
        looking = asyncio.create_task(recurring.keep(one, known, clock))
        await began.wait()
        changing = asyncio.create_task(other.transact(change))
        await asyncio.sleep(0.3)
        changed.set()
        await asyncio.gather(looking, changing)
        await recurring.keep(other, known, clock)
        asked = select(tables.recurring.c.next_at).where(tables.recurring.c.kind == "slow")
        assert await one.read(lambda tx: tx.execute(asked).scalar_one()) == datetime(
            2026, 11, 25, 4, 30, tzinfo=UTC
        )


async def test_a_row_of_one_circle_leaves_those_of_another_alone(world: World) -> None:
    marks = Marks()
    for team in ("T1", "T2"):
        await world.circle(team)
    await tick(world, marks.known)
    before = await next_of(world, "marks", "T2")
    await within(world, rows.look_again)
    assert await next_of(world, "marks", "T2") == before
    assert await next_of(world, "marks", "T1") == TUESDAY


async def test_a_rule_that_is_always_due_does_not_stop_the_tick(world: World) -> None:
    """By a mistake in its rule a row may stay due: the tick ends, and the other rows have their turn."""
    await world.circle()
    looks: Counter[str] = Counter()

    def always(occasion: Occasion) -> datetime:
        looks["always"] += 1
        return occasion.now

    def once(occasion: Occasion) -> datetime:
        looks["once"] += 1
        return occasion.now + DAY

    known = {"always": Timed("always", always), "once": Timed("once", once)}
    await world.database.transact(lambda tx: rows.add_everywhere(tx, known, world.clock()))
    assert await recurring.keep(world.database, known, world.clock) == 0
    assert looks["once"] == 1
    assert 1 <= looks["always"] <= 3

"""A year of a programme, lived by members on every continent, and held against what each of them chose."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.app import DRAWINGS
from bot.domain.circle import Circle
from bot.domain.member import Member
from bot.domain.message import DISCONNECTED, WELCOME, Kind
from bot.domain.poll import POLL_AUTHOR, schedule
from bot.domain.share import Stance
from bot.domain.working_time import DAWN_OF_TIME, Away
from scheduler.pump.policy import Decision, decide
from storage import messages, polls, slots
from tests.year.cast import CAST
from tests.year.oracle import DAY, Record, Sent, counted, held_back_by_a_holiday, violations
from tests.year.plan import ROOMS, live
from tests.year.programme import PARIS, SUNDAY

DAYS = [date(2026, 1, 1) + n * DAY for n in range(365)]
TUESDAY = 1
MARCH_16, MARCH_19, MARCH_24, MARCH_30 = (datetime(2026, 3, day, tzinfo=UTC) for day in (16, 19, 24, 30))
"""Before a pulse; before the night of the 29th, that cuts an hour out; before a post that most put aside and
then decline; before Easter."""


@pytest.fixture(autouse=True)
def known_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of what happens at one moment may hang on them: so it is the same year each time."""
    dice = random.Random(7)
    ids = SimpleNamespace(token_urlsafe=lambda size: dice.randbytes(size).hex()[:22])
    monkeypatch.setattr("storage.tables.secrets", ids)


async def test_a_year(sqlite_url: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    year = await live(sqlite_url, start, start + len(DAYS) * DAY, glum=4)
    assert violations(year) == []
    everything_arrived(year)
    what_recurs_fell_on_its_day(year)
    reminders_came_and_stayed_away(year)
    ceilings_and_holidays_held_back(year)
    some_left_and_some_returned(year)


def everything_arrived(year: Record) -> None:
    """Of every kind that is sent unasked; and to everybody, in more than 40 zones. In this year nobody adds
    the app late and no chat is cut off."""
    unasked = {drawing.kind.name for drawing in DRAWINGS if drawing.kind.unasked}
    unasked -= {WELCOME.name, DISCONNECTED.name}
    assert unasked - {sent.kind for sent in year.sent} == set()
    assert len({player.zone for player in CAST}) > 40
    assert {player.id for player in CAST} - {sent.who for sent in year.sent} == set()


def what_recurs_fell_on_its_day(year: Record) -> None:
    """The weeks of the rhythm, and two polls through the nights in which clocks change."""
    for kind, week in (("gathering", 1), ("kudos_week", 2), ("poll_week", 3), ("pulse", 3), ("recap", 4)):
        asked = {moment.astimezone(PARIS).date() for moment in year.wanted[kind]}
        assert asked == {day for day in DAYS if day.weekday() == TUESDAY and (day.day + 6) // 7 == week}, kind
    paris, auckland = (year.weekly[room] for room in ROOMS.values())
    for weekly in (paris, auckland):
        days = [moment.astimezone(ZoneInfo(weekly.zone)).date() for moment in (weekly.began, *weekly.came)]
        assert days == [day for day in DAYS if day.weekday() == SUNDAY]
    assert {utc(2026, 3, 29, 1), utc(2026, 10, 25, 0, 30)} < set(paris.came)
    assert {utc(2026, 4, 4, 13, 30), utc(2026, 9, 26, 14)} < set(auckland.came)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]


def of_kind(year: Record, kind: str) -> list[Sent]:
    return [sent for sent in year.sent if sent.kind == kind]


def keys(year: Record, kind: str) -> set[tuple[str, str]]:
    return {(sent.who, sent.subject) for sent in of_kind(year, kind)}


def reminders_came_and_stayed_away(year: Record) -> None:
    assert len(keys(year, "reminder")) > 100
    assert {key for key, chosen in year.put_aside.items() if chosen.off} - keys(year, "reminder")
    for asked in ("poll", "pulse"):
        reminded = keys(year, f"{asked}_reminder")
        assert reminded & keys(year, asked)
        assert (keys(year, asked) & year.done.keys()) - reminded


def ceilings_and_holidays_held_back(year: Record) -> None:
    """Decisions moved the ceiling, a pulse below the threshold halved it, and some weeks were full."""
    assert {pace.ceiling for pace in year.paces} >= {3, 5}
    slow = [pace.since for pace in year.paces if pace.slow]
    assert slow
    assert not year.paces[-1].slow
    full = [sent.at for sent, number, most in counted(year) if number == most]
    assert [moment for moment in full if slow[0] <= moment <= slow[-1]]
    assert len({year.players[sent.who].wishes.country for sent in held_back_by_a_holiday(year)}) > 10


def some_left_and_some_returned(year: Record) -> None:
    away = list(absences(year))
    assert [who for who, _, until in away if until < year.until]
    for who, left, until in away:
        assert [sent for sent in year.sent if sent.who == who and left < sent.at < until] == []
        assert [sent for sent in of_kind(year, "post") if left < sent.wanted < until]


def absences(year: Record) -> Iterator[tuple[str, datetime, datetime]]:
    for who, turns in year.lives.items():
        for turn in turns:
            if turn.what == "leave":
                back = (next.at for next in turns if next.what == "join" and next.at > turn.at)
                yield who, turn.at, next(back, year.until)


# Each rule broken on purpose, to see that the oracle says so


Broken = Callable[[pytest.MonkeyPatch], None]


def hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bot.domain.working_time._in_hours", lambda person, instant: True)


def holidays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bot.domain.working_time.public_holidays", lambda country, year: frozenset())


def breaks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bot.domain.member.paused", lambda until: Away(DAWN_OF_TIME, DAWN_OF_TIME))


def ceilings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("scheduler.pump.policy.weekly_ceiling", lambda circle, member: 1000)


def slow_pace(patch: pytest.MonkeyPatch) -> None:
    def usual(circle: Circle, member: Member) -> int:
        return min(member.preferences.weekly_ceiling, circle.weekly_ceiling)

    patch.setattr("scheduler.pump.policy.weekly_ceiling", usual)


def consent(patch: pytest.MonkeyPatch) -> None:
    """What waited for somebody who leaves is not dropped either."""

    def unasked(message: Any, kind: Kind, *more: Any) -> Decision:
        return decide(message, replace(kind, consent=False), *more)

    patch.setattr(messages, "recall_for", lambda *about: None)
    patch.setattr("scheduler.pump.turn.decide", unasked)


def not_for_me(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("handlers.sharing.cards.open_to", lambda view, now: True)
    patch.setattr(Stance, "came_back", lambda self, now: True)


def later(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(messages, "reschedule", lambda *about: True)


def votes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(polls, "answered", lambda tx, poll: set())
    patch.setattr(polls, "chosen", lambda tx, poll, voter: frozenset())


def local_days(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("handlers.polls.jobs.schedule", lambda poll, began, zone: schedule(poll, began, "UTC"))


def dates_kept(patch: pytest.MonkeyPatch) -> None:
    """What is done on a date is forgotten, and looked at again a moment later."""
    patch.setattr("scheduler.recurring.next_instant", lambda schedule, now: now + timedelta(minutes=1))
    patch.setattr(slots, "taken", lambda tx, schedule, since: frozenset())
    patch.setattr(slots, "win", lambda tx, schedule, day, now, skipped=False: True)


def authors_nights(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("handlers.polls.service.POLL_AGAIN", POLL_AUTHOR)


@pytest.mark.parametrize(
    ("broken", "first", "days", "told"),
    [
        (hours, MARCH_16, 3, "outside their hours"),
        (holidays, MARCH_30, 8, "on a holiday"),
        (breaks, MARCH_16, 8, "on a break"),
        (ceilings, MARCH_16, 10, "that week"),
        (slow_pace, MARCH_16, 14, "that week"),
        (consent, MARCH_16, 10, "no member"),
        (not_for_me, MARCH_24, 8, "settled at"),
        (later, MARCH_16, 6, "reminder to"),
        (votes, MARCH_30, 10, "poll_reminder to"),
        (local_days, MARCH_19, 11, "weekly poll of 2026-03-29"),
        (dates_kept, MARCH_19, 11, "weekly poll of 2026-03-29"),
        (authors_nights, MARCH_19, 11, "poll_author to"),
    ],
)
async def test_a_broken_rule_is_named(
    broken: Broken, first: datetime, days: int, told: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a few days of half the cast, who often think again, take a break, or leave."""
    broken(monkeypatch)
    often: dict[str, Any] = {"joining": timedelta(minutes=20), "leaving": 3, "pausing": 2}
    until = first + days * DAY
    record = await live(sqlite_url, first, until, CAST[::2], glum=first.month, undecided=True, **often)
    found = violations(record)
    assert [sentence for sentence in found if told in sentence], found

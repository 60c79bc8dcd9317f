"""What may reach whom and when, said again in the plainest way: from the clock on everybody's wall and the
calendar of their country, and without the programme's own rules.

A kind of message that is not named here is held to all of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from tests.year.cast import Player, Wishes

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
"""Every working day begins and ends on one, in whatever zone."""

ANSWERS = {"author", "draft", "poll_author", "poll_lost"}
"""What shows somebody the state of their own act: it comes at the moment of that act, whatever hour it is."""
UNCOUNTED = {
    "reminder",
    "answer",
    "question",
    "question_again",
    "undelivered",
    "picture",
    "poll_again",
    "disconnected",
}
"""What somebody asked for, and what is addressed to the comms team's work: in working time, but beside the
ceiling."""
TEAMS = {
    "question",
    "question_again",
    "undelivered",
    "picture",
    "gathered",
    "themes_returned",
    "disconnected",
}
"""What the comms team is told, be they members or not."""


@dataclass(frozen=True)
class Turn:
    """Something in somebody's life in the circle: `what` is join, leave, wish, pause or resume."""

    at: datetime
    what: str
    wishes: Wishes | None = None
    back: date = date.min


@dataclass(frozen=True)
class Sent:
    """What the chat stored: first messages only, for a change is none. `wanted`: since when it waited."""

    at: datetime
    who: str
    kind: str
    subject: str
    wanted: datetime


@dataclass
class PutAside:
    """A post that somebody, `at` some moment, wanted back at `until`; `off`: since when they do not any
    more."""

    at: datetime
    until: datetime
    off: datetime | None = None


@dataclass(frozen=True)
class Pace:
    """The circle's own from `since` on, when the timetable was looked at."""

    since: datetime
    ceiling: int
    slow: bool


@dataclass
class Weekly:
    """A poll that somebody opened when it began, and when it came again, by the clock of their zone."""

    zone: str
    began: datetime
    came: list[datetime] = field(default_factory=list)


@dataclass
class Record:
    """Everything that was done, and everything that arrived, until a moment."""

    players: Mapping[str, Player]
    team: frozenset[str]
    until: datetime
    lives: dict[str, list[Turn]] = field(default_factory=lambda: defaultdict(list))
    acts: set[tuple[str, datetime]] = field(default_factory=set)
    paces: list[Pace] = field(default_factory=list)
    wanted: dict[str, set[datetime]] = field(default_factory=lambda: defaultdict(set))
    """When something of a kind was first to be said, whether or not it reached anybody."""
    sent: list[Sent] = field(default_factory=list)
    put_aside: dict[tuple[str, str], PutAside] = field(default_factory=dict)
    done: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When somebody said "not for me" to a post, shared it, voted in a poll, answered a pulse."""
    ends: dict[str, datetime] = field(default_factory=dict)
    """Until when a post is shared."""
    weekly: dict[str, Weekly] = field(default_factory=dict)
    """By the channel in which it stands."""

    def is_member(self, who: str) -> bool:
        """Now."""
        turns = [turn.what for turn in self.lives[who] if turn.what in ("join", "leave")]
        return turns[-1:] == ["join"]


@dataclass(frozen=True)
class Standing:
    """Somebody at one instant; `back`: the first day after their pause."""

    wishes: Wishes | None = None
    back: date = date.min


def standing(record: Record, who: str, at: datetime) -> Standing:
    now = Standing()
    for turn in record.lives[who]:
        if turn.at > at:
            break
        match turn.what:
            case "join":
                now = Standing(turn.wishes)
            case "leave":
                now = Standing()
            case "wish":
                now = replace(now, wishes=turn.wishes)
            case "pause":
                now = replace(now, back=turn.back)
            case "resume":
                now = replace(now, back=date.min)
    return now


@cache
def days_off(country: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    code, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(code, subdiv=part or None, years=year))


def obstacle(zone: str, wishes: Wishes, back: date, at: datetime) -> str:
    """Why somebody who lives so is left alone at that moment; empty if they may be written to."""
    local = at.astimezone(ZoneInfo(zone))
    start, end, day = time.fromisoformat(wishes.start), time.fromisoformat(wishes.end), local.date()
    if start < end:
        inside = start <= local.time() < end
    else:
        inside = start <= local.time() or local.time() < end
        day -= DAY if local.time() < end else timedelta(0)
    if not inside or str(day.weekday()) not in wishes.days:
        return "outside their hours"
    if day in days_off(wishes.country, day.year):
        return "on a holiday"
    return "on a break" if local.date() < back else ""


def hindrance(record: Record, who: str, at: datetime) -> str:
    """The same for a person of the record: a member, or one of the comms team, at its usual hours."""
    now = standing(record, who, at)
    if now.wishes is None and who not in record.team:
        return "no member"
    return obstacle(record.players[who].zone, now.wishes or Wishes(), now.back, at)


def ceiling(record: Record, wishes: Wishes, at: datetime) -> int:
    pace = record.paces[bisect_right(record.paces, at, key=lambda pace: pace.since) - 1]
    agreed = min(wishes.ceiling, pace.ceiling)
    return max(1, agreed // 2) if pace.slow else agreed


def violations(record: Record) -> list[str]:
    """One sentence each; none is what the programme promises."""
    rules = (_timing, _ceilings, _repeats, _reminders, _later, _weeks)
    return [sentence for rule in rules for sentence in rule(record)]


def _timing(record: Record) -> Iterator[str]:
    for sent in record.sent:
        if sent.kind in ANSWERS and (sent.who, sent.at) in record.acts:
            continue
        local = sent.at.astimezone(ZoneInfo(record.players[sent.who].zone))
        told = f"{sent.kind} to {sent.who} at {local:%a %d %b %H:%M}"
        if standing(record, sent.who, sent.at).wishes is None and sent.kind not in TEAMS:
            yield f"{told}: no member"
        elif found := hindrance(record, sent.who, sent.at):
            yield f"{told}: {found}"


def _ceilings(record: Record) -> Iterator[str]:
    for sent, number, most in counted(record):
        if number > most:
            yield f"{sent.kind} to {sent.who} at {sent.at}: number {number} of {most} that week"


def counted(record: Record) -> Iterator[tuple[Sent, int, int]]:
    """What takes from a member's ceiling, the how many-th of their week it is, and that ceiling then."""
    week: Counter[tuple[str, tuple[int, int]]] = Counter()
    for sent in sorted(record.sent, key=lambda sent: sent.at):
        wishes = standing(record, sent.who, sent.at).wishes
        if wishes is None or sent.kind in ANSWERS | UNCOUNTED:
            continue
        year, number, _ = sent.at.astimezone(ZoneInfo(record.players[sent.who].zone)).isocalendar()
        week[sent.who, (year, number)] += 1
        yield sent, week[sent.who, (year, number)], ceiling(record, wishes, sent.at)


def _repeats(record: Record) -> Iterator[str]:
    times = Counter((sent.who, sent.kind, sent.subject) for sent in record.sent)
    for (who, kind, subject), count in times.items():
        if count > 1:
            yield f"{kind} {subject} to {who}: {count} times"


def _reminders(record: Record) -> Iterator[str]:
    for sent in record.sent:
        done = record.done.get((sent.who, sent.subject))
        if sent.kind.endswith("reminder") and done is not None and done <= sent.at:
            yield f"{sent.kind} to {sent.who} at {sent.at}: settled at {done}"


def _later(record: Record) -> Iterator[str]:
    """Not before the chosen moment, and at the first that is allowed from then on."""
    came = {(sent.who, sent.subject): sent.at for sent in record.sent if sent.kind == "reminder"}
    for key in came.keys() - record.put_aside.keys():
        yield f"reminder to {key[0]} at {came[key]}: not asked for"
    for key, chosen in record.put_aside.items():
        expected = _first_allowed(record, key[0], chosen)
        gone = expected is None or expected >= min(record.ends[key[1]], record.until)
        if came.get(key) != (None if gone else expected):
            yield f"reminder to {key[0]}: chosen {chosen.until}, due {expected}, came {came.get(key)}"


def _first_allowed(record: Record, who: str, chosen: PutAside) -> datetime | None:
    """None if they are out of the circle, or do not want it any more, by then."""
    moment = chosen.until
    while standing(record, who, moment).wishes is None or hindrance(record, who, moment):
        moment += QUARTER
        if moment > chosen.until + 120 * DAY:
            return None
    settled = chosen.off is not None and chosen.off <= moment
    left = any(turn.what == "leave" and chosen.at <= turn.at <= moment for turn in record.lives[who])
    return None if settled or left else moment


def _weeks(record: Record) -> Iterator[str]:
    """Once on its day, at the hour or, where a night skips that, as soon as the clock has gone past it."""
    for weekly in record.weekly.values():
        local = weekly.began.astimezone(ZoneInfo(weekly.zone))
        came, day = list(weekly.came), local.date() + 7 * DAY
        while (due := next_look(record, _reached(weekly.zone, day, local.time()))) < record.until:
            on_it = [each for each in came if each.astimezone(ZoneInfo(weekly.zone)).date() == day]
            if on_it != [due]:
                yield f"weekly poll of {day} in {weekly.zone}: due {due}, came {on_it}"
            came = [each for each in came if each not in on_it]
            day += 7 * DAY
        yield from (f"weekly poll in {weekly.zone}: came at {each}, on no day of its own" for each in came)


def _reached(zone: str, day: date, at: time) -> datetime:
    """The first moment of that day at which the clock there shows that hour, or a later one."""
    moment = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    while moment.astimezone(ZoneInfo(zone)).time() < at:
        moment += QUARTER
    return moment


def next_look(record: Record, moment: datetime) -> datetime:
    """When the timetable was looked at next, from that moment on; after the end, if it was not."""
    number = bisect_left(record.paces, moment, key=lambda pace: pace.since)
    return record.paces[number].since if number < len(record.paces) else record.until


def held_back_by_a_holiday(record: Record) -> list[Sent]:
    """What would have left at once on any other such day."""

    def obstacle_when_wanted(sent: Sent) -> str:
        now = standing(record, sent.who, sent.wanted)
        return (
            obstacle(record.players[sent.who].zone, now.wishes, now.back, sent.wanted) if now.wishes else ""
        )

    return [sent for sent in record.sent if obstacle_when_wanted(sent) == "on a holiday"]

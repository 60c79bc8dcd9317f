"""What may reach whom and when, said again in the plainest way: from the clock on everybody's wall and the
calendar of their country, and without the programme's own rules."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from tests.year.cast import Player, Wishes

QUARTER = timedelta(minutes=15)
"""Every working day begins and ends on one, in whatever zone."""

ANSWERS = {"author", "draft", "poll_author"}
"""What shows somebody the state of their own act: it may come at any hour."""
UNCOUNTED = {"reminder", "answer", "question", "undelivered"}
"""What a member asked for, and what is addressed to the comms team's work: in working time, but beside the
ceiling."""
TEAMS = {"question", "undelivered", "gathered", "themes_returned"}
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
    """What the chat stored: first messages only, for a change is none."""

    at: datetime
    who: str
    kind: str
    subject: str


@dataclass
class PutAside:
    """A content that somebody, `at` some moment, wanted back at `until`; `off`: since when they do not any
    more."""

    at: datetime
    until: datetime
    off: datetime | None = None


@dataclass(frozen=True)
class Pace:
    """The circle's own from `since` on."""

    since: datetime
    ceiling: int
    slow: bool


@dataclass
class Record:
    """Everything that was done, and everything that arrived."""

    players: Mapping[str, Player]
    team: frozenset[str]
    lives: dict[str, list[Turn]] = field(default_factory=lambda: defaultdict(list))
    paces: list[Pace] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    put_aside: dict[tuple[str, str], PutAside] = field(default_factory=dict)
    done: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When somebody said "not for me" to a content, shared it, voted in a poll, answered a pulse."""
    ends: dict[str, datetime] = field(default_factory=dict)
    """Until when a content is shared."""
    until: datetime | None = None

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


def at_work(zone: str, wishes: Wishes, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(zone))
    start, end, day = time.fromisoformat(wishes.start), time.fromisoformat(wishes.end), local.date()
    if start < end:
        inside = start <= local.time() < end
    else:
        inside = start <= local.time() or local.time() < end
        day -= timedelta(days=1 if local.time() < end else 0)
    return inside and str(day.weekday()) in wishes.days and day not in days_off(wishes.country, day.year)


def on_a_break(zone: str, back: date, at: datetime) -> bool:
    return at.astimezone(ZoneInfo(zone)).date() < back


def may_be_written_to(record: Record, who: str, at: datetime) -> bool:
    now, zone = standing(record, who, at), record.players[who].zone
    return now.wishes is not None and at_work(zone, now.wishes, at) and not on_a_break(zone, now.back, at)


def ceiling(record: Record, wishes: Wishes, at: datetime) -> int:
    pace = record.paces[bisect_right(record.paces, at, key=lambda pace: pace.since) - 1]
    agreed = min(wishes.ceiling, pace.ceiling)
    return max(1, agreed // 2) if pace.slow else agreed


def violations(record: Record) -> list[str]:
    """One sentence each; none is what the programme promises."""
    return [*_timing(record), *_ceilings(record), *_repeats(record), *_reminders(record), *_later(record)]


def _timing(record: Record) -> Iterator[str]:
    for sent in record.sent:
        now, zone = standing(record, sent.who, sent.at), record.players[sent.who].zone
        local = sent.at.astimezone(ZoneInfo(zone))
        told = f"{sent.kind} to {sent.who} at {local:%a %d %b %H:%M}"
        if now.wishes is None and not (sent.who in record.team and sent.kind in TEAMS | ANSWERS):
            yield f"{told}: no member"
        elif sent.kind not in ANSWERS and not at_work(zone, now.wishes or Wishes(), sent.at):
            yield f"{told}: not at work"
        elif sent.kind not in ANSWERS and on_a_break(zone, now.back, sent.at):
            yield f"{told}: on a break until {now.back}"


def _ceilings(record: Record) -> Iterator[str]:
    week: Counter[tuple[str, tuple[int, int]]] = Counter()
    for sent in sorted(record.sent, key=lambda sent: sent.at):
        wishes = standing(record, sent.who, sent.at).wishes
        if wishes is None or sent.kind in ANSWERS | UNCOUNTED:
            continue
        year, number, _ = sent.at.astimezone(ZoneInfo(record.players[sent.who].zone)).isocalendar()
        week[sent.who, (year, number)] += 1
        if week[sent.who, (year, number)] > ceiling(record, wishes, sent.at):
            yield f"{sent.kind} to {sent.who} on {sent.at}: one too many in week {number}"


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
        gone = expected is None or expected >= min(record.ends[key[1]], record.until or expected)
        if came.get(key) != (None if gone else expected):
            yield f"reminder to {key[0]}: chosen {chosen.until}, due {expected}, came {came.get(key)}"


def _first_allowed(record: Record, who: str, chosen: PutAside) -> datetime | None:
    """None if they are out of the circle, or do not want it any more, by then."""
    moment = chosen.until
    while not may_be_written_to(record, who, moment):
        moment += QUARTER
        if moment > chosen.until + timedelta(days=120):
            return None
    settled = chosen.off is not None and chosen.off <= moment
    left = any(turn.what == "leave" and chosen.at <= turn.at <= moment for turn in record.lives[who])
    return None if settled or left else moment

"""A poll: a question, two to ten answers to choose from, and one count wherever it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import SystemRandom

from bot.domain.characters import is_seen, shorten
from bot.domain.errors import (
    BadPollClosing,
    EmptyOption,
    OptionTooLong,
    QuestionMissing,
    QuestionTooLong,
    SameOption,
    TooFewOptions,
    TooManyOptions,
    UnclosedQuotes,
    WordsOutsideQuotes,
)
from bot.domain.holiday import public_holidays
from bot.domain.message import Kind
from bot.domain.schedule import EVERY_WEEK, Schedule
from bot.domain.secrecy import at_least, enough, packed, unpacked
from bot.domain.working_time import MONDAY_TO_FRIDAY, first_instant, zone_or

POLL = Kind("poll", unasked=True, consent=True, counts=True)
POLL_REMINDER = Kind("poll_reminder", unasked=True, consent=True, counts=True)
POLL_AUTHOR = Kind("poll_author", priority=1)
POLL_AGAIN = Kind("poll_again", unasked=True, consent=True)
"""The author's card of a poll that the clock opened: it waits for their hours, be it the middle of a night.
They asked for the series, so it takes nothing from their ceiling."""

POLL_LOST = Kind("poll_lost", priority=1)
"""Tells the author of a poll, who opened it a moment ago, that a channel did not take it."""

MIN_OPTIONS, MAX_OPTIONS = 2, 10
MAX_OPTION = 75
"""Characters: what a button has room for."""
MAX_QUESTION = 150
MAX_WORDS = 500
MARKS = 2
"""Bytes that tell which of MAX_OPTIONS somebody chose."""

USUAL_DAYS, USUAL_HOUR = 3, time(17)
"""Working days that a poll stays open unless its author says otherwise, and the hour at which it closes."""
LONGEST = timedelta(days=365)
REMINDED = timedelta(days=1)
"""How long before the closing a reminder may leave."""
RECURRING = "poll"
"""The kind of what recurs in a circle: a series of polls, by the id of its first."""
TOO_SHORT = timedelta(days=2)
"""A poll that was open for less is not reminded of."""

DAY = timedelta(days=1)


class Repeat(StrEnum):
    """FORTNIGHTLY is weeks 1 and 3 of a month: `bot.domain.schedule`."""

    NEVER = ""
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Rules:
    """`many`: several answers. `live`: results before the end, unless the poll is anonymous. `open_options`:
    whoever votes may add an option. `asks_words`: a free answer beside the options."""

    many: bool = False
    anonymous: bool = True
    live: bool = True
    open_options: bool = False
    asks_words: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """What is put to the vote, and where: in the channel `place` of `workspace_id`, or, when that is empty,
    to each member. `shared`: members may show it in other channels."""

    question: str
    options: tuple[str, ...]
    closes_at: datetime
    rules: Rules = field(default_factory=Rules)
    repeats: Repeat = Repeat.NEVER
    place: str = ""
    workspace_id: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody was offered in a channel, such as a form: a button has no room for where that was."""

    id: str
    workspace_id: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Option:
    """`position` does not change; options are shown in its order."""

    id: str
    label: str
    votes: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Poll:
    """`voters`: people with at least one vote. While an anonymous poll is open: people who answered; after it
    has closed: 0 where those were too few. `lost`: its votes could not be counted. `series`: the first poll
    of those that repeat."""

    id: str
    circle_id: str
    author_id: str
    question: str
    rules: Rules
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None
    place: str = ""
    workspace_id: str | None = None
    shared: bool = False
    repeats: Repeat = Repeat.NEVER
    series: str = ""
    export_token: str = ""
    voters: int = 0
    lost: bool = False

    def is_open(self, now: datetime) -> bool:
        return self.closed_at is None and now < self.closes_at

    @property
    def shows_results(self) -> bool:
        if self.rules.anonymous:
            return self.closed_at is not None and enough(self.voters)
        return self.rules.live or self.closed_at is not None

    @property
    def voters_told(self) -> int:
        """How many people answered, as far as anybody is told."""
        return at_least(self.voters) if self.rules.anonymous and self.closed_at is None else self.voters

    @property
    def lets_words_be_read(self) -> bool:
        """In an anonymous poll at the end only: one that came in between two looks would be somebody's."""
        return self.closed_at is not None or (self.rules.live and not self.rules.anonymous)

    @property
    def to_members(self) -> bool:
        return not self.place


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """What one person answers to a poll. `chosen`: positions of options."""

    chosen: frozenset[int] = frozenset()
    words: str = ""

    def packed(self, rules: Rules) -> bytes:
        """Return as many bytes for any answer to a poll with these rules."""
        marks = sum(1 << position for position in self.chosen)
        return marks.to_bytes(MARKS) + packed(self.words, MAX_WORDS if rules.asks_words else 0)

    @classmethod
    def unpacked(cls, content: bytes) -> PollAnswer:
        marks = int.from_bytes(content[:MARKS])
        chosen = frozenset(position for position in range(8 * MARKS) if marks >> position & 1)
        return cls(chosen, unpacked(content[MARKS:]))


@dataclass(frozen=True, slots=True)
class Quick:
    """What was typed behind the command."""

    question: str = ""
    options: tuple[str, ...] = ()


def tidy(typed: str) -> str:
    """On one line; empty if nothing of it would be seen."""
    line = " ".join(typed.split())
    return line if is_seen(line) else ""


def alike(option: str) -> str:
    """The same for two options that people would not tell apart."""
    whole = unicodedata.normalize("NFKC", option).casefold()
    return " ".join("".join(c for c in whole if unicodedata.category(c) != "Cf").split())


def read_question(typed: str) -> str:
    """Raises QuestionMissing or QuestionTooLong."""
    question = tidy(typed)
    if not question:
        raise QuestionMissing
    if len(question) > MAX_QUESTION:
        raise QuestionTooLong(limit=MAX_QUESTION, length=len(question))
    return question


def read_options(typed: Iterable[str]) -> tuple[str, ...]:
    """Raises EmptyOption, OptionTooLong, SameOption, TooFewOptions or TooManyOptions."""
    options = tuple(map(tidy, typed))
    _check_each(options)
    if len(options) < MIN_OPTIONS:
        raise TooFewOptions
    if len(options) > MAX_OPTIONS:
        raise TooManyOptions(limit=MAX_OPTIONS, count=len(options))
    return options


def read_another(typed: str, options: Sequence[str]) -> str:
    """One more option for those there are. Raises as `read_options` does."""
    return read_options((*options, typed))[-1]


def _check_each(options: Sequence[str]) -> None:
    seen: set[str] = set()
    for option in options:
        if not option:
            raise EmptyOption
        if len(option) > MAX_OPTION:
            raise OptionTooLong(
                option=shorten(option, MAX_OPTION, mark=""), limit=MAX_OPTION, length=len(option)
            )
        if alike(option) in seen:
            raise SameOption(option=option)
        seen.add(alike(option))


_MARKS = '"“”„‟«»'
_QUOTED = re.compile(r'["“”„‟]([^"“”„‟]*)["“”„‟]|«([^»]*)»')
"""Straight, English, German: what keyboards make of one key, and one is closed by any other; or French."""


def parse_quick(typed: str) -> Quick:
    """`"Question?" "a" "b"`; the question may go without quotes. Raises UnclosedQuotes, or
    WordsOutsideQuotes for words after the first option."""
    parts = [straight or french for straight, french in _QUOTED.findall(typed)]
    before, *between = _QUOTED.sub("\0", typed).split("\0")
    if any(mark in piece for piece in (before, *between) for mark in _MARKS):
        raise UnclosedQuotes
    if stray := [piece.strip(" ,;\n") for piece in between if piece.strip(" ,;\n")]:
        raise WordsOutsideQuotes(words=stray[0])
    if before.strip():
        return Quick(before.strip(), tuple(parts))
    return Quick(parts[0], tuple(parts[1:])) if parts else Quick()


def usual_closing(now: datetime, zone: str, country: str = "") -> datetime:
    """In three working days, at 17:00 there."""
    day, left = now.astimezone(zone_or(zone)).date(), USUAL_DAYS
    while left:
        day += DAY
        left -= day.weekday() in MONDAY_TO_FRIDAY and not (
            country and day in public_holidays(country, day.year)
        )
    return first_instant(zone, datetime.combine(day, USUAL_HOUR))


def read_closing(day: str, hour: str, zone: str, now: datetime) -> datetime:
    """A date and an hour there; none is 17:00. Raises BadPollClosing for what cannot be read, has gone by, or
    is more than a year away."""
    try:
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour) if hour else USUAL_HOUR)
    except ValueError:
        raise BadPollClosing from None
    if local.tzinfo is not None or not now.year <= local.year <= now.year + 1:
        raise BadPollClosing
    closes_at = first_instant(zone, local)
    if not now < closes_at <= now + LONGEST:
        raise BadPollClosing
    return closes_at


def may_be_read(poll: Poll, words: Sequence[str]) -> tuple[str, ...]:
    """The free answers that may be shown now, in an order that tells nothing and is another at each look; of
    an anonymous poll from five on."""
    few = poll.rules.anonymous and not enough(len(words))
    return () if few or not poll.lets_words_be_read else shuffled(words)


def shuffled(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(SystemRandom().sample(words, len(words)))


def due_reminder(poll: Poll, now: datetime) -> bool:
    long = poll.closes_at - poll.opened_at >= TOO_SHORT
    return poll.to_members and long and poll.is_open(now) and poll.closes_at - now <= REMINDED


def schedule(poll: Poll, began: datetime, zone: str) -> Schedule:
    """On the weekday and at the minute at which the first one opened, by its author's clock."""
    local = began.astimezone(zone_or(zone))
    week = (local.day + 6) // 7
    weeks = {Repeat.FORTNIGHTLY: frozenset({1, 3}), Repeat.MONTHLY: frozenset({min(week, 4)})}
    name, at = f"poll:{poll.series}:{poll.circle_id}", time(local.hour, local.minute)
    return Schedule(name, at, frozenset({local.weekday()}), zone, weeks.get(poll.repeats, EVERY_WEEK))


def closing_again(began: datetime, closed: datetime, zone: str, now: datetime) -> datetime:
    """As many days later as the first time, at the same hour by that clock."""
    first, last, today = (moment.astimezone(zone_or(zone)) for moment in (began, closed, now))
    wall = datetime.combine(today.date() + (last.date() - first.date()), last.time())
    again = first_instant(zone, wall)
    return again if again > now else now + (closed - began)

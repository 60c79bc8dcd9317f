"""Kudos: a thank-you between members. It is counted for nobody: there is no total and no rank in here.

What is counted is only what keeps things fair: how many people somebody may still thank this week, which is
the same for everyone; who has gone long without a thank-you, which is whispered to others and never to them;
and which pairs thank only each other, whose stories then give way to those of others in the recap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from bot.domain.message import Kind

ALLOWANCE = 5
"""People one may thank a week, Monday to Sunday by one's own clock. The same for everybody."""
MAX_REASON = 500
ECHO = timedelta(minutes=10)
"""The same words to the same people within that time are one thank-you sent twice."""
STORIES = 5
"""In a month's recap."""

LONG = timedelta(weeks=8)
"""Without a thank-you."""
SETTLED = timedelta(weeks=4)
"""In the circle: nobody is overlooked before that."""
QUIET = timedelta(days=31)
"""Between two whispers to one giver about somebody overlooked, and between two about the same person."""
GIVERS = 2
"""Who hear the same whisper, at most."""

THANKS = Kind("thanks", unasked=True, consent=True, counts=True, priority=1)
WHISPER = Kind("whisper", unasked=True, consent=True, counts=True)
KUDOS = Kind("kudos")
WALL = Kind("wall", priority=1)
"""The sign of the wall in a channel. The wall hangs there once the sign has arrived."""
WALL_DOWN = Kind("wall_down", priority=1)


class KudosKind(StrEnum):
    """What somebody is thanked for."""

    HELP = "help"
    WIN = "win"
    IDEA = "idea"
    COURAGE = "courage"


class Answer(StrEnum):
    """What a receiver made of it. Only SHOWN is ever told to anybody else."""

    NONE = "none"
    KEPT = "kept"
    SHOWN = "shown"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Thanks:
    receiver_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Kudos:
    id: str
    giver_id: str
    kind: KudosKind
    reason: str
    given_at: datetime
    thanks: tuple[Thanks, ...]
    taken_back_at: datetime | None = None

    @property
    def receivers(self) -> tuple[str, ...]:
        return tuple(each.receiver_id for each in self.thanks)

    @property
    def shown_to(self) -> tuple[str, ...]:
        """The receivers who agreed to have it shown."""
        return tuple(each.receiver_id for each in self.thanks if each.answer is Answer.SHOWN)

    def answer_of(self, person_id: str) -> Answer | None:
        return next((each.answer for each in self.thanks if each.receiver_id == person_id), None)


class Why(StrEnum):
    """What made the bot whisper: somebody overlooked; the hearer's own post; the post of somebody who wants
    the hearer to know."""

    BALANCE = "balance"
    POSTED = "posted"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Whisper:
    """To `giver_id`, about `about_id`: you may have something to say to them."""

    id: str
    giver_id: str
    about_id: str
    why: Why
    post_id: str | None
    made_at: datetime


def weight(kudos: Iterable[Kudos]) -> dict[str, float]:
    """How much each weighs in the recap, above 0 and at most 1, by its id.

    A thank-you that is never returned weighs 1. A pair who thank only each other, n times each way, weigh
    1 / (1 + n) each time: less than two thank-yous together, however often they do it. In between, the more
    both of them thank others the nearer to 1.
    """
    known = tuple(kudos)
    pairs = Counter((each.giver_id, receiver) for each in known for receiver in each.receivers)
    given = Counter(giver for giver, _ in pairs.elements())

    def of_pair(giver: str, receiver: str) -> float:
        there, back = pairs[giver, receiver], pairs[receiver, giver]
        if not back:
            return 1.0
        exclusive = min(there / given[giver], back / given[receiver])
        return 1 / (1 + exclusive * min(there, back))

    return {
        each.id: sum(of_pair(each.giver_id, receiver) for receiver in each.receivers) / len(each.receivers)
        for each in known
    }


def stories(kudos: Iterable[Kudos], most: int = STORIES) -> list[Kudos]:
    """Those that the recap tells, in the order in which they were given: first those in which nobody appears
    twice, as giver or receiver, then the weightiest; chance, always the same, decides the rest."""
    left = sorted(kudos, key=lambda each: chance(each.id))
    weights, told = weight(left), list[Kudos]()
    while left and len(told) < most:
        seen = Counter(person for each in told for person in _people(each))
        best = min(left, key=lambda each: (sum(seen[person] for person in _people(each)), -weights[each.id]))
        left.remove(best)
        told.append(best)
    return sorted(told, key=lambda each: (each.given_at, each.id))


def _people(kudos: Kudos) -> set[str]:
    return {kudos.giver_id, *kudos.receivers}


def overlooked(
    joined: Mapping[str, datetime],
    thanked: Mapping[str, datetime],
    whispered: Mapping[str, datetime],
    now: datetime,
) -> list[str]:
    """Members whom nobody has thanked for long, or ever, and about whom nobody heard a whisper lately; those
    who have waited longest for one first. The values say when somebody joined, was last thanked, was last
    whispered about."""

    def is_overlooked(person: str) -> bool:
        return (
            joined[person] <= now - SETTLED
            and not _within(LONG, thanked.get(person), now)
            and not _within(QUIET, whispered.get(person), now)
        )

    return sorted(filter(is_overlooked, joined), key=lambda each: (*_heard(each, whispered), chance(each)))


def possible_givers(
    ties: Mapping[str, int], whispered: Mapping[str, datetime], now: datetime, most: int = GIVERS
) -> list[str]:
    """Who may have something to say: those who heard no whisper lately, least recently first, then by how
    often their paths crossed. `ties` counts that; who is not in it is never asked."""
    free = [each for each, count in ties.items() if count and not _within(QUIET, whispered.get(each), now)]
    return sorted(free, key=lambda each: (*_heard(each, whispered), -ties[each], chance(each)))[:most]


def _within(span: timedelta, moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now - span


def _heard(person: str, whispered: Mapping[str, datetime]) -> tuple[bool, float]:
    return person in whispered, whispered[person].timestamp() if person in whispered else 0.0


def chance(id: str) -> str:
    """An order that favours nobody and is the same on every machine."""
    return sha256(id.encode()).hexdigest()

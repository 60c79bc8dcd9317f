"""A consent round: somebody proposes to change a setting of the circle; with consent, it changes."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from bot.domain.circle import MAX_CEILING
from bot.domain.message import Kind
from bot.domain.rhythm import Ritual

ROUND = Kind("round", unasked=True, consent=True, counts=True)
ROUND_WALL = Kind("round_wall")
ROUND_OUTCOME = Kind("round_outcome", unasked=True, consent=True, counts=True)

CADENCES = range(8)
"""Posts a week."""
CEILINGS = range(1, MAX_CEILING + 1)
"""Unasked messages a week."""
WEEKS = range(5)
"""Of a month; 0 for never."""
MAX_PURPOSE = 300
MAX_REASON = 500
USUAL_LIFE = 5
"""Working days."""
LONGEST_LIFE = timedelta(days=31)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Cadence:
    a_week: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    a_week: int


@dataclass(frozen=True, slots=True)
class RitualWeek:
    ritual: Ritual
    week: int


@dataclass(frozen=True, slots=True)
class Purpose:
    """The raison d'être, in each language."""

    fr: str
    en: str


Change = Cadence | Ceiling | RitualWeek | Purpose
"""What a round may change, and to what."""


def setting_of(change: Change) -> str:
    """The key of what is changed: of rounds on one, one is open at a time."""
    match change:
        case Cadence():
            return "cadence"
        case Ceiling():
            return "ceiling"
        case RitualWeek():
            return f"ritual:{change.ritual}"
        case Purpose():
            return "purpose"
        case _:
            assert_never(change)


def value_of(change: Change) -> str:
    match change:
        case Cadence() | Ceiling():
            return str(change.a_week)
        case RitualWeek():
            return str(change.week)
        case Purpose():
            return json.dumps([change.fr, change.en], ensure_ascii=False)
        case _:
            assert_never(change)


def change_of(setting: str, value: str) -> Change:
    """What `setting_of` and `value_of` were made of."""
    match setting.partition(":"):
        case ("cadence", _, _):
            return Cadence(int(value))
        case ("ceiling", _, _):
            return Ceiling(int(value))
        case ("ritual", _, name):
            return RitualWeek(Ritual(name), int(value))
        case _:
            return Purpose(*json.loads(value))


class Stance(StrEnum):
    AGREE = "agree"
    ABSTAIN = "abstain"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Voice:
    """`reason` is there with an objection, and only then."""

    person_id: str
    stance: Stance
    reason: str = ""


class Outcome(StrEnum):
    OPEN = ""
    ACCEPTED = "accepted"
    OBJECTED = "objected"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Round:
    id: str
    author_id: str
    change: Change
    why: str
    opened_at: datetime
    closes_at: datetime
    outcome: Outcome = Outcome.OPEN

    def takes_voices(self, now: datetime) -> bool:
        return self.outcome is Outcome.OPEN and now < self.closes_at


def outcome(author_id: str, voices: Collection[Voice]) -> Outcome:
    """One objection is enough against it; for it, somebody beside the author has to agree."""
    if any(voice.stance is Stance.OBJECT for voice in voices):
        return Outcome.OBJECTED
    others = (voice for voice in voices if voice.person_id != author_id)
    return Outcome.ACCEPTED if any(v.stance is Stance.AGREE for v in others) else Outcome.LAPSED


def working_days_after(day: date, number: int) -> date:
    """Monday to Friday; holidays differ from member to member, and are not looked at."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < SATURDAY
    return day

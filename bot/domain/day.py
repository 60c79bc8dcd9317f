"""A day as people type it: "24/12/2026", "vendredi", "Friday", "24 décembre", "tomorrow"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta

from bot.domain.errors import BadDate

_WEEKDAYS = {
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "en": "monday tuesday wednesday thursday friday saturday sunday",
}
_MONTHS = {
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "en": "january february march april may june july august september october november december",
}
_FROM_TODAY = {"today": 0, "aujourd'hui": 0, "tomorrow": 1, "demain": 1, "apres-demain": 2}
_BESIDE = "le au du jusqu'au jusqu'a d'ici avant on the until till to of by before this next ce prochain"
"""Words that may stand beside a day. "Next Friday" is the first one that comes, as the answer says."""
_NUMBERS = re.compile(r"(\d{4}|\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2}))?", re.ASCII)
_DAY_NUMBER = re.compile(r"(\d{1,2})(?:er|e|st|nd|rd|th)?|(premier)", re.ASCII)
_YEAR = re.compile(r"20\d{2}", re.ASCII)


def read_day(typed: str, today: date, language: str, *, month_first: bool = False) -> date:
    """Return the day that was meant: of a weekday or a date without a year, the first that comes. Names are
    read in that language, then in the others; `month_first`: as in the United States. Raises BadDate."""
    words = [word for word in _plain(typed).replace(",", " ").split() if word not in _BESIDE.split()]
    try:
        return _read(words, today, language, month_first)
    except (ValueError, OverflowError):
        raise BadDate from None


def _plain(text: str) -> str:
    """In lower case, without accents, with straight apostrophes."""
    apart = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(each for each in apart if not unicodedata.combining(each))


def _read(words: list[str], today: date, language: str, month_first: bool) -> date:
    """Raises ValueError."""
    if len(words) == 1 and words[0] in _FROM_TODAY:
        return today + timedelta(days=_FROM_TODAY[words[0]])
    weekday = _named(words[0], _WEEKDAYS, language) if words else None
    if weekday is None:
        return _date(words, today, language, month_first)
    if len(words) == 1:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return _date(words[1:], today, language, month_first)


def _date(words: list[str], today: date, language: str, month_first: bool) -> date:
    if len(words) == 1 and (numbers := _NUMBERS.fullmatch(words[0])):
        return _of_numbers(numbers, today, month_first)
    return _of_words(words, today, language)


def _of_numbers(numbers: re.Match[str], today: date, month_first: bool) -> date:
    first, _, second, third = numbers.groups()
    if len(first) == 4:
        return date(int(first), int(second), int(third or ""))
    day, month = (second, first) if month_first else (first, second)
    if third is None:
        return _next(int(day), int(month), today)
    return date(int(third) + (2000 if len(third) == 2 else 0), int(month), int(day))


def _of_words(words: list[str], today: date, language: str) -> date:
    """A day's number and a month's name in any order, and perhaps a year."""
    years = [word for word in words if _YEAR.fullmatch(word)]
    others = [word for word in words if word not in years]
    months = [month for word in others if (month := _named(word, _MONTHS, language)) is not None]
    days = [number for word in others if (number := _DAY_NUMBER.fullmatch(word))]
    if len(others) != 2 or len(months) != 1 or len(days) != 1 or len(years) > 1:
        raise ValueError(words)
    day, month = int(days[0][1] or 1), months[0] + 1
    return date(int(years[0]), month, day) if years else _next(day, month, today)


def _named(word: str, names: Mapping[str, str], language: str) -> int | None:
    """Return the place of the one name that the word is or shortens: "lun.", "Dec"."""
    short = word.rstrip(".")
    for spoken in sorted(names, key=lambda each: each != language):
        whole = names[spoken].split()
        places = [place for place, name in enumerate(whole) if name.startswith(short) and len(short) >= 3]
        if short in whole or len(places) == 1:
            return whole.index(short) if short in whole else places[0]
    return None


def _next(day: int, month: int, today: date) -> date:
    """Return the first such day from today on; 29 February comes within eight years. Raises ValueError."""
    for year in range(today.year, today.year + 9):
        with suppress(ValueError):
            if (found := date(year, month, day)) >= today:
                return found
    raise ValueError(day, month)

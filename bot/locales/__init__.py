"""Every word a person sees, in French and in English. The two catalogues stand side by side under the same
keys: neither is the translation of the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter

from babel.core import Locale
from babel.dates import format_date, format_time, get_timezone_location
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from bot.chat.text import CommandName, Moment, Span, Spans
from bot.domain.errors import DomainError
from bot.domain.working_time import zone_or
from bot.locales.parts import NAMES as PARTS

LANGUAGES = ("fr", "en")
DEFAULT = "en"
_REGION = {"fr": "fr_FR", "en": "en_GB"}


def language_of(locale: str) -> str:
    """The language we speak that is nearest to a platform's locale ("fr-CA", "en_US")."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else DEFAULT


@cache
def catalogue(language: str) -> Catalog:
    with (Path(__file__).parent / f"{language}.po").open("rb") as file:
        return read_po(file, locale=_REGION[language], abort_invalid=True)


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one language, in one time zone, UTC if there is none of that name. `t(key, name=value)` is a
    sentence; `count` picks the plural. `usual_zone` is the one that readers expect, the circle's: an instant
    in another one is said with the name of the zone. Empty if there is none."""

    language: str
    zone: str = "UTC"
    usual_zone: str = ""

    def __call__(self, key: str, count: int | None = None, /, **values: object) -> str:
        """Raises KeyError for a key the catalogue does not have, and for a sentence that names a command: how
        a command is spelt depends on the platform, which `spans` leaves open."""
        if count is None and not values:
            return _said(self.language, key)
        if count is not None:
            values["count"] = self.number(count)
        return self._pattern(key, count).format(**values)

    def spans(self, key: str, count: int | None = None, /, **values: Span) -> Spans:
        """Return the sentence as spans, so that a mention, a link or a command keeps its place in it. Raises
        KeyError for a key the catalogue does not have."""
        if count is not None:
            values["count"] = self.number(count)
        parts: list[Span] = []
        for literal, name in _parsed(self._pattern(key, count)):
            parts += [literal] if literal else []
            if name:
                parts.append(CommandName(name[1:]) if name.startswith("/") else values[name])
        return tuple(parts)

    def error(self, error: DomainError) -> Spans:
        """Return the sentence of an error, as a card says it."""
        return self.spans(error.key, **{name: str(value) for name, value in error.values.items()})

    def _pattern(self, key: str, count: int | None) -> str:
        forms = _forms(self.language, key)
        return forms[_plural(self.language, 1 if count is None else count) % len(forms)]

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=_REGION[self.language]))

    def all_of(self, names: list[str]) -> str:
        return format_list(names, locale=_REGION[self.language])

    def day(self, moment: datetime | date) -> str:
        """ "lundi 23 novembre", "mardi 1er décembre", in this zone."""
        local = moment.astimezone(zone_or(self.zone)).date() if isinstance(moment, datetime) else moment
        return _day(self.language, local)

    def month(self, day: date) -> str:
        """ "novembre 2026"."""
        return str(format_date(day, "LLLL y", locale=_REGION[self.language]))

    def short_month(self, day: date) -> str:
        """ "nov."."""
        return str(format_date(day, "LLL", locale=_REGION[self.language]))

    def time(self, moment: datetime | time) -> str:
        """ "14:30", in this zone."""
        local = moment.astimezone(zone_or(self.zone)).time() if isinstance(moment, datetime) else moment
        return _time(self.language, local)

    def moment(self, moment: datetime) -> str:
        """ "lundi 23 novembre, 14:30", in this zone."""
        return self("moment", day=self.day(moment), time=self.time(moment))

    def instant(self, at: datetime, now: datetime | None = None) -> Moment:
        """Return the moment as a span. Given `now`, today and tomorrow are called by name."""
        said = self.moment(at) if now is None else self.near(at, now)
        return Moment(at, self._with_zone(said, at), by_name=now is not None)

    def _with_zone(self, said: str, at: datetime) -> str:
        """Name the zone where its clocks differ from those that readers expect."""
        here, there = zone_or(self.zone), zone_or(self.usual_zone)
        if not self.usual_zone or at.astimezone(here).utcoffset() == at.astimezone(there).utcoffset():
            return said
        return self("moment.in_zone", moment=said, zone=_zone_name(self.language, self.zone))

    def near(self, moment: datetime, now: datetime) -> str:
        """A moment as one says it: today and tomorrow by name."""
        zone = zone_or(self.zone)
        days = moment.astimezone(zone).date() - now.astimezone(zone).date()
        if days == timedelta(0):
            return self("moment.today", time=self.time(moment))
        if days == timedelta(1):
            return self("moment.tomorrow", time=self.time(moment))
        return self.moment(moment)

    def weekdays(self) -> tuple[str, ...]:
        """Monday first."""
        names = Locale.parse(_REGION[self.language]).days["format"]["wide"]
        return tuple(names[day] for day in range(7))

    def country(self, code: str) -> str:
        """Return the name of a country ("CH") or of a part of it ("CH-GE")."""
        country, _, part = code.partition("-")
        name = str(Locale.parse(_REGION[self.language]).territories[country])
        return f"{name} – {PARTS[code][self.language]}" if part else name


@cache
def _forms(language: str, key: str) -> tuple[str, ...]:
    """Raises KeyError for a key the catalogue does not have."""
    message = catalogue(language).get(key)
    if message is None or not message.string:
        raise KeyError(f"no {language} text for {key!r}")
    return tuple(message.string) if isinstance(message.string, tuple) else (str(message.string),)


@cache
def _said(language: str, key: str) -> str:
    """A sentence with nothing to fill in."""
    return _forms(language, key)[0].format()


@cache
def _parsed(pattern: str) -> tuple[tuple[str, str | None], ...]:
    """The words of a sentence, and the names of what stands between them."""
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(pattern))


@lru_cache(256)
def _zone_name(language: str, zone: str) -> str:
    """Return the city of a time zone in that language."""
    if "/" not in zone:
        return zone
    return str(get_timezone_location(zone, locale=_REGION[language], return_city=True))


@lru_cache(1024)
def _day(language: str, day: date) -> str:
    """Kept, as `_time` is: one date stands on thousands of cards, and Babel reads its pattern each time."""
    number = "'1er'" if language == "fr" and day.day == 1 else "d"
    return str(format_date(day, f"EEEE {number} MMMM", locale=_REGION[language]))


@lru_cache(1024)
def _time(language: str, hour: time) -> str:
    return str(format_time(hour, "short", locale=_REGION[language]))


def _plural(language: str, count: int) -> int:
    """Index into a catalogue's plural forms: in French, nought and one are singular."""
    return int(count > 1) if language == "fr" else int(count != 1)

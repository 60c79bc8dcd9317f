"""An entry of the circle's public log, said in one language."""

from __future__ import annotations

import re
from datetime import date

from bot.domain.entry import Entry
from bot.locales import Translator

KEY = re.compile(r"[a-z]+\.[a-z0-9_]+", re.ASCII)
NUMBER = re.compile(r"\d{1,3}(\.\d)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def sentence(t: Translator, entry: Entry) -> str:
    """Say an entry. One that an older version wrote, and that the catalogue has no sentence for any more, is
    said to be there."""
    what, values = entry.what, {name: _said(t, value) for name, value in entry.values.items()}
    try:
        return t(what, **values)
    except KeyError:
        return t("log.unknown")


def _said(t: Translator, value: str) -> str:
    """A number, a day, a key of the catalogue: as this reader says it. Anything else is somebody's words."""
    try:
        if NUMBER.fullmatch(value):
            return t.number(float(value))
        if DAY.fullmatch(value):
            return t.day(date.fromisoformat(value))
        return t(value) if KEY.fullmatch(value) else value
    except (KeyError, ValueError):
        return value

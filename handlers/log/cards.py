"""The circle's public log, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.chat.card import Card, small, text
from bot.chat.text import Bold
from bot.domain.entry import Entry
from bot.locales import Translator
from bot.locales.log import sentence


def log(t: Translator, entries: Sequence[Entry]) -> Card:
    lines = [text(Bold(t.day(entry.at)), "\n", sentence(t, entry)) for entry in entries]
    return Card(t("log.title"), (*(lines or [text(t("log.none"))]), small(t("log.about"))))


def examples(t: Translator) -> dict[str, Card]:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    marks = {"trust": "2.6", "pressure": "3.4", "energy": "3.0", "answers": "9"}
    told: tuple[tuple[str, dict[str, str]], ...] = (
        ("log.cadence_agreed", {"value": "1"}),
        ("log.ceiling_agreed", {"value": "3"}),
        ("log.ritual_agreed", {"what": "setting.meeting", "value": "setting.week_2"}),
        ("log.ritual_agreed", {"what": "setting.poll", "value": "setting.never"}),
        ("log.purpose_agreed", {}),
        ("log.round_opened", {"what": "setting.cadence"}),
        ("log.round_objected", {"what": "setting.ceiling"}),
        ("log.round_lapsed", {"what": "setting.purpose"}),
        ("log.round_withdrawn", {"what": "setting.kudos"}),
        ("log.usual_pace", {"trust": "3.4", "floor": "3"}),
        ("log.slowed", {"trust": "2.6", "floor": "3"}),
        ("log.pulse_closed", marks),
        ("log.pulse_few", {}),
        ("log.pulse_opened", {}),
    )
    entries = [Entry(now - n * timedelta(days=3), what, values) for n, (what, values) in enumerate(told)]
    return {"log": log(t, entries), "log_none": log(t, ())}

"""A card as plain words: notifications, screen readers, logs, transcripts. The third renderer of three."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import assert_never

from bot.chat.card import (
    Bars,
    Button,
    Buttons,
    Card,
    Divider,
    Element,
    Facts,
    FormButton,
    Image,
    LinkButton,
    Menu,
    Quote,
    Row,
    Text,
)
from bot.chat.text import BARE, Spans, Spelling, shorten, spelt, spoken

BAR_WIDTH = 10


def line(spans: Spans, spelling: Spelling) -> str:
    return "".join(spoken(span) for span in spelt(spans, spelling))


def bar(count: int, most: int, width: int = BAR_WIDTH) -> str:
    """A bar of blocks; any count above nought shows."""
    return "▇" * max(round(width * count / most) if most else 0, 1 if count else 0)


def _label(item: Button | FormButton | LinkButton | Menu) -> str:
    match item:
        case Menu():
            return "[ ⋯ ]"
        case _:
            return f"[ {item.label} ]"


def _element(element: Element, spelling: Spelling) -> str:
    match element:
        case Text():
            return line(element.spans, spelling)
        case Quote():
            return f"« {line((element.text,), spelling)} »"
        case Image():
            return f"({element.alt})"
        case Facts():
            return "\n".join(f"{name} : {spoken(value)}" for name, value in element.rows)
        case Bars():
            most = max((row.count for row in element.rows), default=0)
            return "\n".join(
                f"{row.label} {bar(row.count, most)} {row.count}".replace("  ", " ") for row in element.rows
            )
        case Divider():
            return "—"
        case Row():
            return f"{line(element.spans, spelling)} {_label(element.item)}"
        case Buttons():
            return " ".join(_label(item) for item in element.items)
        case _:
            assert_never(element)


def render(card: Card, spelling: Spelling = BARE) -> str:
    """Return the whole card, a line a paragraph."""
    lines = (card.title, *(_element(element, spelling) for element in card.body))
    return "\n".join(line for line in lines if line)


def summary(card: Card, spelling: Spelling, limit: int = 300) -> str:
    """Return the title and the first words: what a notification shows."""
    first = next((e.spans for e in card.body if isinstance(e, Text) and not e.quiet), ())
    return _in_short(card.title, first, spelling, limit)


@lru_cache(256)
def _in_short(title: str, first: Spans, spelling: Spelling, limit: int) -> str:
    words = " — ".join(part for part in (title, line(first, spelling)) if part)
    return shorten(re.sub(r"[ \t\r\n]+", " ", words), limit)

"""Typed text. Markup is never parsed out of a string, so nothing a person types can become a mention."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bold:
    text: str


@dataclass(frozen=True, slots=True)
class Italic:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody, by address. A platform that cannot reach that address writes the name."""

    address: str
    name: str


Span = str | Bold | Italic | Link | Mention
Spans = tuple[Span, ...]


def spoken(span: Span) -> str:
    """The words of a span, without its dress."""
    match span:
        case str():
            return span
        case Mention():
            return span.name
        case _:
            return span.text


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; a cut shows as "…"."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

"""Typed text. Markup is never parsed out of a string, so nothing a person types can become a mention."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
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


# Addresses in typed words. A platform writes the people and channels that were called as addresses; `homes`
# are what those of a circle begin with: "slack:T1:".

_ID = r"#?\w[\w-]*(?::\w[\w-]*)?(?:@thread\.\w+)?"


def addresses(text: str, homes: Collection[str], joints: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Those that `text` begins with, each once, and the rest. Between them may stand commas, "&", "+" and the
    words in `joints` ("and")."""
    joint = "|".join([r"[,&+]", *(rf"{re.escape(word)}\b" for word in joints)])
    one = _address(homes)
    found = re.match(rf"\s*{one}(?:\s*(?:(?:{joint})\s*)*{one})*", text, re.ASCII)
    if found is None:
        return (), text.strip()
    return every_address(found[0], homes), text[found.end() :].strip()


def every_address(text: str, homes: Collection[str]) -> tuple[str, ...]:
    """Each once, in the order of the text."""
    return tuple(dict.fromkeys(re.findall(_address(homes), text, re.ASCII)))


def named(text: str, homes: Collection[str], name: Callable[[str], str]) -> str:
    """The words as they are to be read: its `name` instead of each address."""
    return re.sub(_address(homes), lambda found: name(found[0]), text, flags=re.ASCII)


def _address(homes: Collection[str]) -> str:
    return rf"(?:{'|'.join(map(re.escape, homes))}){_ID}"


def called(text: str, people: Mapping[str, str]) -> str:
    """Each "@Name" as the address that `people` has for that name: whole names, the longest first, whatever
    the case."""
    known = {name.casefold(): address for name, address in people.items()}
    longest = max(map(len, known), default=0)
    first, *rest = text.split("@")
    return first + "".join(_called(words, known, longest) for words in rest)


def _called(words: str, known: Mapping[str, str], longest: int) -> str:
    """Words that came after an "@"."""
    for end in range(min(longest, len(words)), 0, -1):
        address = known.get(words[:end].casefold())
        if address and not words[end : end + 1].isalnum():
            return address + words[end:]
    return f"@{words}"

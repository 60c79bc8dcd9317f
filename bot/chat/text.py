"""Typed text. Markup is never parsed out of a string, so nothing a person types can become a mention."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.characters import is_seen, without_unseen
from bot.domain.characters import shorten as shorten

COMMAND = "/cercle"


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
    """Somebody, or a channel, by address. A platform that cannot reach that address writes the name."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class CommandName:
    """A command: the words that are typed after the bot was called ("poll"). Each platform writes before them
    what is typed there to call it. In a catalogue: `{/poll}`."""

    text: str


@dataclass(frozen=True, slots=True)
class Invite:
    """How the bot is brought into a channel: by the platform's own command for it, and as `text` says on a
    platform that has none."""

    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant; a day is never one. A platform that can do so shows it by each reader's own clock. `text`
    says it by the clock of the person for whom the card is drawn. `by_name`: a day close by may be called
    "today" or "tomorrow"."""

    at: datetime
    text: str
    by_name: bool = False


Plain = str | Bold | Italic | Link | Mention | Moment
"""What is said in the same words in every conversation of a platform."""
Span = Plain | CommandName | Invite
Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a conversation of a platform spells what people type there: `call` stands before every command;
    `invite` brings the bot into a channel, empty where no command does that."""

    call: str
    invite: str = ""


BARE = Spelling("")
"""In a conversation with nobody but the bot, where the command alone is understood."""


def spelt(spans: Spans, spelling: Spelling) -> tuple[Plain, ...]:
    """Return the spans with every command as it is typed in that conversation."""
    return tuple(_spelt(span, spelling) if isinstance(span, CommandName | Invite) else span for span in spans)


def _spelt(span: CommandName | Invite, spelling: Spelling) -> str:
    match span:
        case CommandName():
            return spelling.call + span.text
        case Invite():
            return spelling.invite or span.text


def spoken(span: Plain) -> str:
    """Return the words of a span, without emphasis and addresses."""
    match span:
        case str():
            return span
        case Mention():
            return span.name
        case _:
            return span.text


# The one door for typed text. Each platform's parser hands every word a person typed through `normalise`.

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def normalise(text: str) -> str:
    """Return typed text as the product keeps it: composed accents (NFC), lines ended by "\\n", no white space
    around it, no unseen characters, no halves of surrogate pairs. Empty if no reader would see anything."""
    if text.isascii() and text.isprintable():
        return text.strip()
    whole = _LINE_END.sub("\n", text.encode("utf-8", "replace").decode())
    kept = unicodedata.normalize("NFC", without_unseen(whole)).strip()
    return kept if is_seen(kept) else ""


def split_word(text: str) -> tuple[str, str]:
    """Return the first word and the rest. Any white space ends a word."""
    word, *rest = text.split(None, 1) or ("",)
    return word, rest[0].rstrip() if rest else ""


# Addresses in typed words. A platform writes the people and channels that were called as addresses; `homes`
# are what those of a circle begin with: "slack:T1:".

_ID = r"#?(?:\d+:)?\w[\w-]*(?:@thread\.\w+)?"


def in_words(address: str, following: str) -> str:
    """Return the address as it stands in a text before these words, which must not seem to be part of it."""
    return f"{address} " if re.match(r"[\w-]", following) else address


def addresses(text: str, homes: Collection[str], joints: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Those that `text` begins with, each once, and the rest. Between them may stand commas, "&", "+" and the
    words in `joints` ("and")."""
    joint = "|".join([r"[,&+]", *(rf"{re.escape(word)}\b" for word in joints)])
    one = _address(homes)
    found = re.match(rf"\s*{one}(?:\s*(?:(?:{joint})\s*)*{one})*", text, re.ASCII)
    if found is None:
        return (), text
    return every_address(found[0], homes), text[found.end() :].lstrip()


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

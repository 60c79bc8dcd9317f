"""Typed text as blocks of an Adaptive Card.

A RichTextBlock parses nothing, so words go there whenever they can. A TextBlock reads a subset of Markdown,
and so do facts, choices and toggles in some clients: what goes there is made `literal` first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, assert_never
from urllib.parse import quote

from bot.chat.text import Bold, Italic, Link, Mention, Span, Spans, shorten, spoken
from bot.platforms.teams.parse import address_parts

Block = dict[str, Any]

JOINER = "\u2060"
"""WORD JOINER: no width, no meaning; between two characters it undoes what they mean together."""

_LIVE = re.compile(r"<(?=/?at\b)|\{(?=\{)", re.IGNORECASE)
"""What is read in any text: a mention, and the date functions `{{DATE(…)}}`."""

_MARKUP = re.compile(
    r"""<(?=[a-z/!?]|$) | &(?=[#a-z]|$) | \](?=[(\[:]|$)     # tags, entities, links
        | ~(?=~|$) | \\(?=[!-/:-@\[-`{-~]|$)                # strokes, escapes
        | ^(?=[-+#>=|~:\[]|\d+[.)])""",  # lists, headings, quotes, link definitions
    re.IGNORECASE | re.VERBOSE,
)
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Underscores that do not stand inside a word."""

_LOOKALIKES = str.maketrans({"*": "∗", "`": "ˋ"})
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BLANKS = re.compile(r"[ \t\n]+")
"""Not the no-break spaces, which French typography needs."""

_WEB = re.compile(r"https?://[^/?#@]", re.IGNORECASE)
_URL = "%:/?#@!$&'*+,;=-._~"
"""What stays as it is in any URL; brackets only where no Markdown is read."""


def sound(text: str) -> str:
    """Valid Unicode, broken by newlines only, without control characters."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROL.sub("", _BREAK.sub("\n", whole))


KEPT = 1024
"""Words that were made safe lately: a card for many says the same to all of them."""


@lru_cache(KEPT)
def inert(text: str) -> str:
    """The words as they are, with nothing a client would act upon."""
    return _LIVE.sub(rf"\g<0>{JOINER}", sound(text))


@lru_cache(KEPT)
def literal(text: str) -> str:
    """One line that reads the same whether or not the client parses Markdown. Backslashes would not do:
    Teams for mobile honours them before `* _ [ ] )` only, and a choice without Markdown shows them."""
    line = _EMPHASIS.sub("＿", _BLANKS.sub(" ", inert(text)).strip(" ").translate(_LOOKALIKES))
    return _MARKUP.sub(rf"\g<0>{JOINER}", line)


def web(url: str, brackets: str = "()[]") -> str:
    """The address in ASCII, "" for what is not an http(s) address."""
    quoted = quote(sound(url), safe=_URL + brackets)
    return quoted if _WEB.match(quoted) else ""


def person(address: str) -> str:
    """The id by which Teams knows somebody, "" for a channel (19:…) and for other platforms."""
    try:
        user = address_parts(address)[1]
    except ValueError:
        return ""
    return "" if user.startswith("19:") else user


class Mentions:
    """The people one card calls by name, as `msteams.entities` lists them."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def call(self, mention: Mention) -> str | None:
        """The marked name, or None where it has to be plain: not somebody on Teams, or a namesake of
        somebody called before, since Teams finds the person by the marked name alone."""
        user, marked = person(mention.address), f"<at>{literal(mention.name)}</at>"
        return marked if user and self._ids.setdefault(marked, user) == user else None

    def entities(self) -> list[Block]:
        return [
            {"type": "mention", "text": marked, "mentioned": {"id": user, "name": marked[4:-5]}}
            for marked, user in self._ids.items()
        ]


def block(text: str, **look: Any) -> Block:
    """A TextBlock of literal words."""
    return {"type": "TextBlock", "text": literal(text), "wrap": True, **look}


def paragraph(
    spans: Spans, *, limit: int, quiet: bool = False, mentions: Mentions | None = None
) -> list[Block]:
    """A block a line, `limit` characters in all. Without `mentions` people are named, not called."""
    look: Block = {"isSubtle": True, "size": "small"} if quiet else {}
    blocks: list[Block] = []
    gap = False
    for line in _lines(_cut(spans, limit)):
        if any(spoken(span).strip() for span in line):
            spacing = {"spacing": "default" if gap else "none"} if blocks else {}
            blocks.append(_line(line, look, mentions) | spacing)
            gap = False
        else:
            gap = True
    return blocks


def _cut(spans: Spans, limit: int) -> Iterator[Span]:
    for span in spans:
        words = spoken(span)
        if len(words) > limit:
            yield _saying(span, shorten(words, limit))
            return
        limit -= len(words)
        yield span


def _lines(spans: Iterator[Span]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for span in spans:
        first, *rest = sound(spoken(span)).split("\n")
        lines[-1] += [_saying(span, first)] if first else []
        lines += [[_saying(span, words)] if words else [] for words in rest]
    return lines


def _saying(span: Span, words: str) -> Span:
    match span:
        case str():
            return words
        case Mention():
            return replace(span, name=words)
        case Bold() | Italic() | Link():
            return replace(span, text=words)
        case _:
            assert_never(span)


def _line(spans: list[Span], look: Block, mentions: Mentions | None) -> Block:
    """Teams knows a mention in a TextBlock only."""
    if mentions is not None and any(isinstance(span, Mention) and mentions.call(span) for span in spans):
        text = "".join(_marked(span, mentions) for span in spans)
        return {"type": "TextBlock", "text": text, "wrap": True} | look
    return {"type": "RichTextBlock", "inlines": [_run(span) | look for span in spans]}


def _run(span: Span) -> Block:
    run: Block = {"type": "TextRun", "text": inert(spoken(span))}
    match span:
        case str() | Mention():
            return run
        case Bold():
            return run | {"weight": "bolder"}
        case Italic():
            return run | {"italic": True}
        case Link():
            url = web(span.url)
            return run | ({"selectAction": {"type": "Action.OpenUrl", "url": url}} if url else {})
        case _:
            assert_never(span)


def _marked(span: Span, mentions: Mentions) -> str:
    words = _spaced(spoken(span))
    match span:
        case str():
            return words
        case Bold():
            return f"**{words}**" if words.strip() else words
        case Italic():
            return f"_{words}_" if words.strip() else words
        case Link():
            url = web(span.url, brackets="")
            return f"[{words}]({url})" if url and words.strip() else words
        case Mention():
            return mentions.call(span) or words
        case _:
            assert_never(span)


def _spaced(text: str) -> str:
    """Literal words with the spaces that part them from their neighbours."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() and text.strip() else ""
    return before + literal(text) + after

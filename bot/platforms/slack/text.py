"""Words as Slack takes them.

`rich_text` and `plain_text` are not parsed by Slack: nothing a person types can become a mention, a link or
bold there. `mrkdwn` is used where Slack leaves no choice: the notification line, and small print that holds
a link, a mention or emphasis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, assert_never

from bot.chat.text import (
    COMMAND,
    Bold,
    Italic,
    Link,
    Mention,
    Moment,
    Plain,
    Spans,
    Spelling,
    shorten,
    spelt,
    spoken,
)

Json = dict[str, Any]

LIMITS: Final = {
    "message blocks": 50,
    "message text": 9000,
    "view blocks": 100,
    "header": 150,
    "text object": 3000,
    "actions": 25,
    "overflow options": 5,
    "button": 75,
    "accessibility label": 75,
    "option": 75,
    "options": 100,
    "checkboxes": 10,
    "url": 3000,
    "alt text": 2000,
    "view title": 24,
    "input label": 2000,
    "input value": 3000,
}
"""Characters and counts, from @slack/types 3.2.0 and docs.slack.dev/reference/block-kit (November 2026).
Slack publishes no limit for the length of a rich_text block: ours is that of a text object. Nor does it say
how much text the blocks of a message hold together (msg_blocks_too_long): 9,597 characters were taken and
11,341 refused (slackapi/bolt-js#2867)."""


SPELLING: Final = Spelling(f"{COMMAND} ", "/invite @Cercle")
"""How commands are typed, in every conversation."""

DATE: Final = "\u200b{date_long}, {time}"
CLOSE_DATE: Final = "\u200b{date_long_pretty}, {time}"
"""How Slack shows a moment, by the reader's own clock and in the language of the reader's Slack. Slack makes
the first letter a capital, so the first character is a zero-width space."""

KEPT: Final = 1024
"""Words that were dressed lately: a card for many says the same to all of them."""


def rich(kind: str, spans: Spans) -> list[Json]:
    typed = spelt(spans, SPELLING)
    if not clean(_line(typed)).strip():
        return []
    elements = [_rich_span(span) for span in cut(typed, LIMITS["text object"])]
    return [{"type": "rich_text", "elements": [{"type": kind, "elements": elements}]}]


def _rich_span(span: Plain) -> Json:
    match span:
        case str():
            return {"type": "text", "text": clean(span)}
        case Bold():
            return {"type": "text", "text": clean(span.text), "style": {"bold": True}}
        case Italic():
            return {"type": "text", "text": clean(span.text), "style": {"italic": True}}
        case Link() if is_link(span.url):
            return {"type": "link", "url": span.url, "text": clean(span.text)}
        case Link():
            return {"type": "text", "text": clean(span.text)}
        case Mention():
            if user := user_id(span.address):
                return {"type": "user", "user_id": user}
            if channel := channel_id(span.address):
                return {"type": "channel", "channel_id": channel}
            return {"type": "text", "text": clean(span.name)}
        case Moment():
            return {
                "type": "date",
                "timestamp": int(span.at.timestamp()),
                "format": _date_format(span),
                "fallback": clean(span.text),
            }
        case _:
            assert_never(span)


def _date_format(moment: Moment) -> str:
    return CLOSE_DATE if moment.by_name else DATE


def cut(spans: Iterable[Plain], room: int) -> Iterator[Plain]:
    """The spans that fit into `room` characters, the last one shortened; empty ones left out."""
    for span in spans:
        words = clean(spoken(span))
        if length(words) > room:
            yield _with_words(span, shorten(words, room, length)) if room > 1 else "…"
            return
        room -= length(words)
        if words:
            yield span


def _with_words(span: Plain, words: str) -> Plain:
    match span:
        case Bold() | Italic() | Link():
            return replace(span, text=words)
        case str() | Mention() | Moment():
            return words


def small(spans: Spans) -> list[Json]:
    words = text_object(spans)
    return [{"type": "context", "elements": [words]}] if words else []


def text_object(spans: Spans) -> Json | None:
    """Return words for where Slack takes no rich_text, None if there are none. If their markup would be too
    long, they lose it rather than their end."""
    typed = spelt(spans, SPELLING)
    words = clean(_line(typed))
    if not words.strip():
        return None
    if all(map(_is_bare, typed)) or length(dressed := _dressed(typed)) > LIMITS["text object"]:
        return plain(words, "text object")
    return {"type": "mrkdwn", "text": dressed, "verbatim": True}


def words_of(spans: Spans) -> str:
    """Return the words of the spans, without emphasis and addresses."""
    return _line(spelt(spans, SPELLING))


def _line(spans: Iterable[Plain]) -> str:
    return "".join(map(spoken, spans))


def _is_bare(span: Plain) -> bool:
    return isinstance(span, str) or _mrkdwn(span) == marked_up(spoken(span))


def _dressed(spans: Iterable[Plain]) -> str:
    """Slack formats between the borders of words only: a zero-width space parts emphasis from its neighbours.
    Nothing else is parted, for a line could end there, before the full stop that follows a moment."""
    dressed = ""
    for part in filter(None, map(_mrkdwn, spans)):
        touching = dressed and not dressed[-1].isspace() and not part[0].isspace()
        emphasis = touching and (dressed[-1] in "*_" or part[0] in "*_")
        dressed += f"\u200b{part}" if emphasis else part
    return dressed


def _mrkdwn(span: Plain) -> str:
    match span:
        case str():
            return marked_up(span)
        case Bold():
            return _between("*", span.text)
        case Italic():
            return _between("_", span.text)
        case Link() if is_link(span.url):
            return f"<{_in_brackets(span.url)}|{marked_up(' '.join(span.text.split())) or '…'}>"
        case Link():
            return marked_up(span.text)
        case Mention():
            if user := user_id(span.address):
                return f"<@{user}>"
            channel = channel_id(span.address)
            return f"<#{channel}>" if channel else marked_up(span.name)
        case Moment():
            fallback = marked_up(" ".join(span.text.split())).replace("|", "¦")
            return f"<!date^{int(span.at.timestamp())}^{_date_format(span)}|{fallback}>"
        case _:
            assert_never(span)


def _between(mark: str, words: str) -> str:
    """Emphasis ends with its line and touches its words."""
    bare = marked_up(" ".join(words.split()))
    return f"{mark}{bare}{mark}" if bare else ""


_LOOK_ALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "&": "&amp;", "<": "&lt;", ">": "&gt;"})


@lru_cache(KEPT)
def marked_up(words: str) -> str:
    """Words as mrkdwn that reads as typed. There is no escape for * _ ~ `: only a look-alike is safe."""
    words = re.sub(r"(?m)^(\s*)>", r"\1›", clean(words))
    words = re.sub(r"(?<![^\W_])_|_(?![^\W_])", "ˍ", words)
    return words.translate(_LOOK_ALIKES)


@lru_cache(KEPT)
def plain(words: str, limit: str) -> Json:
    """Nobody changes what is returned."""
    return {"type": "plain_text", "text": fit(words, limit), "emoji": False}


def fit(words: str, limit: str) -> str:
    """Within the limit, and never empty: Slack refuses an empty text."""
    kept = clean(words)
    return shorten(kept, LIMITS[limit], length) if kept.strip() else "…"


def length(words: str) -> int:
    """In UTF-16 units: how Slack counts is not published, and no client counts an emoji as more."""
    return len(words) if words.isascii() else len(words.encode("utf-16-le", "surrogatepass")) // 2


_CONTROLS = "\x00-\x08\x0b-\x1f\x7f\u202d\u202e\ud800-\udfff"
_UNSENDABLE = re.compile(f"[{_CONTROLS}]")


def sendable(words: str) -> str:
    """As typed, without the control characters that JSON or a reader would stumble over."""
    return _UNSENDABLE.sub("", words)


def clean(words: str) -> str:
    """With a word joiner in what looks like a mention: Slack parses neither plain_text nor rich_text, and
    should it ever, there is nothing to find."""
    return re.sub("<(?=[!@#])", "<\u2060", sendable(words))


def user_id(address: str) -> str:
    """The Slack id in an address; "" for an address of another chat."""
    found = re.fullmatch(r"slack:[^:]+:([UW][A-Z0-9]+)", address)
    return found[1] if found else ""


def channel_id(address: str) -> str:
    """The Slack id of a channel, whose name Slack shows to those who may know it; "" for another address."""
    found = re.fullmatch(r"slack:[^:]+:([CG][A-Z0-9]+)", address)
    return found[1] if found else ""


_LINK = re.compile(f"https?://[^\\s<>{_CONTROLS}]+")


def is_link(url: str) -> bool:
    """Whether Slack takes it for a link, and a reader may."""
    return _LINK.fullmatch(url) is not None and length(url) <= LIMITS["url"]


def _in_brackets(url: str) -> str:
    return url.replace("&", "&amp;").replace("|", "%7C")

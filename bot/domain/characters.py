"""Which characters of a text are seen, and where a text may be cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import regex

GRAPHEME = regex.compile(r"\X")
"""What a reader takes for one character (Unicode UAX 29)."""

_TAGS = "\U000e0000-\U000e007f"
_UNSEEN = re.compile(
    rf"(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)"
    rf"|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    rf"\ufeff\ufff9-\ufffb{_TAGS}]"
)
"""Controls, soft hyphens, zero-width and direction marks, tags. The first group is kept: tags spell the flags
of England, Scotland and Wales. The joiners U+200C and U+200D stay: emoji and several scripts need them."""
_STRAY_JOINERS = re.compile(r"(?:(?<=\s)|^)[\u200c\u200d]+|[\u200c\u200d]+(?=\s|$)")
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that draw nothing."""


def without_unseen(text: str) -> str:
    """Return the text without the characters that nobody sees."""
    if text.isascii() and text.isprintable():
        return text
    return _STRAY_JOINERS.sub("", _UNSEEN.sub(r"\1", text))


def is_seen(text: str) -> bool:
    """Tell whether a reader sees anything of the text. A character that this Python does not know may be an
    emoji newer than it, so it counts as seen."""
    return any(
        unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")
        for each in _BLANK.sub("", text)
    )


def shorten(text: str, limit: int, size: Callable[[str], int] = len, mark: str = "…") -> str:
    """Return at most `limit` of the text as `size` counts it. A cut is between graphemes, shown as `mark`."""
    if size(text) <= limit:
        return text
    end, room = 0, limit - size(mark)
    for grapheme in GRAPHEME.finditer(text):
        room -= size(grapheme[0])
        if room < 0:
            break
        end = grapheme.end()
    return text[:end].rstrip() + mark

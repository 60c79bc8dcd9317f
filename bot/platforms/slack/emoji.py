"""Emoji as characters: Slack delivers what a person picked or typed as a shortcode, `:tada:`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import regex

TABLE = Path(__file__).with_name("emoji.txt")

_SHORTCODE = regex.compile(
    r"(?P<link>[a-z][a-z0-9+.-]*://\S+)"
    r"|:(?P<name>[a-z0-9_+'-]+):(?::skin-tone-(?P<tone>[2-6]):)?",
    regex.IGNORECASE,
)
_TAKES_TONE = regex.compile(r"(?<!\u200d)\p{Emoji_Modifier_Base}\ufe0f?|\p{Emoji_Modifier_Base}(?!\u200d)")
"""Between two joiners stands what two people share, which has no skin."""
_LIGHTEST = 0x1F3FB
"""Of the five modifiers; Slack numbers them from 2."""


@cache
def table() -> Mapping[str, str]:
    """Return the characters by name."""
    lines = TABLE.read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if not line.startswith("#"))


def with_emoji(text: str) -> str:
    """Return the text with characters in the place of the shortcodes that Slack knows everywhere. The others,
    a workspace's own among them, stay as typed; so do those inside an address or inside a word ("a:b:c")."""
    return _SHORTCODE.sub(_emoji, text) if ":" in text else text


def _emoji(found: regex.Match[str]) -> str:
    character = table().get((found["name"] or "").lower(), "")
    if not character or _is_inside_a_word(found):
        return found[0]
    if not found["tone"]:
        return character
    tone = chr(_LIGHTEST + int(found["tone"]) - 2)
    return _TAKES_TONE.sub(lambda base: base[0][0] + tone, character)


def _is_inside_a_word(found: regex.Match[str]) -> bool:
    start, end = found.span()
    return found.string[max(start - 1, 0) : start].isalnum() and found.string[end : end + 1].isalnum()

"""How the same card looks elsewhere. The renderers are handed in: platforms are strangers to each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from bot.chat.card import Card
from bot.chat.form import Form

DESIGNER = "https://adaptivecards.microsoft.com/designer"
"""Takes a card by the address of a public file only (its `card` parameter), never in the link itself;
asked for since 2024: microsoft/AdaptiveCards#8998. So the reader pastes it."""

BUILDER = "https://app.slack.com/block-kit-builder/#"


@dataclass(frozen=True, slots=True)
class Preview:
    """Another platform's drawing of a card or a form, and the page where its makers let one look at it.

    `tool` is that page's name. `carries`: the link brings the payload along; otherwise it is pasted there.
    """

    name: str
    message: Callable[[Card], object]
    form: Callable[[Form], object]
    link: Callable[[object], str]
    tool: str
    carries: bool


def block_kit_builder(payload: object) -> str:
    """The builder showing a view, or the blocks of a message: the text beside them is not its business."""
    match payload:
        case {"type": _}:
            whole = payload
        case {"blocks": blocks}:
            whole = {"blocks": blocks}
        case _:
            whole = {"blocks": payload}
    return BUILDER + quote(json.dumps(whole, ensure_ascii=False, separators=(",", ":")), safe="")


def adaptive_cards_designer(_payload: object) -> str:
    return DESIGNER

"""A card as text, for the few that are stored, and back. Where a card can be drawn again, it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, get_args

from bot.chat.action import Action, pack
from bot.chat.card import Bar, Card, Element, Item, Style
from bot.chat.text import Span

Unpack = Callable[[str], Action]
"""From a packed action. Raises BadAction, a ValueError."""

_PARTS: Final[Mapping[str, Any]] = {
    part.__name__: part
    for part in (Card, Bar, *get_args(Element), *get_args(Item), *get_args(Span))
    if part is not str
}


def dump(card: Card) -> str:
    return json.dumps(_plain(card), ensure_ascii=False, separators=(",", ":"))


def load(text: str, unpack: Unpack) -> Card:
    """Raises ValueError for what `dump` has not written, also in an older version of the vocabulary."""
    try:
        card = _whole(json.loads(text), unpack)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("no stored card") from error
    if not isinstance(card, Card):
        raise ValueError("no stored card")
    return card


def _plain(value: Any) -> Any:
    match value:
        case Action():
            return {"action": pack(value)}
        case Style():
            return {"style": value.value}
        case tuple():
            return [_plain(each) for each in value]
        case str() | int():
            return value
        case _:
            return {"part": type(value).__name__} | {
                field.name: _plain(getattr(value, field.name)) for field in fields(value)
            }


def _whole(value: Any, unpack: Unpack) -> Any:
    match value:
        case {"action": str(packed)}:
            return unpack(packed)
        case {"style": str(style)} if len(value) == 1:
            return Style(style)
        case {"part": str(name), **given}:
            return _PARTS[name](**{str(key): _whole(each, unpack) for key, each in given.items()})
        case list():
            return tuple(_whole(each, unpack) for each in value)
        case _:
            return value

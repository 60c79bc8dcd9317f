"""A card or a form as text, for the few that are stored, and back. Where one can be drawn again, it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, get_args

from bot.chat.action import Action, pack
from bot.chat.card import Bar, Card, Element, Item, Style
from bot.chat.form import Form, Option, Part
from bot.chat.text import Span

Unpack = Callable[[str], Action]
"""From a packed action. Raises BadAction, a ValueError."""

_UNIONS = (Element, Item, Span, Part)
_PARTS: Final[Mapping[str, Any]] = {
    part.__name__: part
    for part in (Card, Form, Bar, Option, *(each for union in _UNIONS for each in get_args(union)))
    if part is not str
}


def dump(whole: Card | Form) -> str:
    return json.dumps(_plain(whole), ensure_ascii=False, separators=(",", ":"))


def load(text: str, unpack: Unpack) -> Card | Form:
    """Raises ValueError for what `dump` has not written, also in an older version of the vocabulary."""
    try:
        whole = _whole(json.loads(text), unpack)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("no stored card") from error
    if not isinstance(whole, Card | Form):
        raise ValueError("no stored card")
    return whole


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

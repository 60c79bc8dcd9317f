"""What we say. A closed union: a renderer that forgets an element does not type-check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from bot.chat.action import Action
from bot.chat.text import CommandName, Moment, Span, Spans


class Style(Enum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `quiet` is small print. A newline inside a span is a line break."""

    spans: Spans
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's own words, set apart. A command that was not understood is a CommandName: it is shown as it
    is to be typed again."""

    text: str | CommandName


@dataclass(frozen=True, slots=True)
class Image:
    """A public https picture with the words for those who do not see it."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with what is so."""

    rows: tuple[tuple[str, str | Moment], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts side by side, drawn against the largest of them."""

    rows: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Divider:
    pass


@dataclass(frozen=True, slots=True)
class Button:
    """Does something at once."""

    label: str
    action: Action
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class FormButton:
    """Opens a form or shows a card, in a dialog where the platform has one. A kind of its own because Teams
    has to know before the click."""

    label: str
    action: Action
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class LinkButton:
    """Opens a page. Only Slack reports the click, so what has to be counted goes through our own page."""

    label: str
    url: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Menu:
    """Rarer choices behind one button; 1 to 5 of them (Slack's overflow menu)."""

    label: str
    buttons: tuple[Button | FormButton | LinkButton, ...]


Item = Button | FormButton | LinkButton | Menu


@dataclass(frozen=True, slots=True)
class Buttons:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One of a list: words at the left, one thing to press at the right. The words say what it is about, and
    stand there whole; so the label is short, and may be the same in every row."""

    spans: Spans
    item: Item


Element = Text | Quote | Image | Facts | Bars | Divider | Row | Buttons


@dataclass(frozen=True, slots=True)
class Card:
    """`title` may be empty: a single sentence needs no heading."""

    title: str
    body: tuple[Element, ...] = ()


def text(*spans: Span) -> Text:
    return Text(spans)


def small(*spans: Span) -> Text:
    return Text(spans, quiet=True)


def buttons(*items: Item | None) -> Buttons:
    """A row of buttons; None leaves a place out."""
    return Buttons(tuple(item for item in items if item is not None))


def every_item(card: Card) -> Iterator[Button | FormButton | LinkButton]:
    """Yield whatever can be pressed on a card, those inside menus included."""
    for element in card.body:
        for item in _items(element):
            yield from item.buttons if isinstance(item, Menu) else (item,)


def _items(element: Element) -> tuple[Item, ...]:
    match element:
        case Buttons():
            return element.items
        case Row():
            return (element.item,)
        case _:
            return ()


def pictures(card: Card) -> tuple[Image, ...]:
    return tuple(element for element in card.body if isinstance(element, Image))


def in_words(card: Card, refused: Callable[[Image], bool]) -> Card:
    """Return the card with the alternative text of the refused pictures in their places; the card itself if
    it has none of them."""
    if not any(map(refused, pictures(card))):
        return card
    body = tuple(
        small(element.alt) if isinstance(element, Image) and refused(element) else element
        for element in card.body
    )
    return replace(card, body=body)

"""Cards and forms as Block Kit. Pure: the same card is the same JSON. What many are shown is drawn once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, time
from functools import lru_cache
from itertools import chain, count
from typing import Any, Final, assert_never

from bot.chat.action import pack
from bot.chat.card import (
    Bars,
    Button,
    Buttons,
    Card,
    Divider,
    Element,
    Facts,
    FormButton,
    Image,
    Item,
    LinkButton,
    Menu,
    Quote,
    Row,
    Style,
    Text,
    every_item,
)
from bot.chat.form import (
    Choice,
    Choices,
    DateInput,
    Form,
    Input,
    Note,
    Option,
    Part,
    People,
    TextInput,
    TimeInput,
    Toggle,
)
from bot.chat.plain import bar, summary
from bot.chat.text import Bold, Moment, Span, Spans, shorten, spelt
from bot.platforms.slack.text import (
    KEPT,
    LIMITS,
    SPELLING,
    Json,
    cut,
    fit,
    is_link,
    length,
    marked_up,
    plain,
    rich,
    sendable,
    small,
    text_object,
    user_id,
    words_of,
)

RADIOS: Final = 5
"""Options up to which a required choice shows them all."""
CALLBACK: Final = "cercle"
LINK: Final = "link"
"""The value of whatever only opens a page."""


class TooMany(ValueError):
    """More elements than Slack takes: the card is wrong, no shortening would mend it."""


def message(card: Card) -> Json:
    """The arguments `text` and `blocks` of chat.postMessage. Raises TooMany."""
    fitting = _fitting(card)
    return {"text": marked_up(summary(card, SPELLING)) or "…", "blocks": _card(fitting, "message blocks")}


def home(card: Card) -> Json:
    """The view of views.publish. Raises TooMany."""
    return {"type": "home", "blocks": _card(card, "view blocks")}


def modal(form: Form, *, cancel: str) -> Json:
    """The view of views.open. Raises ValueError for a choice without options, TooMany for too many."""
    blocks = [block for part in form.parts for block in _part(part)]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": pack(form.action),
        "title": plain(form.title, "view title"),
        "submit": plain(form.submit, "view title"),
        "close": plain(cancel, "view title"),
        "blocks": _at_most("view blocks", blocks),
    }


def page(card: Card, *, close: str) -> Json:
    """A modal that only tells; the card's title is its own. Raises TooMany."""
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain(card.title, "view title"),
        "close": plain(close, "view title"),
        "blocks": _card(replace(card, title=""), "view blocks"),
    }


# All the words of a message


def _fitting(card: Card) -> Card:
    """Return the card with its longest texts cut, if it has more words than a message may have. Cards leave
    by the thousand and nearly all are short, so most are not measured exactly."""
    if _is_short(card):
        return card
    texts = {place: spans for place, element in enumerate(card.body) if (spans := _spans(element))}
    sizes = sorted(min(length(words_of(spans)), LIMITS["text object"]) for spans in texts.values())
    room = LIMITS["message text"] - length(card.title) - sum(length(item.label) for item in every_item(card))
    if sum(sizes) <= room:
        return card
    longest = room // len(sizes)
    for shorter, size in enumerate(sizes):  # what a short text leaves is for the longer ones
        longest = (room - sum(sizes[:shorter])) // (len(sizes) - shorter)
        if size > longest:
            break
    body = list(card.body)
    for place, spans in texts.items():
        if length(words_of(spans)) > longest:
            body[place] = _cut_to(body[place], tuple(cut(spelt(spans, SPELLING), max(longest, 1))))
    return replace(card, body=tuple(body))


def _is_short(card: Card) -> bool:
    """Tell quickly that a card fits, however Slack counts: as two what is one of Python's characters."""
    return len(card.title) + sum(map(_at_most_long, card.body)) <= LIMITS["message text"] // 2


def _at_most_long(element: Element) -> int:
    """Return how many characters an element has, or a few more."""
    match element:
        case Text():
            return _characters(element.spans)
        case Row():
            return _characters(element.spans) + LIMITS["button"]
        case Quote():
            return _characters((element.text,))
        case Buttons():
            return LIMITS["button"] * sum(5 if isinstance(item, Menu) else 1 for item in element.items)
        case _:
            return LIMITS["text object"] // 2


@lru_cache(KEPT)
def _characters(spans: Spans) -> int:
    return len(words_of(spans))


def _spans(element: Element) -> Spans:
    """The words of an element that may be cut."""
    match element:
        case Text() | Row():
            return element.spans
        case Quote():
            return (element.text,)
        case Facts():
            return _facts(element)
        case Bars():
            return _bars(element)
        case Image() | Divider() | Buttons():
            return ()
        case _:
            assert_never(element)


def _cut_to(element: Element, spans: Spans) -> Element:
    match element:
        case Text() | Row():
            return replace(element, spans=spans)
        case Quote():
            return Quote(words_of(spans))
        case _:
            return Text(spans)


# Pictures


def has_pictures(drawn: Json) -> bool:
    """Tell whether a drawn message or view has a picture."""
    return any(block["type"] == "image" for block in drawn["blocks"])


def in_words(drawn: Json) -> Json:
    """Return a drawn message or view with the alternative text of each picture in its place."""
    blocks = [
        small((block["alt_text"],)) if block["type"] == "image" else [block] for block in drawn["blocks"]
    ]
    return {**drawn, "blocks": [*chain.from_iterable(blocks)]}


# Cards


def _card(card: Card, limit: str) -> list[Json]:
    numbers = count(1)
    header = [{"type": "header", "text": plain(card.title, "header")}] if card.title.strip() else []
    body = (block for element in card.body for block in _element(element, numbers))
    return _at_most(limit, [*header, *body])


def _element(element: Element, numbers: Iterator[int]) -> list[Json]:
    match element:
        case Buttons():
            items = _at_most("actions", [_item(item, numbers) for item in element.items])
            return [{"type": "actions", "elements": items}] if items else []
        case Row():
            return [_row(element, numbers)]
        case _:
            return _still(element)


def _row(row: Row, numbers: Iterator[int]) -> Json:
    item = _item(row.item, numbers)
    if not isinstance(row.item, Menu):
        whole = f"{row.item.label} — {' '.join(words_of(row.spans).split())}"
        item = {**item, "accessibility_label": fit(whole, "accessibility label")}
    words = text_object(row.spans) or plain("", "text object")
    return {"type": "section", "text": words, "accessory": item, "expand": True}


@lru_cache(KEPT)
def _still(element: Text | Quote | Image | Facts | Bars | Divider) -> list[Json]:
    """What cannot be pressed. Nobody changes what is returned."""
    match element:
        case Text():
            return _text(element.spans, element.quiet)
        case Quote():
            return rich("rich_text_quote", (element.text,))
        case Image():
            return _image(element)
        case Facts():
            return rich("rich_text_section", _facts(element))
        case Bars():
            return rich("rich_text_section", _bars(element))
        case Divider():
            return [{"type": "divider"}]
        case _:
            assert_never(element)


def _image(image: Image) -> list[Json]:
    if not (image.url.startswith("https://") and is_link(image.url)):
        return small((image.alt,))
    return [{"type": "image", "image_url": image.url, "alt_text": fit(image.alt, "alt text")}]


def _facts(facts: Facts) -> Spans:
    rows = [(Bold(name), *_after_space(value)) for name, value in facts.rows]
    return tuple(_lines(rows))


def _after_space(value: str | Moment) -> Spans:
    return (f"\u2002{value}",) if isinstance(value, str) else ("\u2002", value)


def _bars(bars: Bars) -> Spans:
    most = max((row.count for row in bars.rows), default=0)
    rows = [
        (f"{row.label}\u2002{bar(row.count, most)}".rstrip() + "\u2002", Bold(str(row.count)))
        for row in bars.rows
    ]
    return tuple(_lines(rows))


def _lines(rows: Iterable[Spans]) -> Iterator[Span]:
    for number, row in enumerate(rows):
        yield from ("\n", *row) if number else row


def _item(item: Item, numbers: Iterator[int]) -> Json:
    number = next(numbers)
    if isinstance(item, LinkButton):  # whose page is often one's own
        return _button(item, f"link:{number}", {"value": LINK, "url": _page(item.url)})
    return _pressed(item, number)


@lru_cache(KEPT)
def _pressed(item: Button | FormButton | Menu, number: int) -> Json:
    """Nobody changes what is returned."""
    match item:
        case Button():
            return _button(item, f"act:{number}", {"value": pack(item.action)})
        case FormButton():
            return _button(item, f"form:{number}", {"value": pack(item.action)})
        case Menu():
            options = _at_most("overflow options", [_entry(button) for button in item.buttons])
            return {"type": "overflow", "action_id": f"menu:{number}", "options": options}
        case _:
            assert_never(item)


def _button(item: Button | FormButton | LinkButton, action_id: str, target: Json) -> Json:
    drawn = {"type": "button", "action_id": action_id, "text": plain(item.label, "button"), **target}
    return drawn if item.style is Style.PLAIN else {**drawn, "style": item.style.value}


def _entry(button: Button | FormButton | LinkButton) -> Json:
    text = plain(button.label, "option")
    match button:
        case LinkButton():
            return {"text": text, "value": LINK, "url": _page(button.url)}
        case Button() | FormButton():
            return {"text": text, "value": pack(button.action)}
        case _:
            assert_never(button)


# Forms


def _part(part: Part) -> list[Json]:
    match part:
        case Note():
            return _text(part.spans, part.quiet)
        case _:
            return [_input(part)]


def _input(part: Input) -> Json:
    block = {
        "type": "input",
        "block_id": part.name,
        "label": plain(_label(part), "input label"),
        "element": {"action_id": "value", **_field(part)},
        "optional": not part.required,
    }
    return {**block, "hint": plain(part.hint, "input label")} if part.hint else block


def _field(part: Input) -> Json:
    match part:
        case TextInput():
            return _text_input(part)
        case Choice():
            options = _options("options", part.options)
            chosen = next((option for option in options if option["value"] == part.value), None)
            return {"type": _one_of(part), "options": options} | _initial("option", chosen)
        case Choices():
            options = _options("checkboxes", part.options)
            ticked = [option for option in options if option["value"] in part.value]
            return {"type": "checkboxes", "options": options} | _initial("options", ticked)
        case People():
            users = [user for user in map(user_id, part.value) if user]
            return {"type": "multi_users_select"} | _initial("users", users)
        case DateInput():
            return {"type": "datepicker"} | _initial("date", _date(part.value))
        case TimeInput():
            return {"type": "timepicker"} | _initial("time", _time(part.value))
        case Toggle():
            yes = _options("checkboxes", (Option("true", part.label),))
            initial = _initial("options", yes if part.value else None)
            return {"type": "checkboxes", "action_id": "toggle", "options": yes} | initial
        case _:
            assert_never(part)


def _label(part: Input) -> str:
    return (part.heading or part.label) if isinstance(part, Toggle) else part.label


def _text_input(part: TextInput) -> Json:
    """A text that came in longer than the field allows is kept: the handler says so, nothing is lost."""
    value = shorten(sendable(part.value), LIMITS["input value"], length)
    longest = min(max(part.max_length, length(value)), LIMITS["input value"])
    field = {"type": "plain_text_input", "multiline": part.multiline, "max_length": longest}
    return field | _initial("value", value)


def _one_of(part: Choice) -> str:
    return "radio_buttons" if part.required and len(part.options) <= RADIOS else "static_select"


def _options(limit: str, options: Iterable[Option]) -> list[Json]:
    drawn = _at_most(limit, [_option(option) for option in options])
    if not drawn:
        raise ValueError("nothing to choose from")
    return drawn


def _option(option: Option) -> Json:
    """Raises ValueError for a value that would come back cut."""
    if not 0 < length(option.value) <= LIMITS["option"]:
        raise ValueError(f"the value {option.value!r} does not fit an option")
    return {"text": plain(option.label, "option"), "value": option.value}


def _initial(name: str, value: Any) -> Json:
    return {f"initial_{name}": value} if value else {}


def _date(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return ""


def _time(value: str) -> str:
    try:
        return time.fromisoformat(value).strftime("%H:%M")
    except ValueError:
        return ""


# Both


def _text(spans: Spans, quiet: bool) -> list[Json]:
    return small(spans) if quiet else rich("rich_text_section", spans)


def _page(url: str) -> str:
    """Raises ValueError for what Slack would refuse as the URL of a button."""
    if not is_link(url):
        raise ValueError(f"{url[:80]!r} cannot stand behind a button")
    return url


def _at_most(limit: str, elements: list[Json]) -> list[Json]:
    if len(elements) > LIMITS[limit]:
        raise TooMany(f"{len(elements)} elements, {LIMITS[limit]} fit: {limit}")
    return elements

"""Cards and forms as Adaptive Cards 1.5, the newest version Teams documents for bots.

Pure and total. Buttons stay where the card puts them (an ActionSet in the body), and whatever is pressed
comes back as `{"cercle": packed action}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, assert_never

from bot.chat.action import pack
from bot.chat.card import (
    Bar,
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
)
from bot.chat.form import (
    NO_ERRORS,
    Choice,
    Choices,
    DateInput,
    Errors,
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
from bot.chat.plain import summary
from bot.chat.text import Spelling, shorten, spelt, spoken
from bot.platforms.teams.parse import RESERVED
from bot.platforms.teams.text import (
    Block,
    Mentions,
    block,
    inert,
    literal,
    paragraph,
    person,
    sound,
    spelling,
    web,
)

SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION: Final = "1.5"

CARD_BYTES: Final = 28 * 1024
"""As UTF-16. Teams refuses a message above 100 KB ("format your bot messages"); older pages say 40 and 28."""
DIALOG_BYTES: Final = 96 * 1024
"""As UTF-16: the 100 KB, less the envelope. A form holds what was typed, which is never cut."""
ACTIONS_IN_A_ROW: Final = 6
"""Primary actions Teams shows in one set ("cards reference"); the overflow menu is not counted."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """In characters. Teams limits a card by its size alone, so these are ours, near Slack's: a text is cut
    in the same place in both chats. Where that is still too much, the long ones are halved."""

    title: int = 150
    paragraph: int = 3000
    fact: int = 300
    label: int = 75
    alt: int = 1000

    def halved(self) -> Lengths:
        return replace(self, paragraph=self.paragraph // 2, fact=self.fact // 2, alt=self.alt // 2)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card is read: how commands are typed there, and whether its buttons are Universal Actions."""

    spelling: Spelling
    universal: bool


FULL: Final = Lengths()
SHORTEST: Final = 100
"""A paragraph is not cut further."""


def card(card: Card, *, shared: bool = False, in_dialog: bool = False) -> Block:
    """A message, to several people where it is `shared`: its buttons are then Universal Actions, whose answer
    only the person sees who pressed. A card `in_dialog` has none: a dialog is answered by itself. Raises
    ValueError when even its shortest form is above CARD_BYTES."""
    place = _place(shared, in_dialog)
    lengths = FULL
    drawn = _card(card, lengths, place)
    while (bytes := size(drawn)) > CARD_BYTES and lengths.paragraph > SHORTEST:
        lengths = lengths.halved()
        drawn = _card(card, lengths, place)
    return _within(CARD_BYTES, drawn, bytes)


def dialog(
    form: Form,
    *,
    required: str,
    errors: Errors = NO_ERRORS,
    shared: bool = False,
    in_dialog: bool = False,
) -> Block:
    """Draw the inputs and the button of a form, without its title. `required` is the sentence beside a
    required input that was left empty. `shared`: the form is shown to one person in a conversation of several
    people. `in_dialog`: it is shown in a dialog.

    Raises ValueError above DIALOG_BYTES, and for input names that cannot come back.
    """
    place = _place(shared, in_dialog)
    inputs = [part for part in form.parts if not isinstance(part, Note)]
    _check(inputs)
    names = {part.name for part in inputs}
    body = [_error(sentence) for name, sentence in errors.items() if name not in names]
    for part in form.parts:
        body += _part(part, required, errors, place)
    title = {"title": inert(shorten(form.submit, FULL.label))}
    submit = _pressed(title, _submission(form, inputs), place)
    drawn = _adaptive(body) | {"actions": [submit]}
    return _within(DIALOG_BYTES, drawn, size(drawn))


def _place(shared: bool, in_dialog: bool) -> Place:
    return Place(spelling(shared), universal=shared and not in_dialog)


def size(drawn: Block) -> int:
    """Bytes as Teams counts them."""
    return len(json.dumps(drawn, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le"))


def _card(card: Card, lengths: Lengths, place: Place) -> Block:
    mentions = Mentions()
    heading = block(shorten(card.title, lengths.title), style="heading", size="large", weight="bolder")
    body = [heading] if card.title.strip() else []
    parted = False
    for element in card.body:
        blocks = _element(element, lengths, mentions, place)
        if blocks and parted:
            blocks[0] = blocks[0] | {"separator": True, "spacing": "medium"}
        parted = isinstance(element, Divider) or (parted and not blocks)
        body += blocks
    drawn = _adaptive(body) | {"fallbackText": inert(summary(card, place.spelling))}
    if entities := mentions.entities():
        drawn["msteams"] = {"entities": entities}
    return drawn


def _within(limit: int, drawn: Block, bytes: int) -> Block:
    if bytes > limit:
        raise ValueError(f"a card of {bytes} bytes; Teams takes {limit}")
    return drawn


def _adaptive(body: list[Block]) -> Block:
    return {"type": "AdaptiveCard", "$schema": SCHEMA, "version": VERSION, "body": body}


def _element(element: Element, lengths: Lengths, mentions: Mentions, place: Place) -> list[Block]:
    match element:
        case Text():
            spans = spelt(element.spans, place.spelling)
            return paragraph(spans, limit=lengths.paragraph, quiet=element.quiet, mentions=mentions)
        case Quote():
            words = paragraph(spelt((element.text,), place.spelling), limit=lengths.paragraph)
            return [{"type": "Container", "style": "emphasis", "items": words}] if words else []
        case Image():
            return _image(element, lengths)
        case Facts():
            return _facts(element, lengths)
        case Bars():
            most = max((row.count for row in element.rows), default=0)
            return [_bar(row, most, lengths) for row in element.rows]
        case Divider():
            return []
        case Row():
            return [_row(element, lengths, mentions, place)]
        case Buttons():
            return list(_rows(element.items, place))
        case _:
            assert_never(element)


def _image(image: Image, lengths: Lengths) -> list[Block]:
    """The picture, or its words where there is nothing that Teams would fetch: it takes https only."""
    url = web(image.url)
    if not url.startswith("https://"):
        return paragraph((image.alt,), limit=lengths.alt, quiet=True)
    return [
        {"type": "Image", "url": url, "altText": inert(shorten(image.alt, lengths.alt)), "size": "stretch"}
    ]


def _facts(facts: Facts, lengths: Lengths) -> list[Block]:
    rows = [
        {
            "title": literal(shorten(name, lengths.fact)),
            "value": literal(shorten(spoken(value), lengths.fact)),
        }
        for name, value in facts.rows
    ]
    return [{"type": "FactSet", "facts": rows}] if rows else []


def _bar(row: Bar, most: int, lengths: Lengths) -> Block:
    """The words, which are read aloud, and beside them a coloured column, which is not."""
    words = {"type": "TextRun", "text": inert(shorten(row.label, lengths.fact)) + " "}
    count = {"type": "TextRun", "text": str(row.count), "weight": "bolder"}
    label = {"type": "RichTextBlock", "inlines": [words, count]}
    filled = max(round(100 * row.count / most), 1) if row.count > 0 else 0
    stripes = [_stripe(filled, "accent"), _stripe(100 - filled, "default")]
    columns = [_column(100, [label]), *(stripe for stripe in stripes if stripe["width"])]
    return {"type": "ColumnSet", "spacing": "small", "columns": columns}


def _stripe(width: int, style: str) -> Block:
    return _column(width, []) | {"style": style, "minHeight": "8px", "spacing": "none"}


def _column(width: int | str, items: list[Block]) -> Block:
    return {"type": "Column", "width": width, "verticalContentAlignment": "center", "items": items}


def _row(row: Row, lengths: Lengths, mentions: Mentions, place: Place) -> Block:
    """What is pressed keeps its width; the words have the rest. They are its tooltip too, which is read aloud
    with it."""
    spans = spelt(row.spans, place.spelling)
    words = paragraph(spans, limit=lengths.paragraph, mentions=mentions)
    about = " ".join("".join(map(spoken, spans)).split())
    sets = [
        drawn | {"actions": [action | _tooltip(action, about) for action in drawn["actions"]]}
        for drawn in _rows([row.item], place)
    ]
    columns = [_column("stretch", words), _column("auto", sets)]
    return {"type": "ColumnSet", "spacing": "medium", "columns": columns}


def _tooltip(action: Block, about: str) -> Block:
    return {"tooltip": inert(shorten(f"{action['title']} — {about}", FULL.fact))}


def _rows(items: Iterable[Item], place: Place) -> Iterator[Block]:
    shown = [_action(item, place) for item in items if not isinstance(item, Menu)]
    hidden = [
        _action(button, place) | {"mode": "secondary"}
        for item in items
        if isinstance(item, Menu)
        for button in item.buttons
    ]
    rows = [shown[i : i + ACTIONS_IN_A_ROW] for i in range(0, len(shown), ACTIONS_IN_A_ROW)] or [[]]
    rows[-1] += hidden
    yield from ({"type": "ActionSet", "actions": row} for row in rows if row)


def _action(item: Button | FormButton | LinkButton, place: Place) -> Block:
    title = {"title": inert(shorten(item.label, FULL.label))} | _style(item.style)
    match item:
        case Button():
            return _pressed(title, {"cercle": pack(item.action)}, place)
        case FormButton():
            data = {"cercle": pack(item.action), "msteams": {"type": "task/fetch"}}
            return {"type": "Action.Submit", **title, "data": data}
        case LinkButton():
            return {"type": "Action.OpenUrl", **title, "url": web(item.url)}
        case _:
            assert_never(item)


def _pressed(title: Block, data: Block, place: Place) -> Block:
    """Clients that do not know Universal Actions send the fallback, whose answer cannot come with it."""
    submit = {"type": "Action.Submit", **title, "data": data}
    if not place.universal:
        return submit
    return {"type": "Action.Execute", **title, "data": data, "fallback": submit}


def _style(style: Style) -> dict[str, str]:
    match style:
        case Style.PLAIN:
            return {}
        case Style.PRIMARY:
            return {"style": "positive"}
        case Style.DANGER:
            return {"style": "destructive"}
        case _:
            assert_never(style)


def _submission(form: Form, inputs: list[Input]) -> Block:
    """What comes back with the inputs: of which kind they are, since all of them come back as strings."""
    return {
        "cercle": pack(form.action),
        "cercle.form": True,
        "cercle.many": [part.name for part in inputs if isinstance(part, Choices | People)],
        "cercle.toggles": [part.name for part in inputs if isinstance(part, Toggle)],
        "cercle.people": [part.name for part in inputs if isinstance(part, People)],
    }


def _check(inputs: list[Input]) -> None:
    names = [part.name for part in inputs]
    if wrong := {name for name in names if name in RESERVED or not name or names.count(name) > 1}:
        raise ValueError(f"inputs cannot be told apart by these names: {sorted(wrong)}")
    several = (option.value for part in inputs if isinstance(part, Choices) for option in part.options)
    if any("," in value for value in several):
        raise ValueError("several choices come back parted by commas: none may hold one")


def _part(part: Part, required: str, errors: Errors, place: Place) -> Iterator[Block]:
    if isinstance(part, Note):
        spans = spelt(part.spans, place.spelling)
        yield from paragraph(spans, limit=FULL.paragraph, quiet=part.quiet)
        return
    demand = {"isRequired": True, "errorMessage": inert(required)} if part.required else {}
    yield {"id": part.name, **_input(part), **demand}
    if part.name in errors:
        yield _error(errors[part.name])
    if part.hint:
        yield from paragraph((part.hint,), limit=FULL.fact, quiet=True)


def _error(sentence: str) -> Block:
    return block(sentence, color="attention", spacing="small")


def _input(part: Input) -> Block:
    match part:
        case TextInput():
            shape = {"isMultiline": True} if part.multiline else {}
            return _labelled("Input.Text", part, part.value) | {"maxLength": part.max_length} | shape
        case Choice():
            return _labelled("Input.ChoiceSet", part, part.value) | _choices(part.options)
        case Choices():
            several = {"isMultiSelect": True, "style": "expanded"}
            return _labelled("Input.ChoiceSet", part, ",".join(part.value)) | _choices(part.options) | several
        case People():
            ids = ",".join(filter(None, map(person, part.value)))
            return _labelled("Input.ChoiceSet", part, ids) | _EVERYBODY
        case DateInput():
            return _labelled("Input.Date", part, part.value)
        case TimeInput():
            return _labelled("Input.Time", part, part.value)
        case Toggle():
            return _toggle(part)
        case _:
            assert_never(part)


_EVERYBODY: Final = {
    "choices": [],
    "choices.data": {"type": "Data.Query", "dataset": "graph.microsoft.com/users"},
    "isMultiSelect": True,
}
"""Teams' people picker: it searches the whole organisation and answers with object ids."""


def _labelled(kind: str, part: Input, value: str) -> Block:
    return {"type": kind, "label": inert(shorten(part.label, FULL.title))} | (
        {"value": sound(value)} if value else {}
    )


def _toggle(part: Toggle) -> Block:
    value = "true" if part.value else "false"
    look = {"title": literal(shorten(part.label, FULL.title)), "wrap": True}
    return {"type": "Input.Toggle", **look, "valueOn": "true", "valueOff": "false", "value": value}


def _choices(options: tuple[Option, ...]) -> Block:
    choices = [
        {"title": literal(shorten(option.label, FULL.label)), "value": option.value} for option in options
    ]
    return {"choices": choices, "wrap": True}

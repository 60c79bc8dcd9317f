"""Cards and forms as HTML. Pure and total; whatever somebody typed is escaped where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never
from urllib.parse import urlsplit

from markupsafe import Markup, escape

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
    Text,
)
from bot.chat.form import (
    Choice,
    Choices,
    DateInput,
    Errors,
    Form,
    Input,
    Note,
    Part,
    People,
    TextInput,
    TimeInput,
    Toggle,
)
from bot.chat.text import Bold, Italic, Link, Mention, Span, Spans
from bot.platforms.playground.persona import Persona

Say = Callable[[str], str]
"""The platform's own few words in one language, by catalogue key."""

RADIOS = 5
"""Up to so many options a required choice shows them all; above, it is a list that opens."""


def safe_url(url: str) -> bool:
    """Only what a reader expects behind a link: http or https, with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


# Cards


def card(card: Card, say: Say) -> Markup:
    title = Markup("<h3>{}</h3>").format(card.title) if card.title.strip() else ""
    body = _join(_element(element, say) for element in card.body)
    return Markup('<div class="card">{}{}</div>').format(title, body)


def words(text: str) -> Markup:
    """Typed words: escaped, a newline is a line break."""
    return Markup("<br>").join(text.split("\n"))


def _element(element: Element, say: Say) -> Markup:
    match element:
        case Text():
            return _paragraph(element.spans, element.quiet)
        case Quote():
            return Markup("<blockquote>{}</blockquote>").format(words(element.text))
        case Image():
            return _image(element)
        case Facts():
            return Markup("<dl>{}</dl>").format(_rows(element))
        case Bars():
            return Markup('<ul class="bars">{}</ul>').format(_bars(element))
        case Divider():
            return Markup("<hr>")
        case Buttons():
            items = _join(_item(item, say) for item in element.items)
            return Markup('<div class="buttons">{}</div>').format(items)
        case _:
            assert_never(element)


def _paragraph(spans: Spans, quiet: bool) -> Markup:
    opening = Markup('<p class="quiet">') if quiet else Markup("<p>")
    return opening + _join(map(_span, spans)) + Markup("</p>")


def _span(span: Span) -> Markup:
    match span:
        case str():
            return words(span)
        case Bold():
            return Markup("<strong>{}</strong>").format(words(span.text))
        case Italic():
            return Markup("<em>{}</em>").format(words(span.text))
        case Link():
            return _link(span)
        case Mention():
            return Markup('<span class="mention">@{}</span>').format(span.name)
        case _:
            assert_never(span)


def _link(link: Link) -> Markup:
    if not safe_url(link.url):
        return words(link.text)
    return Markup('<a href="{}" target="_blank" rel="noopener">{}</a>').format(link.url, words(link.text))


def _image(image: Image) -> Markup:
    if not safe_url(image.url):
        return Markup('<p class="quiet">{}</p>').format(image.alt)
    return Markup('<img src="{}" alt="{}" referrerpolicy="no-referrer">').format(image.url, image.alt)


def _rows(facts: Facts) -> Markup:
    row = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
    return _join(row.format(name, words(value)) for name, value in facts.rows)


def _bars(bars: Bars) -> Markup:
    most = max((row.count for row in bars.rows), default=0) or 1
    row = Markup(
        '<li><span>{label}</span><progress max="{most}" value="{count}" aria-hidden="true"></progress>'
        "<span>{count}</span></li>"
    )
    return _join(row.format(label=bar.label, most=most, count=bar.count) for bar in bars.rows)


def _item(item: Item, say: Say) -> Markup:
    match item:
        case Button() | FormButton() | LinkButton():
            return _button(item, say)
        case Menu():
            return Markup(
                '<details class="menu"><summary aria-label="{}"><span aria-hidden="true">⋯</span></summary>'
                '<div class="choices">{}</div></details>'
            ).format(item.label, _join(_button(button, say) for button in item.buttons))
        case _:
            assert_never(item)


def _button(button: Button | FormButton | LinkButton, say: Say) -> Markup:
    match button:
        case Button():
            return Markup('<button type="button" class="{}" data-action="{}">{}</button>').format(
                button.style.value, pack(button.action), button.label
            )
        case FormButton():
            return Markup(
                '<button type="button" class="{}" data-action="{}" aria-haspopup="dialog">{}</button>'
            ).format(button.style.value, pack(button.action), button.label)
        case LinkButton():
            return _link_button(button, say)
        case _:
            assert_never(button)


def _link_button(button: LinkButton, say: Say) -> Markup:
    if not safe_url(button.url):
        return Markup('<span class="dead">{}</span>').format(button.label)
    return Markup(
        '<a class="button {}" href="{}" target="_blank" rel="noopener">{}'
        '<span class="unseen"> {}</span><span class="out" aria-hidden="true">↗</span></a>'
    ).format(button.style.value, button.url, button.label, say("playground.new_tab"))


# Forms


def form(form: Form, errors: Errors, people: Sequence[Persona], say: Say) -> Markup:
    """The inside of a dialog. What has an error says so beside it, and keeps what was typed."""
    return Markup(
        '<form novalidate data-action="{action}"><h2 id="form-title">{title}</h2>{alert}'
        '<div class="parts">{parts}</div>'
        '<footer><button type="button" class="plain" data-close>{cancel}</button>'
        '<button type="submit" class="primary">{submit}</button></footer></form>'
    ).format(
        action=pack(form.action),
        title=form.title,
        alert=_alert(form, errors, say),
        parts=_join(_row(row, errors, people, say) for row in _rows_of(form.parts)),
        cancel=say("platform.cancel"),
        submit=form.submit,
    )


def _alert(form: Form, errors: Errors, say: Say) -> Markup:
    """What is wrong with no input of the form, else that something beside an input is."""
    if not errors:
        return Markup()
    names = {part.name for part in form.parts if not isinstance(part, Note)}
    elsewhere = [sentence for name, sentence in errors.items() if name not in names]
    alert = Markup("<br>").join(elsewhere or [say("playground.check_form")])
    return Markup('<p class="alert" role="alert">{}</p>').format(alert)


def _rows_of(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """A part a row, but a time stands beside the day or the time before it."""
    rows: list[tuple[Part, ...]] = []
    for part in parts:
        if isinstance(part, TimeInput) and rows and _awaits_a_time(rows[-1]):
            rows[-1] += (part,)
        else:
            rows.append((part,))
    return rows


def _awaits_a_time(row: tuple[Part, ...]) -> bool:
    return len(row) == 1 and isinstance(row[0], DateInput | TimeInput)


def _row(row: tuple[Part, ...], errors: Errors, people: Sequence[Persona], say: Say) -> Markup:
    drawn = _join(_part(part, errors, people, say) for part in row)
    return Markup('<div class="pair">{}</div>').format(drawn) if len(row) > 1 else drawn


def _part(part: Part, errors: Errors, people: Sequence[Persona], say: Say) -> Markup:
    match part:
        case Note():
            return _paragraph(part.spans, part.quiet)
        case TextInput():
            return _field(part, _text_input(part, errors), errors, say, _counter(part, say))
        case Choice() if part.required and len(part.options) <= RADIOS:
            radios = ((o.value, o.label, o.value == part.value) for o in part.options)
            return _group(part, "radio", _boxes(part, "radio", radios, errors), errors, say)
        case Choice():
            return _field(part, _select(part, errors, say), errors, say)
        case Choices():
            boxes = ((o.value, o.label, o.value in part.value) for o in part.options)
            return _group(part, "many", _boxes(part, "checkbox", boxes, errors), errors, say)
        case People():
            faces = ((p.address, p.name, p.address in part.value) for p in people)
            return _group(part, "many", _boxes(part, "checkbox", faces, errors), errors, say)
        case DateInput():
            return _field(part, _picker(part, "date", errors), errors, say)
        case TimeInput():
            return _field(part, _picker(part, "time", errors), errors, say)
        case Toggle():
            return _toggle(part, errors, say)
        case _:
            assert_never(part)


def _field(part: Input, control: Markup, errors: Errors, say: Say, counter: Markup | str = "") -> Markup:
    return Markup('<div class="field"><label for="in-{}">{}{}</label>{}{}{}{}</div>').format(
        part.name, part.label, _optional(part, say), counter, _hint(part), control, _error(part, errors)
    )


def _group(part: Input, kind: str, boxes: Markup, errors: Errors, say: Say) -> Markup:
    return Markup(
        '<fieldset class="field" data-input="{}" data-kind="{}"{}><legend>{}{}</legend>{}'
        '<div class="boxes">{}</div>{}</fieldset>'
    ).format(
        part.name,
        kind,
        _described(part, errors),
        part.label,
        _optional(part, say),
        _hint(part),
        boxes,
        _error(part, errors),
    )


def _toggle(part: Toggle, errors: Errors, say: Say) -> Markup:
    return Markup(
        '<div class="field"><label class="box"><input type="checkbox" id="in-{}" data-input="{}" '
        'data-kind="toggle"{}{}{}><span>{}{}</span></label>{}{}</div>'
    ).format(
        part.name,
        part.name,
        _if(part.value, " checked"),
        _described(part, errors),
        _invalid(part, errors),
        part.label,
        _optional(part, say),
        _hint(part),
        _error(part, errors),
    )


def _text_input(part: TextInput, errors: Errors) -> Markup:
    common = _common(part, errors, "text")
    if part.multiline:
        return Markup("<textarea{} rows='3' data-max='{}'>\n{}</textarea>").format(
            common, part.max_length, part.value
        )
    return Markup('<input type="text"{} data-max="{}" value="{}">').format(
        common, part.max_length, part.value
    )


def _counter(part: TextInput, say: Say) -> Markup:
    """The count is for the eyes at every letter, and said only near the end (by the page's script)."""
    return Markup('<p class="counter" id="count-{}">{} / {}<span class="unseen"> {}</span></p>').format(
        part.name, len(part.value), part.max_length, say("playground.characters")
    )


def _select(part: Choice, errors: Errors, say: Say) -> Markup:
    option = Markup('<option value="{}"{}>{}</option>')
    options = (option.format(o.value, _if(o.value == part.value, " selected"), o.label) for o in part.options)
    return Markup('<select{}><option value="">{}</option>{}</select>').format(
        _common(part, errors, "text"), say("playground.choose"), _join(options)
    )


def _picker(part: DateInput | TimeInput, kind: str, errors: Errors) -> Markup:
    return Markup('<input type="{}"{} value="{}">').format(kind, _common(part, errors, "text"), part.value)


def _boxes(part: Input, kind: str, rows: Iterable[tuple[str, str, bool]], errors: Errors) -> Markup:
    box = Markup('<label class="box"><input type="{}" name="{}" value="{}"{}{}><span>{}</span></label>')
    return _join(
        box.format(kind, part.name, value, _if(on, " checked"), _invalid(part, errors), label)
        for value, label, on in rows
    )


def _common(part: Input, errors: Errors, kind: str) -> Markup:
    return Markup(' id="in-{}" data-input="{}" data-kind="{}"{}{}{}').format(
        part.name,
        part.name,
        kind,
        _described(part, errors),
        _invalid(part, errors),
        _if(part.required, ' aria-required="true"'),
    )


def _described(part: Input, errors: Errors) -> Markup:
    """The hint and the error are read together with the label."""
    ids = [f"hint-{part.name}"] if part.hint else []
    ids += [f"error-{part.name}"] if part.name in errors else []
    return Markup(' aria-describedby="{}"').format(" ".join(ids)) if ids else Markup()


def _invalid(part: Input, errors: Errors) -> Markup:
    return _if(part.name in errors, ' aria-invalid="true"')


def _hint(part: Input) -> Markup:
    return (
        Markup('<p class="hint" id="hint-{}">{}</p>').format(part.name, part.hint) if part.hint else Markup()
    )


def _error(part: Input, errors: Errors) -> Markup:
    if part.name not in errors:
        return Markup()
    return Markup('<p class="error" id="error-{}">{}</p>').format(part.name, errors[part.name])


def _optional(part: Input, say: Say) -> Markup:
    if part.required or isinstance(part, Toggle):
        return Markup()
    return Markup(' <span class="optional">{}</span>').format(say("playground.optional"))


def _if(condition: bool, attribute: str) -> Markup:
    """`attribute` is always a literal of this file."""
    return Markup(attribute) if condition else Markup()


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(escape(part) for part in parts)

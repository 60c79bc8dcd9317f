"""Cards and forms as HTML: total, and deaf to whatever somebody types."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import product

import pytest

from bot.app import words
from bot.chat.card import (
    Bar,
    Bars,
    Button,
    Card,
    Facts,
    FormButton,
    Image,
    LinkButton,
    Menu,
    Quote,
    buttons,
    small,
    text,
)
from bot.chat.form import Choice, Choices, DateInput, Form, Note, Option, People, TextInput, TimeInput, Toggle
from bot.chat.text import Bold, Italic, Link, Mention
from bot.platforms.playground import render
from bot.platforms.playground.persona import PERSONAS, Persona
from tests.platforms.playground.scene import Compose, Wave, kitchen, pantry


def say(key: str) -> str:
    return words("fr", key)


OPENINGS = ("", '"', "'", "'\">", "</textarea>", "</script>", "-->", "</p></div>", "{{7*7}}", "&lt;")
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    " onmouseover=alert(1) x=",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{display:none}</style>",
    "<form action=//evil.example><button>",
    "<ScRiPt\n>alert(1)</sCrIpT\t>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
)
PAYLOADS = [opening + attack for opening, attack in product(OPENINGS, ATTACKS)]


class Seen(HTMLParser):
    """The tags, the attribute names, and whether everything opened is closed."""

    VOID = frozenset({"img", "input", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def everywhere(words: str) -> Card:
    """A card that says `words` in every place that takes text."""
    return Card(
        words,
        (
            text(
                words, Bold(words), Italic(words), Link(words, "https://example.com"), Mention("a:b:c", words)
            ),
            small(words),
            Quote(words),
            Image("https://example.com/a.png", words),
            Image(words, words),
            Facts(((words, words),)),
            Bars((Bar(words, 1),)),
            buttons(
                Button(words, Wave()),
                FormButton(words, Compose()),
                LinkButton(words, "https://example.com"),
                LinkButton(words, words),
                Menu(words, (Button(words, Wave()), LinkButton(words, "https://example.com/?" + words))),
            ),
        ),
    )


def asked(words: str) -> Form:
    option = (Option(words, words),)
    return Form(
        Compose(),
        words,
        (
            Note((words,)),
            TextInput("a", words, words, words),
            TextInput("b", words, words, words, multiline=True),
            Choice("c", words, option, words, words, required=True),
            Choice("d", words, option, words, words),
            Choices("e", words, option, (words,), words),
            People("f", words, (), words),
            DateInput("g", words, words, words),
            TimeInput("h", words, words, words),
            Toggle("i", words, True, words),
        ),
        words,
    )


def shape(html: str) -> tuple[list[str], set[str]]:
    seen = Seen(html)
    assert not seen.open
    return [tag for tag in seen.tags if tag != "br"], seen.names


@pytest.mark.parametrize("payload", PAYLOADS)
def test_typed_text_never_becomes_markup_in_a_card(payload: str) -> None:
    html = render.card(everywhere(payload), say)
    assert shape(html) == shape(render.card(everywhere("words"), say))
    assert all(link.startswith("https://example.com") for link in Seen(html).links)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_typed_text_never_becomes_markup_in_a_form(payload: str) -> None:
    errors = dict.fromkeys("abcdefghi", payload)
    people = (Persona("x", payload, "fr"),)
    html = render.form(asked(payload), errors, people, say)
    plain = render.form(
        asked("words"), dict.fromkeys("abcdefghi", "words"), (Persona("x", "words", "fr"),), say
    )
    assert shape(html) == shape(plain)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.com",
        "/relative",
        "",
        "https://",
        "http:/one",
        "https://[bad",
        "blob:https://example.com/x",
    ],
)
def test_a_link_that_is_no_web_page_is_only_words(url: str) -> None:
    card = Card("t", (text(Link("words", url)), Image(url, "alt"), buttons(LinkButton("press", url))))
    seen = Seen(render.card(card, say))
    assert seen.links == []
    assert {"words", "alt", "press"} <= set(seen.words)


def test_a_link_button_opens_elsewhere_and_says_so() -> None:
    html = render.card(Card("t", (buttons(LinkButton("Lire", "https://example.com/")),)), say)
    assert 'target="_blank" rel="noopener"' in html
    assert "(nouvel onglet)" in html


def test_a_newline_is_a_line_break() -> None:
    assert render.words("a\nb<") == "a<br>b&lt;"


def test_every_element_is_drawn() -> None:
    seen = Seen(render.card(kitchen("http://127.0.0.1"), say))
    drawn = set(seen.tags)
    assert {
        "h3",
        "p",
        "strong",
        "em",
        "a",
        "blockquote",
        "dl",
        "progress",
        "hr",
        "button",
        "details",
    } <= drawn


def test_the_largest_bar_is_the_measure_and_nothing_is_no_error() -> None:
    assert 'max="12" value="6"' in render.card(Card("t", (Bars((Bar("a", 12), Bar("b", 6))),)), say)
    assert 'max="1" value="0"' in render.card(Card("t", (Bars((Bar("a", 0),)),)), say)
    assert "<ul" in render.card(Card("t", (Bars(()),)), say)


def test_an_error_stands_beside_its_input_and_is_read_with_it() -> None:
    html = render.form(pantry(Compose()), {"why": "Trop court."}, PERSONAS, say)
    assert 'aria-describedby="hint-why error-why" aria-invalid="true"' in html
    assert '<p class="error" id="error-why">Trop court.</p>' in html
    assert html.count('aria-invalid="true"') == 1
    assert 'role="alert"' in html


def test_a_form_shows_what_it_holds() -> None:
    html = render.form(pantry(Compose()), {}, PERSONAS, say)
    assert 'value="Comment nous accueillons"' in html
    assert 'value="09:00"' in html
    assert 'name="langs" value="fr" checked' in html
    assert 'name="network" value="linkedin" checked' in html
    assert f'value="{PERSONAS[1].address}"' in html
    assert "role=" not in html

"""A command is spelt as it is typed where it is read, on every platform."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from bot.chat import plain
from bot.chat.card import Card, Quote, Text
from bot.chat.event import Command, Sender, typed
from bot.chat.form import Form, Note, TextInput
from bot.chat.text import CommandName, Invite, Spans
from bot.locales import LANGUAGES, Translator
from bot.platforms.playground import render as playground
from bot.platforms.slack import render as slack
from bot.platforms.slack.text import SPELLING as SLACK
from bot.platforms.teams import render as teams
from bot.platforms.teams.messenger import drawn
from bot.platforms.teams.text import spelling
from tests.examples import FILL
from tests.golden.registry import samples, word
from tests.test_catalogue import every_text, fields

ALONE, CHANNEL = spelling(shared=False), spelling(shared=True)
SENTENCE: Spans = ("Type ", CommandName("poll"), ". Or ", Invite("add the app"), ".")
CARD = Card("", (Text(SENTENCE), Text(SENTENCE, quiet=True), Quote(CommandName("poll"))))
FORM = Form(FILL, "Form", (Note(SENTENCE), Note(SENTENCE, quiet=True), TextInput("x", "X")), "Send")

Draw = Callable[[], object]


def on_teams(shared: bool) -> dict[str, Draw]:
    return {
        "card": lambda: teams.card(CARD, shared=shared),
        "notification": lambda: drawn(CARD, shared=shared).words,
        "dialog": lambda: teams.dialog(FORM, required="", shared=shared),
    }


SURFACES: dict[str, tuple[str, str, dict[str, Draw]]] = {
    "slack": (
        "/cercle poll",
        "/invite @Cercle",
        {
            "card": lambda: slack.message(CARD),
            "home": lambda: slack.home(CARD),
            "modal": lambda: slack.modal(FORM, cancel="No"),
        },
    ),
    "teams, one to one": ("poll", "add the app", on_teams(shared=False)),
    "teams, in a channel": ("@Cercle poll", "add the app", on_teams(shared=True)),
    "playground": (
        "/cercle poll",
        "add the app",
        {
            "card": lambda: playground.card(CARD, word),
            "form": lambda: playground.form(FORM, {}, (), word),
        },
    ),
}
FOREIGN = {
    "slack": ("@Cercle poll", "add the app"),
    "teams, one to one": ("/cercle", "@Cercle", "/invite"),
    "teams, in a channel": ("/cercle", "/invite", "Type poll", "'poll'"),
    "playground": ("@Cercle", "/invite"),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_a_command_is_spelt_as_it_is_typed_there(surface: str) -> None:
    command, invite, draws = SURFACES[surface]
    for name, draw in draws.items():
        text = str(draw())
        assert command in text, name
        assert invite in text, name
        assert [foreign for foreign in FOREIGN[surface] if foreign in text] == [], name


def test_a_notification_spells_as_the_conversation_does() -> None:
    assert slack.message(CARD)["text"] == "Type /cercle poll. Or /invite @Cercle."
    assert drawn(CARD).words == "Type poll. Or add the app."
    assert drawn(CARD, shared=True).words == "Type @Cercle poll. Or add the app."


def test_a_command_that_was_not_understood_is_shown_as_it_is_typed_again() -> None:
    event = Command("k", Sender("slack", "T1", "U1", "Ada"), "sondage « On déjeune")
    (words,) = typed(event)
    card = Card("", (Quote(words),))
    assert plain.render(card, SLACK) == "« /cercle sondage « On déjeune »"
    assert plain.render(card, ALONE) == "« sondage « On déjeune »"
    assert plain.render(card, CHANNEL) == "« @Cercle sondage « On déjeune »"


# What people in Teams read


SLACKS = re.compile(r"(?<!/)/(?:cercle|invite)\b")


def sentences() -> Iterator[tuple[str, Spans]]:
    """Everything the catalogues say, errors among it."""
    for language in LANGUAGES:
        t = Translator(language)
        for key, text in every_text(language):
            values = {name: name for name in fields(text) if not name.startswith("/")}
            yield f"{key}.{language}", t.spans(key, 1 if values.pop("count", "") else None, **values)


def read_in_teams(example: Card | Form, shared: bool) -> str:
    if isinstance(example, Form):
        return json.dumps(teams.dialog(example, required="", shared=shared), ensure_ascii=False)
    card = drawn(example, shared=shared)
    return json.dumps(card.content, ensure_ascii=False) + card.words + plain.render(example, spelling(shared))


@pytest.mark.parametrize("shared", [False, True], ids=["one to one", "channel"])
def test_nobody_in_teams_reads_how_slack_spells_a_command(shared: bool) -> None:
    for sample in samples():
        text = read_in_teams(sample.example, shared)
        assert SLACKS.findall(text) == [], sample
    for key, spans in sentences():
        said = plain.line(spans, spelling(shared))
        assert SLACKS.findall(said) == [], key


def test_a_sentence_with_a_command_cannot_be_said_as_plain_words() -> None:
    for language in LANGUAGES:
        t = Translator(language)
        named = [key for key, text in every_text(language) if any(f.startswith("/") for f in fields(text))]
        assert len(named) > 20
        for key in named:
            with pytest.raises(KeyError):
                t(key, words="x")

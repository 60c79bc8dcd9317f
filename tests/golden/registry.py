"""What is drawn, and by whom. A new platform joins with one line in RENDERERS, a new feature with none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import handlers
from bot.chat import plain
from bot.chat.card import Card
from bot.chat.form import Form
from bot.chat.router import Verb, join
from bot.locales import LANGUAGES, Translator
from bot.platforms.playground import render as playground
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from tests.examples import ALONE, ASKED, BLANK, EVERYTHING
from tests.platforms.slack import blocks
from tests.platforms.teams import cards

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Renderer:
    """`draw` gives JSON, or None for what is never shown there; `check` raises for what would be refused."""

    name: str
    draw: Callable[[Card | Form], Any]
    check: Callable[[Any], None] = lambda drawn: None


@dataclass(frozen=True)
class Sample:
    feature: str
    name: str
    language: str
    example: Card | Form

    def path(self, renderer: Renderer) -> Path:
        return FOLDER / renderer.name / f"{self.feature}.{self.name}.{self.language}.json"


def word(key: str) -> str:
    """In place of the few words a platform adds: the catalogue has tests of its own."""
    return f"({key})"


def _slack(example: Card | Form) -> Any:
    if isinstance(example, Form):
        return slack.modal(example, cancel=word("cancel"))
    return slack.message(example)


def _check_slack(drawn: Any) -> None:
    """A card has to do as a message and, with the same blocks, as somebody's Home."""
    if drawn.get("type") == "modal":
        blocks.check(drawn, "modal")
    else:
        blocks.check(drawn, "message")
        blocks.check({"type": "home", "blocks": drawn["blocks"]}, "home")


def _teams(example: Card | Form) -> Any:
    if isinstance(example, Form):
        return teams.dialog(example, required=word("required"))
    return teams.card(example)


def _playground(example: Card | Form) -> Any:
    if isinstance(example, Form):
        return str(playground.form(example, {}, (), word)).split("\n")
    return str(playground.card(example, word)).split("\n")


def _plain(example: Card | Form) -> Any:
    return None if isinstance(example, Form) else plain.render(example).split("\n")


RENDERERS = (
    Renderer("slack", _slack, _check_slack),
    Renderer("teams", _teams, cards.check),
    Renderer("playground", _playground),
    Renderer("plain", _plain),
)


def samples() -> Iterator[Sample]:
    whole: dict[str, Card | Form] = {"everything": EVERYTHING, "alone": ALONE, "asked": ASKED, "blank": BLANK}
    yield from (Sample("vocabulary", name, "fr", example) for name, example in whole.items())
    for feature in handlers.FEATURES:
        for language in LANGUAGES:
            for name, example in feature.examples(Translator(language)).items():
                yield Sample(feature.name, name, language, example)


def verbs() -> tuple[Verb, ...]:
    """Every command the features hear."""
    return tuple(join(feature.router for feature in handlers.FEATURES).heard())

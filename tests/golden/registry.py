"""Every card and form that a feature can show, every renderer, and the golden files that hold what they draw.

A golden file holds all samples of one feature as one renderer draws them. A new platform needs one line in
RENDERERS, a new feature none.
"""

from __future__ import annotations

import json
import re
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


FIRST = LANGUAGES[:1]
"""French, the only language of the vocabulary. The language changes little but the words of a Slack or Teams
payload, and the golden files of the plain renderer and the playground hold the words in every language."""


@dataclass(frozen=True)
class Renderer:
    """`draw` gives text, or JSON values where `ending` is "json", or None for what this renderer never shows.
    `check` raises an error for what the platform refuses. `stored`: the languages that have golden files."""

    name: str
    draw: Callable[[Card | Form], Any]
    ending: str
    stored: tuple[str, ...] = LANGUAGES
    check: Callable[[Any], None] = lambda drawn: None


@dataclass(frozen=True)
class Sample:
    feature: str
    name: str
    language: str
    example: Card | Form


@dataclass(frozen=True)
class Sheet:
    """The samples of one feature in one language, as one renderer draws them."""

    renderer: Renderer
    feature: str
    language: str
    samples: tuple[Sample, ...]

    @property
    def stored(self) -> bool:
        return self.language in self.renderer.stored

    @property
    def path(self) -> Path:
        several = len(self.renderer.stored) > 1
        language = f".{self.language}" if several else ""
        return FOLDER / self.renderer.name / f"{self.feature}{language}.{self.renderer.ending}"

    def drawn(self) -> dict[str, Any]:
        """What is drawn now, by sample; raises an error for what the platform refuses."""
        drawn = {sample.name: self.renderer.draw(sample.example) for sample in self.samples}
        shown = {name: what for name, what in drawn.items() if what is not None}
        for what in shown.values():
            self.renderer.check(what)
        return shown

    def write(self, drawn: dict[str, Any]) -> str:
        """The content of the file."""
        if self.renderer.ending == "json":
            return _pretty(drawn)
        return "\n".join(f"=== {name} ===\n{text}\n" for name, text in drawn.items())

    def read(self, content: str) -> dict[str, str]:
        """The samples in the content of a file, each as text."""
        if self.renderer.ending == "json":
            return {name: _pretty(what) for name, what in json.loads(content).items()}
        _, *parts = re.split(r"^=== (.+) ===\n", content, flags=re.MULTILINE)
        texts = (part.rstrip("\n") for part in parts[1::2])
        return dict(zip(parts[::2], texts, strict=True))


def _pretty(what: Any) -> str:
    return json.dumps(what, ensure_ascii=False, indent=2) + "\n"


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
    """A tag that follows another stands on a line of its own; ⏎ marks a line break of the HTML itself."""
    if isinstance(example, Form):
        html = str(playground.form(example, {}, (), word))
    else:
        html = str(playground.card(example, word))
    return html.replace("\n", "⏎\n").replace("><", ">\n<")


def _plain(example: Card | Form) -> Any:
    return None if isinstance(example, Form) else plain.render(example)


RENDERERS = (
    Renderer("slack", _slack, "json", FIRST, _check_slack),
    Renderer("teams", _teams, "json", FIRST, cards.check),
    Renderer("playground", _playground, "html"),
    Renderer("plain", _plain, "txt"),
)


def samples() -> Iterator[Sample]:
    whole: dict[str, Card | Form] = {"everything": EVERYTHING, "alone": ALONE, "asked": ASKED, "blank": BLANK}
    yield from (Sample("vocabulary", name, "fr", example) for name, example in whole.items())
    for feature in handlers.FEATURES:
        for language in LANGUAGES:
            for name, example in feature.examples(Translator(language)).items():
                yield Sample(feature.name, name, language, example)


def sheets() -> Iterator[Sheet]:
    """Of every renderer, feature and language, those that have no golden file too."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples():
        groups.setdefault((sample.feature, sample.language), []).append(sample)
    for renderer in RENDERERS:
        for (feature, language), group in groups.items():
            yield Sheet(renderer, feature, language, tuple(group))


def verbs() -> tuple[Verb, ...]:
    """Every command the features hear."""
    return tuple(join(feature.router for feature in handlers.FEATURES).heard())

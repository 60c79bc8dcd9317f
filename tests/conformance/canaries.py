"""Every card and form that a feature can show, with a word in each of its texts that stands nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import handlers
from bot.chat.action import Action
from bot.chat.form import Form
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.chat.text import Mention
from bot.locales import Translator

NOT_READ = {"name", "url", "address", "value", "values", "ballot"}
"""Fields whose text is not for reading, and what inputs hold: a date or a choice says nothing with a word in
front of it."""


@dataclass(frozen=True)
class Secret:
    """A reply, and the word that nobody else may read."""

    name: str
    word: str
    reply: Reply


def secrets() -> Iterator[Secret]:
    """Yield a reply for each sample: a form is asked, a card is said. The samples of Home are also Home, and
    take the place of a card."""
    number = 0
    for feature in handlers.FEATURES:
        for name, sample in feature.examples(Translator("fr")).items():
            said = (Say, Replace, Home) if feature.name == "home" else (Say,)
            for reply in (Ask,) if isinstance(sample, Form) else said:
                number += 1
                word = f"canari{number}x"
                yield Secret(f"{feature.name}.{name}", word, reply(marked(sample, word)))


def marked(sample: Any, word: str) -> Any:
    """Return a card, a form or a reply with the word in front of each of its texts."""
    return _marked(sample, word)


def _marked(value: Any, word: str) -> Any:
    if isinstance(value, Action):
        return value
    if isinstance(value, str):
        return f"{word} {value}" if value.strip() else value
    if isinstance(value, tuple):
        return tuple(_marked(each, word) for each in value)
    if isinstance(value, Mapping):
        return {key: _marked(each, word) for key, each in value.items()}
    if isinstance(value, Mention):
        return replace(value, name=f"{word} {value.name}")
    if is_dataclass(value) and not isinstance(value, type):
        read = [field.name for field in fields(value) if field.name not in NOT_READ and field.init]
        return replace(value, **{name: _marked(getattr(value, name), word) for name in read})
    return value

"""From what the page posts to events. The page is as untrusted as any client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.action import MAX_PACKED
from bot.chat.event import Click, Command, Event, HomeOpened, Names, Said, Sender, Submission
from bot.chat.form import Answers, Value
from bot.chat.router import Verb
from bot.chat.text import COMMAND, called, normalise, split_word

MAX_TEXT = 4000
"""Characters in one line to the bot, as in Slack's message field."""
MAX_INPUTS = 100


class BadPost(ValueError):
    """Something the page never sends."""


def post(body: bytes) -> Mapping[str, Any]:
    """The JSON object in `body`; raises BadPost for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPost("no JSON") from error
    if not isinstance(value, dict):
        raise BadPost("no JSON object")
    return value


def event(
    post: Mapping[str, Any],
    sender: Sender,
    place: str,
    verbs: Sequence[Verb],
    people: Mapping[str, str],
    key: str,
) -> Event | None:
    """What the bot hears; None for words between people in a channel, which are none of its business.

    `place` is the channel's address, empty in the conversation with the bot. `people` are the addresses of
    those who can be called, by name. Raises BadPost.
    """
    match string(post, "kind", 20):
        case "say":
            return _said(*_typed(post, people), sender, place, verbs, key)
        case "command":
            text, names = _typed(post, people)
            return Command(key, sender, text, place, names, place.rpartition(":")[2])
        case "click":
            return Click(key, sender, _action(post), place, place.rpartition(":")[2])
        case "submit":
            return Submission(key, sender, _action(post), answers(post.get("answers")))
        case "home":
            return HomeOpened(key, sender)
        case _:
            raise BadPost("unknown kind")


def _typed(post: Mapping[str, Any], people: Mapping[str, str]) -> tuple[str, Names]:
    """Return the words, with addresses in the place of names, and the names."""
    text = called(normalise(string(post, "text", MAX_TEXT)), people)
    return text, {address: f"@{name}" for name, address in people.items() if address in text}


def _said(
    text: str, names: Names, sender: Sender, place: str, verbs: Sequence[Verb], key: str
) -> Event | None:
    first, rest = split_word(text)
    if not first:
        raise BadPost("nothing said")
    if first.lower() == COMMAND:
        return Command(key, sender, rest, place, names, place.rpartition(":")[2])
    if place:
        return None
    known = {name for verb in verbs for name in verb.names}
    if first.lower() in known:
        return Command(key, sender, text, names=names)
    return Said(key, sender, text, names)


def string(post: Mapping[str, Any], name: str, limit: int) -> str:
    value = post.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise BadPost(name)
    return _clean(value)


def _action(post: Mapping[str, Any]) -> str:
    action = string(post, "action", MAX_PACKED)
    if not action:
        raise BadPost("action")
    return action


def answers(values: object) -> Answers:
    """Raises BadPost for a value that no input gives."""
    if not isinstance(values, dict) or len(values) > MAX_INPUTS:
        raise BadPost("answers")
    return Answers({_clean(name): _value(value) for name, value in values.items()})


def _value(value: object) -> Value:
    match value:
        case bool():
            return value
        case str():
            return normalise(_clean(value))
        case list() if all(isinstance(one, str) for one in value):
            return tuple(_clean(one) for one in value)
        case _:
            raise BadPost("answer")


def _clean(text: str) -> str:
    """Return the text; raises BadPost for a NUL or half a character, which no database takes."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise BadPost("characters")
    return text

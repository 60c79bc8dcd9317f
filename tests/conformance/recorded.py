"""What people are answered in a circle with ten weeks behind it, left by the programme of `tests/versions`.
Each sort of reader presses its buttons, types the commands, and sends each form, empty and as it is drawn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import fields, is_dataclass
from itertools import product
from pathlib import Path
from typing import Any

from bot.app import ROUTER, VERBS
from bot.chat.action import pack
from bot.chat.event import Command, Event, HomeOpened, Said, Sender, Submission
from bot.chat.form import Answers
from bot.chat.reply import Ask, Reply
from bot.dispatch import Dispatcher
from bot.replies import Replies
from scheduler.engine import upgrade
from tests import databases
from tests.conformance.canaries import Secret, marked
from tests.house import SITE, filled
from tests.versions import fixture
from tests.versions.fixture import Actions, Reader
from tests.versions.programme import HALL
from tests.versions.replay import Undone, event, sample


async def recorded(folder: Path, samples: Iterable[Secret]) -> list[Secret]:
    """Return one reply of each shape that no sample has, with a word of its own in each of its texts."""
    version = fixture.FOLDER / fixture.versions()[-1]
    with databases.nothing("sqlite", folder) as url:
        fixture.restore(version, url)
        upgrade(url)
        actions = fixture.read_actions(version, "sqlite")
        shapes: dict[object, Reply] = {_shape(sample.reply): None for sample in samples}
        async for reply in _replies(url, actions):
            shapes.setdefault(_shape(reply), reply)
    found = [reply for reply in shapes.values() if reply is not None]
    return [
        Secret(f"recorded {number}", word := f"canari{number}r", marked(reply, word))
        for number, reply in enumerate(found)
    ]


async def _replies(url: str, actions: Actions) -> AsyncIterator[Reply]:
    database = Undone(url)
    database.open()
    dispatch = Dispatcher(database, ROUTER, SITE, lambda: actions.now, Replies(ROUTER))
    try:
        for sender, asked in _events(actions):
            reply = (await dispatch(asked)).reply
            yield reply
            if isinstance(reply, Ask):
                for answers in ({}, filled(reply.form)):
                    sent = Submission("sent", sender, pack(reply.form.action), Answers(answers))
                    yield (await dispatch(sent)).reply
    finally:
        database.close()


def _events(actions: Actions) -> list[tuple[Sender, Event]]:
    """The database undoes what each of them does, so that all may have one key."""
    pressed = [(actions.readers[each.who].sender, event(actions, each)) for each in sample(actions)]
    sorts: dict[str, Reader] = {reader.sort: reader for reader in actions.readers.values()}
    typed: list[tuple[Sender, Event]] = []
    for reader in sorts.values():
        who = reader.sender
        for verb, words in product(VERBS, ("", " a few words")):
            typed.append((who, Command("typed", who, verb.name + words, HALL)))
        typed += [(who, HomeOpened("home", who)), (who, Said("said", who, "good morning"))]
    return [*pressed, *typed]


def _shape(value: Any) -> object:
    """Return the kinds of parts that a reply has, without its words. Several equal parts count as one."""
    if isinstance(value, tuple):
        return frozenset(map(_shape, value))
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), *(_shape(getattr(value, field.name)) for field in fields(value))
    return bool(value)

"""What was asked of the bot, and what of that it accepted: whatever was answered, and not with an apology."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.torture.fakes import Apologies

AFTER = 6.0
"""Seconds within which an apology is for what was just asked."""


class What(StrEnum):
    POST = "post a link"
    COMPOSE = "publish a post"
    CORRECT = "correct a post"
    WITHDRAW = "withdraw a post"
    STANCE = "decline a post, or not"
    WORDS = "words of one's own"
    ASK = "ask the author"
    JOIN = "join or leave"


@dataclass(eq=False)
class Deed:
    """`user`: the platform's id of whoever did it. `about`: the mark of a post, or of a question. `value`:
    what should be true after it."""

    what: What
    user: str
    about: str
    value: str
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    refused: bool = False

    def done(self, taken: bool = True) -> None:
        self.ended = time.monotonic()
        self.refused = not taken

    def accepted(self, apologies: Apologies) -> bool:
        if self.ended is None or self.refused:
            return False
        return not apologies.between(self.user, self.began, self.ended + AFTER)


@dataclass
class Ledger:
    deeds: list[Deed] = field(default_factory=list)

    def begin(self, what: What, user: str, about: str, value: str = "") -> Deed:
        deed = Deed(what, user, about, value)
        self.deeds.append(deed)
        return deed


def possible(deeds: Iterable[Deed], apologies: Apologies, before: str) -> set[str]:
    """What may be true after all of them: what the last accepted one made so, or a later one whose outcome
    nobody knows."""
    values = {before}
    for deed in deeds:
        if deed.accepted(apologies):
            values = {deed.value}
        elif not (deed.refused and deed.ended is not None):
            values.add(deed.value)
    return values

"""Intentions that the cards of several features offer. All others live beside the card that offers them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.action import Action


@dataclass(frozen=True, slots=True)
class OpenJoin(Action, verb="join.open"):
    """Reads the charter and enters; for a member, changes what they asked for."""


@dataclass(frozen=True, slots=True)
class OpenPause(Action, verb="pause.open"):
    pass


@dataclass(frozen=True, slots=True)
class Resume(Action, verb="pause.end"):
    pass


@dataclass(frozen=True, slots=True)
class Leave(Action, verb="leave"):
    pass


@dataclass(frozen=True, slots=True)
class Reopen(Action, verb="reopen"):
    """Opens a form that could not be shown when it was asked for, with what is typed in it."""

    reply: str


@dataclass(frozen=True, slots=True)
class ShowHelp(Action, verb="help"):
    pass


@dataclass(frozen=True, slots=True)
class OpenKudos(Action, verb="kudos.open"):
    pass


@dataclass(frozen=True, slots=True)
class OpenPoll(Action, verb="poll.open"):
    pass


@dataclass(frozen=True, slots=True)
class OpenGathering(Action, verb="gathering.open"):
    """Lets the circle talk: what holds back, what worked."""

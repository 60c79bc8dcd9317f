"""Noting what a platform reports of a channel, and greeting those who are in it."""

from __future__ import annotations

from bot.context import Scope
from bot.domain.message import GREETING, UNDELIVERED
from storage import channels, messages, workspaces
from storage.messages import Recipient


def rename(scope: Scope, place: str, name: str) -> None:
    channels.report(scope.tx, place, name=name)
    messages.redraw(scope.tx, UNDELIVERED, scope.circle.id, scope.now)


def close(scope: Scope, place: str) -> None:
    channels.report(scope.tx, place, closed_at=scope.now)


def reopen(scope: Scope, place: str) -> None:
    channels.report(scope.tx, place, closed_at=None)


def greet(scope: Scope, platform: str, workspace: str, place: str) -> None:
    """Say once in a channel what is possible there, and try again what could not be shown there before
    Cercle was in it."""
    reopen(scope, place)
    for there in workspaces.of_platform(scope.tx, platform, workspace):
        recipient = Recipient.channel(there.id, place)
        messages.request(scope.tx, GREETING, scope.circle.id, [recipient], scope.now)
    if messages.retry_in_channel(scope.tx, place, scope.now):
        messages.redraw(scope.tx, UNDELIVERED, scope.circle.id, scope.now)

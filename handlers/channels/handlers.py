"""What is done when a platform reports something of a channel."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.report import ChannelClosed, ChannelJoined, ChannelRenamed, ChannelReopened
from bot.chat.router import Router
from bot.context import Context, Reading, Scope
from handlers.channels import cards, service

router: Router[Context] = Router()


@router.reported(ChannelRenamed)
def renamed(scope: Scope, report: ChannelRenamed) -> None:
    service.rename(scope, report.place, report.name)


@router.reported(ChannelClosed)
def closed(scope: Scope, report: ChannelClosed) -> None:
    service.close(scope, report.place)


@router.reported(ChannelReopened)
def reopened(scope: Scope, report: ChannelReopened) -> None:
    service.reopen(scope, report.place)


@router.reported(ChannelJoined)
def joined(scope: Scope, report: ChannelJoined) -> None:
    service.greet(scope, report.platform, report.workspace, report.place)


def draw_greeting(reading: Reading) -> Card:
    return cards.greeting(reading.t)

"""What is done when a platform does not accept us any more, and when it does again."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.report import Connected, Disconnected
from bot.chat.router import Router
from bot.context import Context, Reading, Scope
from handlers.connection import cards, service
from storage import workspaces

router: Router[Context] = Router()


@router.reported(Disconnected)
def disconnected(scope: Scope, report: Disconnected) -> None:
    for workspace in service.ours(scope, report.platform, report.workspace):
        service.disconnect(scope, workspace)


@router.reported(Connected)
def connected(scope: Scope, report: Connected) -> None:
    for workspace in service.ours(scope, report.platform, report.workspace):
        service.connect(scope, workspace)


def draw_disconnected(reading: Reading) -> Card | None:
    """Nothing where the connection was back before anybody could be told, or was lost again since."""
    connection = workspaces.connection(reading.tx, reading.message.subject_id)
    if connection is None or (connection.lost_at is None and reading.message.shown_version == 0):
        return None
    return cards.disconnected(reading.t, connection, reading.now)

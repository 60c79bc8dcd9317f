"""Losing the connection to a workspace, and having it back."""

from __future__ import annotations

from bot.context import Scope
from bot.domain.circle import Workspace
from bot.domain.message import DISCONNECTED
from storage import messages, workspaces


def ours(scope: Scope, platform: str, external_id: str) -> list[Workspace]:
    """Return the workspaces in which this circle lives, of those that a report is about."""
    found = workspaces.of_platform(scope.tx, platform, external_id)
    return [workspace for workspace in found if workspace.circle_id == scope.circle.id]


def disconnect(scope: Scope, workspace: Workspace) -> None:
    """Have nothing leave for that workspace until it accepts us again. Leads who have an account in another
    chat are told there."""
    disconnection = workspaces.disconnect(scope.tx, workspace.id, scope.now)
    if disconnection is None:
        return
    messages.request(scope.tx, DISCONNECTED, disconnection, workspaces.leads_elsewhere(scope.tx), scope.now)


def connect(scope: Scope, workspace: Workspace) -> None:
    """Let what waits leave, as far as it is still useful, and say so where the loss was told."""
    disconnection = workspaces.connect(scope.tx, workspace.id)
    if disconnection is None:
        return
    messages.reschedule_workspace(scope.tx, workspace.id, scope.now)
    messages.redraw(scope.tx, DISCONNECTED, disconnection, scope.now)

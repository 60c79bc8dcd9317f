"""Every platform there is."""

from __future__ import annotations

from tests.conformance.playground import PlaygroundStage
from tests.conformance.slack import SlackStage
from tests.conformance.stage import Stage
from tests.conformance.teams import TeamsStage

STAGES: tuple[type[Stage], ...] = (SlackStage, TeamsStage, PlaygroundStage)

"""The features, one line each."""

from bot.context import Feature
from handlers import content, home, membership, sharing, team, trace

FEATURES: tuple[Feature, ...] = (
    home.FEATURE,
    membership.FEATURE,
    content.FEATURE,
    sharing.FEATURE,
    team.FEATURE,
    trace.FEATURE,
)

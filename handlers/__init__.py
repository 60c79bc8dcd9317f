"""The features, one line each."""

from bot.context import Feature
from handlers import (
    board,
    channels,
    connection,
    home,
    kudos,
    log,
    meetings,
    membership,
    polls,
    posts,
    pulse,
    recap,
    rhythm,
    rounds,
    sharing,
    team,
    trace,
)

FEATURES: tuple[Feature, ...] = (
    home.FEATURE,
    membership.FEATURE,
    posts.FEATURE,
    sharing.FEATURE,
    pulse.FEATURE,
    rounds.FEATURE,
    log.FEATURE,
    team.FEATURE,
    channels.FEATURE,
    connection.FEATURE,
    trace.FEATURE,
    polls.FEATURE,
    rhythm.FEATURE,
    meetings.FEATURE,
    recap.FEATURE,
    kudos.FEATURE,
    board.FEATURE,
)

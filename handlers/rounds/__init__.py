"""Deciding together: a change to the circle is proposed, and happens unless somebody objects."""

from bot.context import Feature, Notice
from bot.domain.round import ROUND, ROUND_OUTCOME, ROUND_WALL
from handlers.rounds.cards import examples
from handlers.rounds.handlers import draw_outcome, draw_round, draw_wall, router

FEATURE = Feature(
    "rounds",
    router,
    examples,
    (
        Notice(ROUND, draw_round),
        Notice(ROUND_WALL, draw_wall),
        Notice(ROUND_OUTCOME, draw_outcome),
    ),
)

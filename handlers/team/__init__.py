"""Who looks after the circle."""

from bot.context import Feature
from handlers.team.cards import examples
from handlers.team.handlers import router

FEATURE = Feature("team", router, examples)

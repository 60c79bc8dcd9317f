"""The person's own page, and the help."""

from bot.context import Feature
from handlers.home.cards import examples
from handlers.home.handlers import router

FEATURE = Feature("home", router, examples)

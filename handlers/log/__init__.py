"""The circle's public log."""

from bot.context import Feature
from handlers.log.cards import examples
from handlers.log.handlers import router

FEATURE = Feature("log", router, examples)

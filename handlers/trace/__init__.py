"""What became of the messages, for the comms team."""

from bot.context import Feature
from handlers.trace.cards import examples
from handlers.trace.handlers import router

FEATURE = Feature("trace", router, examples)

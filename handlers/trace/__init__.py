"""What became of the messages, for the comms team."""

from bot.context import Feature, Notice
from bot.domain.message import UNDELIVERED
from handlers.trace.cards import examples
from handlers.trace.handlers import draw_undelivered, router

FEATURE = Feature("trace", router, examples, (Notice(UNDELIVERED, draw_undelivered),))

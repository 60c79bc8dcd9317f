"""Whether the platforms accept us where a circle lives."""

from bot.context import Feature, Notice
from bot.domain.message import DISCONNECTED
from handlers.connection.cards import examples
from handlers.connection.handlers import draw_disconnected, router

FEATURE = Feature("connection", router, examples, (Notice(DISCONNECTED, draw_disconnected),))
